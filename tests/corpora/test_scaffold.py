"""``recdata new corpus``: card, fixture and test from options, in a folder of one's own and in a checkout."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

import recdata
from recdata.cli import cli
from recdata.corpora.build import build
from recdata.corpora.scaffold import expected_rows
from recdata.errors import InputError
from recdata.sources.cards import read_own_card

OPTIONS = [
    "--title",
    "Shop",
    "--homepage",
    "https://example.org/",
    "--licence",
    "CC0-1.0",
    "--event",
    "click",
]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["new", "corpus", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_corpus_from_a_header(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "events.csv"
    raw.write_text("who;what;when;more\n1;a;1577934245000;x\n")
    run("shop", *OPTIONS, "--file", str(raw), "--delimiter", ";", "--user", "who", "--item", "what",
        "--time", "when", "--epoch", "ms", "-o", str(tmp_path))  # fmt: skip
    folder = tmp_path / "shop"
    built = build(read_own_card(folder / "card.yaml"), raw, allow_partial=True)
    assert expected_rows(built)["interactions"] == [
        {"user_id": "1", "item_id": "a", "timestamp": "2020-01-02T03:04:05+00:00", "event": "click"}
    ]
    assert recdata.load("shop").manifest["partial"]
    runpy.run_path(str(folder / "test_shop.py"))["test_what_comes_of_the_fixture"](
        tmp_path / "x", monkeypatch
    )
    with pytest.raises(InputError, match=r"card\.yaml is there already"):
        run("shop", *OPTIONS, "--file", str(raw), "--delimiter", ";", "--user", "who", "--item", "what",
            "-o", str(tmp_path))  # fmt: skip


def test_a_corpus_in_a_checkout(home: Path, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "tests" / "corpora" / "fixtures").mkdir(parents=True)
    run("shop", *OPTIONS, "--file", "ratings.tsv", "--format", "tsv", "--columns", "u,i,r,day", "--no-header",
        "--user", "u", "--item", "i", "--rating", "r", "--time", "day", "--time-format", "%d.%m.%Y",
        "-o", str(tmp_path))  # fmt: skip
    assert read_own_card(tmp_path / "cards" / "shop.yaml").title == "Shop"
    fixture = tmp_path / "tests" / "corpora" / "fixtures" / "shop"
    assert (fixture / "ratings.tsv").read_text().splitlines()[0] == "u1\ti1\t5\t02.01.2020"
    rows = json.loads((fixture / "expected.json").read_text())["interactions"]
    assert rows[0] == {
        "user_id": "u1",
        "item_id": "i1",
        "timestamp": "2020-01-02T00:00:00+00:00",
        "rating": 5.0,
        "event": "click",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--user", "x", "--item", "i"], "--user x: the file's columns are u, i"),
        (["--user", "u", "--item", "i", "--time", "i"], "--time needs --epoch"),
        (["--user", "u", "--item", "i", "--epoch", "s"], "--time needs --epoch"),
    ],
)
def test_answers_that_do_not_fit(home: Path, tmp_path: Path, options: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run("shop", *OPTIONS, "--file", "x.csv", "--columns", "u,i", *options, "-o", str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"the card of Shop is not a valid card"):
        run(
            "Shop",
            *OPTIONS,
            "--file",
            "x.csv",
            "--columns",
            "u,i",
            "--user",
            "u",
            "--item",
            "i",
            "-o",
            str(tmp_path),
        )
