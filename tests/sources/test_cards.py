"""Cards are read strictly: unknown keys, kinds and columns are refused, with file and place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recdata import resources
from recdata.errors import InputError, MissingError, RecdataError
from recdata.schema.kinds import Column
from recdata.sources.cards import Archive, Table, Wanted, card_names, load_card, read_card

CARD = """
name: tiny
version: 1.0.0
title: Tiny
description: Three rows.
homepage: https://example.org/
family: sequences
licence: {name: House rules, link: https://example.org/rules, may_redistribute: false}
citation: |
  @misc{tiny,
    title = {Tiny}
  }
archives:
  - {name: tiny.zip, url: https://example.org/tiny.zip, size: 10, sha256: %s}
  - {name: more.txt, unpack: false}
files:
  sequences: [tiny/tiny.txt, tiny.txt]
  parts: {accept: ["parts/*.txt"], required: false, several: true}
tables:
  interactions:
    columns:
      - {name: position, type: int64, about: place}
      - {name: note, type: string, nullable: true, about: words}
    unique: [user_id, position]
    orphans: allow
editions:
  - {name: 2016-10, expected: {interactions: 3, interacting_users: 2}}
  - {name: 2018-09, expected: {interactions: 4}}
options: {layout: sequence, nested: {deep: [1, 2]}}
""" % ("0" * 64)


def write(folder: Path, text: str) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_card_outside_the_package(tmp_path: Path) -> None:
    card = read_card(write(tmp_path, CARD))
    assert str(card.licence) == "House rules (https://example.org/rules)"
    assert card.archives == (
        Archive("tiny.zip", "https://example.org/tiny.zip", 10, "0" * 64),
        Archive("more.txt", unpack=False),
    )
    assert card.files["sequences"] == Wanted(("tiny/tiny.txt", "tiny.txt"))
    assert card.files["parts"] == Wanted(("parts/*.txt",), required=False, several=True)
    assert card.extra_columns("interactions") == (
        Column("position", "int64", False, "place"),
        Column("note", "string", True, "words"),
    )
    assert card.unique("interactions") == ("user_id", "position")
    assert (card.orphans("interactions"), card.orphans("items")) == ("allow", "error")
    assert card.table("users") == Table()
    assert list(card.editions()) == [
        ("2016-10", {"interactions": 3, "interacting_users": 2}),
        ("2018-09", {"interactions": 4}),
    ]
    assert card.options["nested"] == {"deep": [1, 2]}
    with pytest.raises(AttributeError):
        card.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("options:", "option:", "unknown key 'option'; did you mean 'options'?"),
        ("name: tiny\n", "name: tiny\nname: tiny\n", "line 3: the key 'name' occurs twice"),
        ("version: 1.0.0", "version: 1.0", "put it in quotes"),
        (
            "interactions:\n    col",
            "clicks:\n    col",
            "'clicks' is not a record kind; there are interactions",
        ),
        ("name: note", "name: position", "column 'position' is declared twice"),
        ("name: note", "name: rating", "column 'rating' is declared twice"),
        ("[user_id, position]", "[user_id, place]", "there is no column 'place', only user_id"),
        (
            "tables:\n",
            "tables:\n  items: {key: [title]}\n",
            "items: key: there is no column 'title', only item_id",
        ),
        (
            "tables:\n",
            "tables:\n  examples: {key: [example_id]}\n",
            "examples: the key begins with task, example_id",
        ),
        ("more.txt", "tiny.zip", "two archives have the same name"),
        ("tiny/tiny.txt", "../tiny.txt", "$.files.sequences[0]"),
        ("https://example.org/tiny.zip", "ftp://example.org/tiny.zip", "expected an https address"),
        ("editions:", "expected: {interactions: 3}\neditions:", "more than one of expected, editions"),
        ("may_redistribute: false", "may_redistribute: no", '"no" is not of type boolean'),
        ("licence: {", "licence: {spdx: MIT, ", "more than one of spdx, name with link; expected one"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in CARD
    path = write(tmp_path, CARD.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read_card(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_corpus_has_neighbours() -> None:
    with pytest.raises(MissingError, match="did you mean movielens-100k"):
        load_card("movielens-100")
    with pytest.raises(MissingError, match="there are: "):
        load_card("zzz")
    with pytest.raises(MissingError):
        load_card("../cards/movielens-100k")


def test_a_shipped_card_has_the_name_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, CARD.replace("name: tiny", "name: other"))
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path)
    assert card_names() == ["tiny"]
    with pytest.raises(InputError, match="must be the file's"):
        load_card("tiny")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(drawn=st.data())
def test_a_card_with_anything_anywhere_is_read_or_refused(
    drawn: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document: dict[str, Any] = yaml.safe_load(CARD.replace("1.0.0", "'1.0.0'"))
    inner: Any = document
    for _ in range(drawn.draw(st.integers(1, 4))):
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        if not keys:
            break
        parent, key = inner, drawn.draw(st.sampled_from(keys))
        inner = parent[key]
        if not isinstance(inner, dict | list):
            break
    parent[key] = drawn.draw(json_values)
    path = write(tmp_path_factory.mktemp("cards"), yaml.safe_dump(document))
    with suppress(RecdataError):
        assert read_card(path).source == path
