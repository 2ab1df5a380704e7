"""What is wrong with a document is said with its place, its value and what was expected."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from recdata import resources
from recdata.errors import InputError
from recdata.schema.documents import check

CARD: dict[str, Any] = {
    "name": "tiny",
    "version": "1.0.0",
    "title": "Tiny",
    "description": "Three rows.",
    "homepage": "https://example.org/",
    "family": "sequences",
    "licence": {"spdx": "CC0-1.0", "may_redistribute": True},
    "citation": "@misc{tiny,\n  title = {Tiny}\n}\n",
    "files": {"sequences": ["tiny.txt"]},
    "expected": {"interactions": 3},
}


@pytest.mark.parametrize("path", sorted(resources.schema("card").parent.glob("*.json")), ids=lambda p: p.name)
def test_schemas_are_schemas(path: Path) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_a_right_document_passes() -> None:
    check(CARD, "card", "tiny.yaml")


def change(*steps: str, to: Any) -> dict[str, Any]:
    document = copy.deepcopy(CARD)
    inner = document
    for step in steps[:-1]:
        inner = inner.setdefault(step, {})
    inner[steps[-1]] = to
    return document


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (change("titel", to="x"), "$: unknown key 'titel'; did you mean 'title'?"),
        (change("licence", "shared", to=True), "$.licence: unknown key 'shared'; known are spdx, name, link"),
        (change("version", to=1.0), "$.version: 1.0 is not of type string; put it in quotes"),
        (change("version", to="1.0"), '$.version: "1.0"; expected semver of the canonical tables'),
        (change("name", to="Tiny Corpus"), '$.name: "Tiny Corpus"; expected lower case, digits, hyphens'),
        (change("expected", "interactions", to=-3), "$.expected.interactions: -3"),
        (change("licence", to={"may_redistribute": True}), "$.licence: 'spdx' is missing"),
        (change("tables", to={"items": {"orphans": "ignore"}}), '"ignore" is not one of "error", "allow"'),
        (change("files", to={"sequences": ["../../etc/passwd"]}), "$.files.sequences[0]"),
        (change("files", to={"sequences": ["/etc/passwd"]}), "$.files.sequences[0]"),
        (change("files", to={"sequences": ["**/x"]}), "$.files.sequences[0]"),
        (change("archives", to=[{"name": "../x.zip"}]), "$.archives[0].name"),
        (change("archives", to=[{"name": "x.zip", "url": "http://example.org/x.zip"}]), "$.archives[0].url"),
        (change("archives", to=[{"name": "x.zip", "sha256": "ABC"}]), "64 hex digits"),
        (change("files", to=[]), "$.files: [] is not of type object"),
        ([], "$: [] is not of type object"),
        (None, "$: null is not of type object"),
    ],
)
def test_faults_are_named(document: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check(document, "card", "tiny.yaml")
    assert str(caught.value).startswith("tiny.yaml is not a valid card:\n")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (["/x"], '$.files.sequences[0]: "/x"; expected a relative path with /, without .., ** and brackets'),
        ({"required": True}, "$.files.sequences: 'accept' is missing"),
        (3, "$.files.sequences: 3 is not of type array, or $.files.sequences: 3 is not of type object"),
    ],
)
def test_of_several_ways_those_are_told_that_take_such_a_value(file: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        check(change("files", to={"sequences": file}), "card", "tiny.yaml")
    assert str(caught.value) == f"tiny.yaml is not a valid card:\n  {said}"


def test_what_is_missing_is_listed_once_and_many_faults_are_cut() -> None:
    with pytest.raises(InputError) as caught:
        check({}, "card", "empty.yaml")
    assert str(caught.value).count("is missing") == 3  # the keys; expected, or editions
    with pytest.raises(InputError, match="and 6 more"):
        check(change("expected", to={f"kind_{letter}": -1 for letter in "abcdefghijk"}), "card", "long.yaml")


def test_a_long_value_is_cut() -> None:
    with pytest.raises(InputError) as caught:
        check(change("name", to="X" * 100_000), "card", "tiny.yaml")
    assert len(str(caught.value)) < 500
