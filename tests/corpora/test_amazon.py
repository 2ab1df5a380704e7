"""Amazon Reviews: real samples against their raw lines, the benchmark's splits, faults, any order of raw rows."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from datetime import datetime, timezone
from pathlib import Path

import pytest

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError, MismatchError
from recdata.sources.cards import load_card

FIXTURES = Path(__file__).parent / "fixtures"


def corpus(name: str, folder: Path) -> Corpus:
    return Corpus.open(build(load_card(name), folder, allow_partial=True, rebuild=True))


def lines(path: Path) -> list[dict]:
    raw = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()]


@pytest.mark.parametrize(
    ("category", "file", "rows", "users"),
    [("all-beauty", "All_Beauty_5.json.gz", 5_269, 991), ("appliances", "Appliances_5.json.gz", 2_277, 47)],
)
def test_real_5core_of_2018(home: Path, data: Path, category: str, file: str, rows: int, users: int) -> None:
    name, path = f"amazon-2018-{category}-5core", data / "amazon" / "2018" / file
    with pytest.raises(MismatchError, match=r"not there: products \(meta_[^\n]*\n.*--allow-partial"):
        recdata.load(name, from_path=path)
    built = recdata.load(name, from_path=path, allow_partial=True)
    (note,) = built.manifest["notes"]  # the counts are the card's
    assert note.startswith("raw files that are not there: products")
    counts = built.manifest["counts"]
    assert (counts["interactions"], counts["interacting_users"]) == (rows, users)
    raw = lines(data / "amazon" / "2018" / file)
    assert counts["pairs"] == len({(r["reviewerID"], r["asin"]) for r in raw}) < rows
    expected = sorted(
        (
            r["reviewerID"],
            r["asin"],
            r["unixReviewTime"],
            r["overall"],
            r.get("summary") or "",
            r.get("reviewText") or "",
            r["verified"],
            int(r.get("vote", "0").replace(",", "")),
            [[name, value] for name, value in r.get("style", {}).items()],
            r.get("image", []),
        )
        for r in raw
    )
    found = sorted(
        (
            r["user_id"],
            r["item_id"],
            int(r["timestamp"].timestamp()),
            r["rating"],
            r["title"] or "",
            r["text"] or "",
            r["verified"],
            r["votes"],
            [[s["name"], s["value"]] for s in r["style"]],
            r["images"],
        )
        for r in built.to_arrow("interactions").to_pylist()
    )
    assert found == expected


def test_real_ratings_of_2018_put_the_product_first(home: Path, data: Path) -> None:
    name, folder = "amazon-2018-magazine-subscriptions-ratings", data / "amazon" / "2018"
    with pytest.raises(MismatchError, match="interactions: expected 89,689, found 546"):
        recdata.load(name, from_path=folder)
    built = recdata.load(name, from_path=folder, allow_partial=True)
    assert built.manifest["partial"]
    assert built.manifest["counts"]["interactions"] == 546
    raw = [line.split(",") for line in (folder / "Magazine_Subscriptions.csv").read_text().splitlines()]
    found = {
        (r["item_id"], r["user_id"], f"{r['rating']:.1f}", str(int(r["timestamp"].timestamp())))
        for r in built.to_arrow("interactions").to_pylist()
    }
    assert found == {tuple(row) for row in raw}


def test_real_products_in_one_array(home: Path, data: Path) -> None:
    folder = data / "amazon" / "2018"
    built = recdata.load("amazon-2018-gift-cards", from_path=folder, allow_partial=True)
    assert built.manifest["counts"]["items"] == 10
    assert built.kinds == ("items", "relations")
    raw = {r["asin"]: r for r in json.loads((folder / "meta_Gift_Cards.sample.json").read_text())}
    for item in built.to_arrow("items").to_pylist():
        product = raw[item["item_id"]]
        assert item["title"] == product["title"]
        assert item["categories"] == product["category"]
        assert item["price_text"] == (product["price"] or None)
        assert json.loads(item["details"]) == product["details"]
    related = {(asin, to) for asin, r in raw.items() for kind in ("also_buy", "also_view") for to in r[kind]}
    relations = built.to_arrow("relations").to_pylist()
    assert {(r["source_id"], r["target_id"]) for r in relations} == related
    first = next(
        r
        for r in relations
        if r["source_id"] == "B001GXRQW0" and r["relation"] == "also_viewed" and r["position"] == 1
    )
    assert first["target_id"] == raw["B001GXRQW0"]["also_view"][0]


def test_real_lines_of_2014(home: Path, data: Path) -> None:
    path = data / "amazon" / "2014" / "Musical_Instruments_5.json"
    built = recdata.load("amazon-2014-musical-instruments-5core", from_path=path, allow_partial=True)
    assert built.manifest["counts"]["interactions"] == 50
    by_pair = {(r["user_id"], r["item_id"]): r for r in built.to_arrow("interactions").to_pylist()}
    for raw in lines(path):
        row = by_pair[raw["reviewerID"], raw["asin"]]
        assert [row["votes"], row["votes_total"]] == raw["helpful"]
        assert (row["text"], row["title"], row["rating"]) == (
            raw["reviewText"],
            raw["summary"],
            raw["overall"],
        )
        assert row["timestamp"] == datetime.fromtimestamp(raw["unixReviewTime"], timezone.utc)


@pytest.mark.parametrize("protocol", ["amazon-2023-last-out", "amazon-2023-timestamp"])
def test_the_benchmarks_splits_are_protocols(home: Path, protocol: str) -> None:
    folder = FIXTURES / "amazon-2023-software-5core"
    task = recdata.task(f"amazon-2023-software-5core/{protocol}", from_path=folder, allow_partial=True)
    parts = {part: task.manifest["parts"][part]["rows"] for part in ("train", "valid", "test")}
    assert parts == (
        {"train": 1, "valid": 1, "test": 2}
        if protocol.endswith("last-out")
        else {"train": 2, "valid": 1, "test": 1}
    )


def test_ratings_alone_make_the_benchmark_without_splits(home: Path, tmp_path: Path) -> None:
    (tmp_path / "Software.csv").write_text("user_id,parent_asin,rating,timestamp\nU,I,5.0,1588687728923\n")
    (row,) = corpus("amazon-2023-software-0core", tmp_path).to_arrow("interactions").to_pylist()
    assert (row["user_id"], row["last_out"], row["by_time"]) == ("U", None, None)
    (tmp_path / "Software.csv").rename(tmp_path / "Software.train.csv")
    with pytest.raises(InputError, match=r"last_out|neither|looked for"):
        corpus("amazon-2023-software-0core", tmp_path / "Software.train.csv")


@pytest.mark.parametrize("name", ["amazon-2014-beauty", "amazon-2018-software", "amazon-2023-software"])
def test_shuffled_raw_rows_change_nothing(home: Path, tmp_path: Path, name: str) -> None:
    first = corpus(name, FIXTURES / name).fingerprint
    shuffled = tmp_path / name
    shutil.copytree(FIXTURES / name, shuffled)
    for seed in (1, 2):
        for path in shuffled.glob("*.json*"):
            rows = path.read_bytes().splitlines(keepends=True)
            random.Random(seed).shuffle(rows)
            path.write_bytes(b"".join(rows))
        assert corpus(name, shuffled).fingerprint == first


def test_a_review_without_its_user_is_named(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "Software.json"
    good = (FIXTURES / "amazon-2018-software" / "Software.json").read_text()
    path.write_text(good + '{"overall": 5.0, "asin": "B1", "reviewerID": 7, "unixReviewTime": 946771200}\n')
    with pytest.raises(
        InputError, match=r"Software.json, line 4, column 'reviewerID': expected text in quotes"
    ):
        corpus("amazon-2018-software", tmp_path)
    assert not list((home / "corpora").glob("*/manifest.json"))


def test_a_value_that_only_the_engine_finds_is_no_traceback(home: Path, tmp_path: Path) -> None:
    row = '{"overall": 5.0, "vote": "many", "asin": "B1", "reviewerID": "A1", "unixReviewTime": 946771200}\n'
    (tmp_path / "Software.json").write_text(row)
    with pytest.raises(InputError, match=r"a value in the raw files is not what it must be: .*many"):
        corpus("amazon-2018-software", tmp_path)
