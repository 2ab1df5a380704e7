"""Yelp: the real sample against its raw lines, faults, any order of raw rows."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError, MissingError
from recdata.sources.cards import load_card

FIXTURES = Path(__file__).parent / "fixtures"


def corpus(name: str, folder: Path) -> Corpus:
    return Corpus.open(build(load_card(name), folder, allow_partial=True, rebuild=True))


def test_real_sample(home: Path, data: Path) -> None:
    folder = data / "yelp" / "open-dataset-sample"
    built = recdata.load("yelp-2022", from_path=folder, allow_partial=True)
    counts = built.manifest["counts"]
    assert (counts["interactions"], counts["items"]) == (999, 1_000)
    assert built.manifest["partial"]

    def lines(what: str) -> list[dict]:
        text = (folder / f"yelp_academic_dataset_{what}.json").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line]

    reviews = {r["review_id"]: r for r in built.to_arrow("interactions").to_pylist()}
    for raw in lines("review"):
        row = reviews[raw["review_id"]]
        assert (row["user_id"], row["item_id"], row["rating"]) == (
            raw["user_id"],
            raw["business_id"],
            raw["stars"],
        )
        assert (row["text"], row["useful"], row["funny"], row["cool"]) == (
            raw["text"],
            raw["useful"],
            raw["funny"],
            raw["cool"],
        )
        assert row["timestamp"].strftime("%Y-%m-%d %H:%M:%S") == raw["date"]
    items = {r["item_id"]: r for r in built.to_arrow("items").to_pylist()}
    for raw in lines("business"):
        row = items[raw["business_id"]]
        assert (row["name"], row["city"], row["latitude"]) == (raw["name"], raw["city"], raw["latitude"])
        assert row["categories"] == (raw["categories"].split(", ") if raw["categories"] else [])
        assert json.loads(row["attributes"] or "null") == raw["attributes"]
        assert json.loads(row["hours"] or "null") == raw["hours"]
        assert row["is_open"] == bool(raw["is_open"])


def test_without_files_it_says_how_to_get_them(home: Path) -> None:
    with pytest.raises(MissingError, match="Accept the terms on the homepage"):
        recdata.load("yelp-2022")


@pytest.mark.parametrize("name", ["yelp-2017", "yelp-2022"])
def test_shuffled_raw_rows_change_nothing(home: Path, tmp_path: Path, name: str) -> None:
    first = corpus(name, FIXTURES / name).fingerprint
    shuffled = tmp_path / name
    shutil.copytree(FIXTURES / name, shuffled)
    for path in shuffled.glob("*.json"):
        if path.name != "expected.json":
            rows = path.read_bytes().splitlines(keepends=True)
            random.Random(3).shuffle(rows)
            path.write_bytes(b"".join(rows))
    assert corpus(name, shuffled).fingerprint == first


def test_a_check_in_at_no_time_is_named(home: Path, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "yelp-2022", tmp_path / "raw")
    path = tmp_path / "raw" / "yelp_academic_dataset_checkin.json"
    path.write_text('{"business_id":"b_1","date":"2010-09-13 21:43:09, yesterday"}\n')
    with pytest.raises(InputError, match=r"checkin.json: 1 businesses have check-ins .*'b_1'"):
        corpus("yelp-2022", tmp_path / "raw")
