"""Cards outside the package: built by path, then known by name, built again when they were edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import recdata
from recdata.cli import cli
from recdata.errors import InputError, MissingError
from recdata.sources.cards import load_card, own_card_names

CARD = """\
name: my-lab
version: 1.0.0
title: Ours
description: Made up.
homepage: https://example.org/
family: declared
licence: {spdx: CC0-1.0, may_redistribute: true}
citation: "@misc{ours, title = {Ours}, year = {2026}}"
files:
  events: [events.csv]
expected: {}
options:
  files:
    events: {format: csv, columns: [u, i, "n"]}
  records:
    interactions:
      from: events
      columns: {user_id: u, item_id: i, event: {constant: click}}
"""


@pytest.fixture
def card(home: Path, tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "events.csv").write_text(
        "u,i,n\n" + "".join(f"{u},{i},1\n" for u in "12" for i in "abc")
    )
    path = tmp_path / "my.yaml"
    path.write_text(CARD)
    return path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_card_of_ones_own_becomes_a_corpus_with_a_name(card: Path) -> None:
    assert "my-lab@1.0.0 is in" in run("build", str(card), "--from", str(card.parent / "raw"))
    assert own_card_names() == ["my-lab"]
    assert recdata.load("my-lab").manifest["counts"]["pairs"] == 6
    assert recdata.task("my-lab/loo-last").manifest["counts"]["population"] == 2
    assert "my-lab" in run("list")
    card.unlink()
    assert load_card("my-lab").title == "Ours"


def test_an_edited_card_is_built_again(card: Path) -> None:
    raw = str(card.parent / "raw")
    run("build", str(card), "--from", raw)
    first = recdata.load("my-lab").fingerprint
    assert "was built before" in run("build", str(card), "--from", raw)
    assert recdata.load("my-lab").fingerprint == first
    assert "was built before" not in run("build", str(card), "--from", raw, "--rebuild")
    card.write_text(CARD.replace("constant: click", "constant: view"))
    assert "was built before" not in run("build", str(card), "--from", raw)
    assert recdata.load("my-lab").fingerprint != first


def test_the_name_of_a_shipped_card_is_taken(card: Path) -> None:
    card.write_text(CARD.replace("my-lab", "filmtrust"))
    with pytest.raises(InputError, match="'filmtrust' is the name of a card that ships"):
        run("build", str(card), "--from", str(card.parent / "raw"))


def test_a_card_that_is_not_there(card: Path) -> None:
    with pytest.raises(MissingError, match=r"there is no file other\.yaml"):
        run("build", "other.yaml")
    with pytest.raises(MissingError, match="there is no corpus 'my-lab'"):
        load_card("my-lab")


def test_bad_rows_are_left_out_on_request(card: Path) -> None:
    raw = card.parent / "raw" / "events.csv"
    raw.write_text(raw.read_text() + "3,d\n")
    with pytest.raises(InputError, match=r"events\.csv, line 8: expected 3 fields"):
        run("build", str(card), "--from", str(raw))
    assert "rows that could not be read and were left out: 1" in run(
        "build", str(card), "--from", str(raw), "--skip-bad-rows", "1"
    )
