"""Card templates: many corpora from one declaration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recdata.errors import InputError, MissingError
from recdata.sources.cards import card_names, card_patterns, load_card
from recdata.sources.templates import find, patterns, read_template

TEMPLATE = """
each:
  kind:
    red-one: {file: Red, rows: 3, types: {a: list<string>}}
    blue: {file: Blue}
common:
  version: 1.0.0
  tables: {items: {columns: [x], orphans: allow}}
cards:
  - name: few-<kind>
    title: Few <file>
    tables: {items: {orphans: error}}
    files: {rows: ["<file>.csv"]}
    expected: {interactions: <rows>}
    options: <types>
    column: list<string>
  - {name: few-<kind>-more, title: More <file>}
"""


def write(folder: Path, text: str, name: str = "few.template.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_every_corpus_has_its_own_card(tmp_path: Path) -> None:
    write(tmp_path, TEMPLATE)
    few, more = patterns(tmp_path)
    assert (few.name, few.title, list(few.corpora)) == (
        "few-<kind>",
        "Few <file>",
        ["few-red-one", "few-blue"],
    )
    assert few.expand("few-red-one") == {
        "name": "few-red-one",
        "version": "1.0.0",
        "title": "Few Red",
        "tables": {"items": {"columns": ["x"], "orphans": "error"}},
        "files": {"rows": ["Red.csv"]},
        "expected": {"interactions": 3},
        "options": {"a": "list<string>"},
        "column": "list<string>",
    }
    blue = few.expand("few-blue")
    assert (blue["expected"], "options" in blue, blue["column"]) == ({}, False, "list<string>")
    assert more.expand("few-blue-more")["title"] == "More Blue"
    assert find(tmp_path, "few-blue-more") == more
    assert find(tmp_path, "few-green") is None
    assert find(tmp_path, "fewer-blue") is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("few-<kind>-more", "few-<kind>", "'few-red-one' is there twice"),
        ("few-<kind>-more", "more-<kind>", "does not begin as the file's"),
        ("common:", "shared:", "has the keys cards, common, each"),
        ("  kind:", "  other: {}\n  kind:", "'each' has one key"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TEMPLATE
    with pytest.raises(InputError, match=re.escape(words)):
        read_template(write(tmp_path, TEMPLATE.replace(old, new, 1)))


def test_a_value_that_a_text_needs_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, TEMPLATE.replace("title: Few <file>", "title: <rows> rows"))
    few, _ = patterns(tmp_path)
    assert few.expand("few-red-one")["title"] == "3 rows"
    with pytest.raises(InputError, match=r"few-blue.*no value for <rows>"):
        few.expand("few-blue")


def test_the_names_of_the_issue_are_there() -> None:
    names = set(card_names())
    assert {
        "amazon-2014-beauty",
        "amazon-2014-beauty-5core",
        "amazon-2014-beauty-ratings",
        "amazon-2018-all-beauty",
        "amazon-2018-all-beauty-5core",
        "amazon-2023-all-beauty",
        "amazon-2023-all-beauty-0core",
        "amazon-2023-all-beauty-5core",
        "yelp-2022",
        "amazon-m2",
        "yelp2018-ngcf",
        "amazon-book-ngcf",
        *(f"lamp-{number}" for number in range(1, 8)),
        *(f"lamp-{number}-time" for number in range(1, 8)),
    } <= names
    sizes = {pattern.name: len(pattern.corpora) for pattern in card_patterns()}
    assert (sizes["amazon-2014-<category>"], sizes["amazon-2018-<category>"]) == (24, 29)
    assert sizes["amazon-2023-<category>"] == 34


def test_no_placeholder_is_left_over() -> None:
    for name in card_names():
        card = load_card(name)
        texts = [card.name, card.title, card.description, card.citation, card.obtain or ""]
        texts += [text for archive in card.archives for text in (archive.name, archive.url or "")]
        texts += [pattern for wanted in card.files.values() for pattern in wanted.accept]
        assert not any(re.search(r"<\w+>", text) for text in texts), name


def test_an_unknown_category_has_neighbours() -> None:
    with pytest.raises(MissingError, match="did you mean amazon-2018-video-games"):
        load_card("amazon-2018-video-game")
