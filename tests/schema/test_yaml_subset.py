"""Documents mean the same to everyone: JSON's values, unique keys, no anchors, no tags, errors with a line."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recdata.errors import InputError, MissingError
from recdata.schema.documents import MAX_BYTES, read_yaml
from recdata.schema.yaml_subset import parse

texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn"), exclude_characters="\u2028\u2029\ufeff")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("2016-10", "2016-10"),
        ("2016-10-17", "2016-10-17"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("-1", -1),
        ("12345678901234567890", 12345678901234567890),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("1.0.0", "1.0.0"),
        ("<<", "<<"),
        ('"1"', "1"),
    ],
)
def test_scalars_are_those_of_json(text: str, value: Any) -> None:
    found = parse(f"key: {text}", "card.yaml")["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' occurs twice"),
        ("a: &x 1\nb: *x", "line 1: anchors"),
        ("a: *x", "line 1: anchors"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: the tag"),
        ("a: !!binary aGk=", "line 1: the tag"),
        ("! a: 1", "line 1: the tag"),
        ("1: a", "line 1: a key is not a string"),
        ("? [a]\n: b", "line 1: a key is not a string"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: [1, 2", "line 2"),
        ("a:\n\t- 1", "line 2"),
        ("a: \x07", "not YAML"),
        ("a: 1e999", "too large"),
        ("[" * 5000, "nested more than 40 deep"),
        ("a: " + "9" * 5000, "digits"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse(text, "card.yaml")
    assert str(caught.value).startswith("card.yaml")


@given(values)
def test_what_json_writes_is_read(value: Any) -> None:
    found = parse(json.dumps(value, ensure_ascii=False), "card.yaml")
    assert found == value


@given(values)
def test_what_yaml_writes_is_read(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True).replace("\n...\n", "\n")
    # PyYAML tags what it would read as another type (1e+16 as a string); tags are not ours. And it leaves bare what only
    # JSON takes for a number (0E0 as a string).
    bare = re.search(r"(?m)(^|[ ?-] )-?[0-9]+[eE][0-9]+(:|$)", text)
    assert "!!" in text or bare or parse(text, "card.yaml") == value


@given(st.text(max_size=200) | st.text("{}[]:,-&*!#?|>'\"%@ \n\tab1.", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        parse(text, "card.yaml")


def test_files_that_are_no_documents(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    with pytest.raises(MissingError, match="there is no file"):
        read_yaml(path)
    path.write_bytes("a: 1\nb: é\n".encode("latin-1"))
    with pytest.raises(InputError, match="line 2: byte 0xe9 is not UTF-8"):
        read_yaml(path)
    path.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="at most"):
        read_yaml(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path)
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_yaml(path) == {"a": 1, "b": 2}
