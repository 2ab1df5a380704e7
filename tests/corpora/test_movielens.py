"""MovieLens: each layout by a hand-made fixture, the real files against GroupLens' counts and their own raw lines."""

from __future__ import annotations

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

FIXTURES = Path(__file__).parent / "fixtures" / "movielens"


def corpus(name: str, folder: Path) -> Corpus:
    return Corpus.open(build(load_card(name), folder, allow_partial=True, rebuild=True))


def test_100k_layout(home: Path) -> None:
    built = corpus("movielens-100k", FIXTURES / "100k")
    rows = built.to_arrow("interactions").to_pylist()
    # Sorted by user id as text, then time; u1 comes from the split files.
    assert [(r["user_id"], r["item_id"], r["rating"], r["u1"], r["ua"]) for r in rows] == [
        ("10", "2", 5.0, "train", None),
        ("10", "1", 3.0, "test", None),
        ("10", "3", 2.0, "train", None),
        ("9", "1", 4.0, "train", None),
        ("9", "3", 1.0, "train", None),
    ]
    assert rows[0]["timestamp"] == datetime.fromtimestamp(880000000, timezone.utc)
    items = {row["item_id"]: row for row in built.to_arrow("items").to_pylist()}
    assert items["1"] == {
        "item_id": "1",
        "title": "Château (1995)",
        "year": 1995,
        "genres": ["Action", "Children's"],
        "release_date": "01-Jan-1995",
        "video_release_date": None,
        "imdb_url": "http://example.org/1",
    }
    assert (items["2"]["year"], items["2"]["genres"], items["3"]["year"]) == (1996, ["unknown"], None)
    assert built.users[0] == {
        "user_id": "10",
        "age": 53,
        "gender": "M",
        "occupation": "lawyer",
        "zip_code": "90703",
    }


def test_1m_layout(home: Path) -> None:
    built = corpus("movielens-1m", FIXTURES / "1m")
    assert built.interactions[0]["item_id"] == "10"
    assert built.to_pandas("items")["title"].tolist() == [
        "Misère: The Movie (1998)",
        "No Year",
        "Never Rated (1950)",
    ]
    assert built.to_arrow("items").column("genres")[0].as_py() == ["Drama", "Children's"]
    assert built.users[1]["zip_code"] == "70072-1234"
    assert built.manifest["partial"]


def test_10m_layout(home: Path) -> None:
    built = corpus("movielens-10m", FIXTURES / "10m")
    assert sorted(built.to_arrow("interactions").column("rating").to_pylist()) == [0.5, 3.5, 5.0]
    assert built.to_arrow("items").to_pylist()[1]["genres"] == []
    assert built.to_arrow("tags").column("tag").to_pylist() == ['d\'accord "quoted"', "très bien"]


@pytest.mark.parametrize(
    "name", ["movielens-20m", "movielens-25m", "movielens-32m", "movielens-latest-small"]
)
def test_csv_layout(home: Path, name: str) -> None:
    built = corpus(name, FIXTURES / "csv")
    items = built.to_arrow("items").to_pylist()
    assert items[0]["title"] == 'American President, The "TAP" (1995)'
    assert [item["year"] for item in items] == [1995, 2007, 1973]
    assert [(item["imdb_id"], item["tmdb_id"]) for item in items][1] == ("0000002", None)
    assert built.to_arrow("tags").column("tag").to_pylist() == ['multi, part "tag"', "日本"]
    assert built.to_arrow("interactions").column("user_id").to_pylist() == ["1", "1", "12"]


