"""Every card that ships says what a user and a publisher must know, and fits the module that reads it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from recdata.schema.kinds import KINDS
from recdata.sources.cards import Card, card_names, load_card

REAL = {
    "movielens-100k": "movielens/ml-100k/u.data",
    "s3rec-beauty": "s3rec/Beauty.txt",
    "s3rec-lastfm": "s3rec/LastFM.txt",
}


@pytest.fixture(params=card_names())
def card(request: pytest.FixtureRequest) -> Card:
    return load_card(request.param)


def test_licence_is_data(card: Card) -> None:
    assert card.licence.spdx or (card.licence.name and card.licence.link)
    assert isinstance(card.licence.may_redistribute, bool)
    assert card.homepage.startswith("https://")


def test_bibtex_is_read_and_formatted_back_unchanged(card: Card) -> None:
    import bibtexparser

    library = bibtexparser.parse_string(card.citation)
    assert not library.failed_blocks
    assert library.entries
    assert len(library.blocks) == len(library.entries)
    for entry in library.entries:
        assert {"title", "year"} <= set(entry.fields_dict), entry.key
    style = bibtexparser.BibtexFormat()
    style.indent, style.block_separator = "  ", "\n"
    assert bibtexparser.write_string(library, bibtex_format=style).strip() == card.citation.strip()


def test_counts_are_expected_of_every_edition(card: Card) -> None:
    names = [name for name, _ in card.editions()]
    assert names == [None] or (None not in names and len(set(names)) == len(names))
    for _, counts in card.editions():
        assert set(counts) <= {*KINDS, "interacting_users", "interacting_items", "pairs"}
        for entity in ("users", "items"):
            interacting = counts.get(f"interacting_{entity}", 0)
            assert counts.get("interactions", interacting) >= counts.get("pairs", interacting) >= interacting
            if card.orphans("interactions") == "error":
                assert counts.get(entity, interacting) >= interacting


def test_the_tables_are_types_of_arrow(card: Card) -> None:
    for kind, table in card.tables.items():
        schema = KINDS[kind].with_extra(table.columns).arrow_schema()
        assert len(schema.names) == len(set(schema.names))
        for column in table.columns:
            assert column.about


def test_a_module_reads_it(card: Card) -> None:
    assert importlib.util.find_spec(f"recdata.corpora.{card.family}") is not None


def test_archives_without_a_checksum_say_why(card: Card) -> None:
    for archive in card.archives:
        assert (archive.sha256 and archive.size) or archive.note, archive.name
        assert archive.url or card.obtain


def test_every_archive_that_is_not_unpacked_is_a_file_that_is_read(card: Card) -> None:
    patterns = {pattern for wanted in card.files.values() for pattern in wanted.accept}
    for archive in card.archives:
        assert archive.unpack or archive.name in patterns


@pytest.mark.parametrize("name", sorted(REAL))
def test_expected_counts_are_those_of_the_real_file(name: str, data: Path) -> None:
    users, items, rows = set(), set(), 0
    for line in (data / REAL[name]).read_text().splitlines():
        fields = line.split()
        ids = fields[1:2] if name == "movielens-100k" else fields[1:]
        users.add(fields[0])
        items.update(ids)
        rows += len(ids)
    ((_, counts),) = load_card(name).editions()
    found = {"interactions": rows, "interacting_users": len(users), "interacting_items": len(items)}
    assert found == {key: counts[key] for key in found}