def test_real_100k(home: Path, data: Path) -> None:
    built = recdata.load("movielens-100k", from_path=data / "movielens" / "ml-100k")
    counts = built.manifest["counts"]
    assert (counts["interactions"], counts["users"], counts["items"]) == (100_000, 943, 1_682)
    assert not built.manifest["partial"]
    table = built.to_arrow("interactions")
    raw = {
        tuple(line.split("\t"))
        for line in (data / "movielens" / "ml-100k" / "u.data").read_text().splitlines()
    }
    ours = zip(
        *(table.column(name).to_pylist() for name in ("user_id", "item_id", "rating")),
        table.column("timestamp").cast("int64").to_pylist(),
        strict=True,
    )
    assert {(u, i, f"{r:.0f}", str(t // 1_000_000)) for u, i, r, t in ours} == raw


def test_real_latest_small_is_the_2016_edition(home: Path, data: Path) -> None:
    built = recdata.load("movielens-latest-small", from_path=data / "movielens" / "ml-latest-small")
    counts = built.manifest["counts"]
    assert (counts["interactions"], counts["interacting_users"]) == (100_004, 671)
    assert (counts["items"], counts["tags"]) == (9_125, 1_296)
    assert built.manifest["edition"] == "2016-10"


@pytest.mark.parametrize(
    ("name", "folder", "rows"),
    [("movielens-1m", "ml-1m-sample", 10_000), ("movielens-10m", "ml-10m-sample", 10_000),
     ("movielens-25m", "ml-25m-sample", 9_999)],
)  # fmt: skip
def test_real_samples_are_partial(home: Path, data: Path, name: str, folder: str, rows: int) -> None:
    raw = data / "movielens" / folder
    with pytest.raises(MismatchError, match=r"expected 1,?0?\d*,\d+.*--allow-partial|--allow-partial"):
        recdata.load(name, from_path=raw)
    assert not list((home / "corpora").glob(f"{name}*"))
    built = recdata.load(name, from_path=raw, allow_partial=True)
    assert built.manifest["partial"]
    assert built.manifest["counts"]["interactions"] == rows
    if name == "movielens-1m":
        assert built.manifest["counts"]["items"] == 3_883
        assert built.manifest["counts"]["users"] == 6_040


def test_shuffled_raw_rows_change_nothing(home: Path, tmp_path: Path) -> None:
    first = corpus("movielens-100k", FIXTURES / "100k").fingerprint
    shuffled = tmp_path / "shuffled"
    shutil.copytree(FIXTURES / "100k", shuffled)
    for path in shuffled.iterdir():
        if path.name != "u.genre":
            lines = path.read_bytes().splitlines(keepends=True)
            random.Random(1).shuffle(lines)
            path.write_bytes(b"".join(lines))
    assert corpus("movielens-100k", shuffled).fingerprint == first


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("u.data", "1\t2\tfive\t880000000\n", r"u\.data, line 1, column 'rating': expected a value of type DOUBLE"),
        ("u.data", "1\t2\t5\t880000000\n3\t4\t1\n", r"u\.data, line 2: expected 4 fields"),
        ("u.data", "1\t2\t5\t880000000\n1\t2\t4\t880000001\n", r"keys \(user_id, item_id\) occur more than once"),
        ("u.data", "9\t2\t5\t880000000000\n", r"timestamp is not between 1980-01-01"),
        ("u.data", "77\t2\t5\t880000000\n", r"user_id is not in users; one: '77'"),
        ("u.data", "\t2\t5\t880000000\n", r"user_id is null"),
        ("u.data", "9\t2\tnan\t880000000\n", r"rating is not a finite number"),
        ("u.user", "9|x|F|other|T8H1N\n", r"u\.user, line 1, column 'age'"),
    ],
)  # fmt: skip
def test_bad_raw_files_are_named_and_leave_nothing(
    home: Path, tmp_path: Path, file: str, text: str, message: str
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    for name in ("u.data", "u.user", "u.item", "u.genre"):
        shutil.copy(FIXTURES / "100k" / name, bad)
    (bad / file).write_text(text)
    with pytest.raises((InputError, MismatchError), match=message):
        recdata.load("movielens-100k", from_path=bad)
    corpora = home / "corpora"
    assert [path.name for path in corpora.iterdir() if not path.name.endswith(".lock")] == []


def test_a_wrong_header_is_named(home: Path, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "csv", tmp_path / "bad")
    ratings = tmp_path / "bad" / "ratings.csv"
    ratings.write_bytes(ratings.read_bytes().replace(b"movieId", b"film"))
    with pytest.raises(
        InputError, match=r"ratings\.csv, line 1: the header is 'userId,film,rating,timestamp'; expected"
    ):
        recdata.load("movielens-25m", from_path=tmp_path / "bad", allow_partial=True)
