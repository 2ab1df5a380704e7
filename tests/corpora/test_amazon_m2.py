"""Amazon-M2: the real test sets against their Parquet, both layouts, labels that do not fit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError
from recdata.sources.cards import load_card

FIXTURE = Path(__file__).parent / "fixtures" / "amazon-m2"


def corpus(folder: Path) -> Corpus:
    return Corpus.open(build(load_card("amazon-m2"), folder, allow_partial=True, rebuild=True))


def test_real_test_sets(home: Path, data: Path) -> None:
    folder = data / "amazon-m2"
    built = recdata.load("amazon-m2", from_path=folder)
    assert not built.manifest["partial"]
    sessions = built.to_arrow("sessions").to_pandas()
    assert sessions.groupby("task").size().to_dict() == {"task1": 316_971, "task2": 34_688, "task3": 56_421}
    assert sessions["phase"].isna().all()
    by_id = sessions.set_index("session_id")
    raw = pq.read_table(folder / "task2" / "sessions_test.parquet").to_pandas()
    truth = pq.read_table(folder / "task2" / "gt_test.parquet").to_pandas()
    raw["next_item"] = truth["next_item"]
    for locale, rows in raw.groupby("locale"):
        for place in (0, 1, len(rows) - 1):
            row = by_id.loc[f"task2-{locale}-{place}"]
            assert list(row["previous_items"]) == list(rows.iloc[place]["prev_items"])
            assert row["next_item"] == rows.iloc[place]["next_item"]
    assert by_id.loc["task1-DE-0", "next_item"] == "B09KG6VDF2"
    assert len(by_id.loc["task1-DE-0", "previous_items"]) == 0
    assert sessions[sessions["task"] == "task3"]["next_item"].isna().all()


def test_parquet_and_csv_give_the_same(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    shutil.copytree(FIXTURE, folder)
    first = corpus(folder).fingerprint
    (folder / "sessions_train.csv").unlink()
    train = {
        "prev_items": [["B0A", "B0B"], ["B0A", "B0A", "B0D"], ["B0F"]],
        "next_item": ["B0C", "B0E", "B0A"],
        "locale": ["UK", "DE", "UK"],
    }
    pq.write_table(pa.table(train), folder / "sessions_train.parquet")
    assert corpus(folder).fingerprint == first


def test_only_the_order_within_a_locale_counts(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    shutil.copytree(FIXTURE, folder)
    first = corpus(folder).fingerprint
    products = (folder / "products_train.csv").read_text().splitlines(keepends=True)
    (folder / "products_train.csv").write_text("".join([products[0], *reversed(products[1:])]))
    several_lines = pyarrow.csv.ParseOptions(newlines_in_values=True)
    sessions = pyarrow.csv.read_csv(folder / "sessions_train.csv", parse_options=several_lines).to_pylist()
    german = [row for row in sessions if row["locale"] == "DE"]
    others = [row for row in sessions if row["locale"] != "DE"]
    pyarrow.csv.write_csv(pa.Table.from_pylist(german + others), folder / "sessions_train.csv")
    assert corpus(folder).fingerprint == first


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("task1/gt_task1_phase1.csv", "next_item,locale\nB0N1,UK\nB0N3,JP\n", "1 labels of UK do not fit the 2 sessions"),
        ("sessions_train.csv", "prev_items,next_item,locale\n['B0A' ... 'B0B'],B0C,UK\n", "session 0 of UK is cut short"),
        ("sessions_train.csv", "prev_items,next_item\n['B0A'],B0C\n", "has no column 'locale'"),
        ("products_train.csv", "id,locale,price\nB0A,UK,free\n", "line 2, column 'price': expected a value of type DOUBLE"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(home: Path, tmp_path: Path, file: str, text: str, words: str) -> None:
    folder = tmp_path / "raw"
    shutil.copytree(FIXTURE, folder)
    (folder / file).write_text(text)
    with pytest.raises(InputError) as caught:
        corpus(folder)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        ("sessions_train.csv", ("sessions", "interactions", "users")),
        ("products_train.csv", ("items",)),
        ("phase2/sessions_test_task3.csv", ("sessions", "interactions", "users", "examples")),
    ],
)
def test_each_file_does_by_itself(home: Path, tmp_path: Path, file: str, kinds: tuple[str, ...]) -> None:
    path = tmp_path / "raw" / file
    path.parent.mkdir(parents=True)
    shutil.copy(FIXTURE / file, path)
    assert corpus(tmp_path / "raw").kinds == kinds


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-10], lambda whole: whole[:4] + bytes(len(whole) - 4)]
)
def test_damaged_parquet_is_named(home: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "sessions_train.parquet"
    pq.write_table(pa.table({"prev_items": [["A"]], "next_item": ["B"], "locale": ["UK"]}), path)
    assert corpus(tmp_path).manifest["counts"]["sessions"] == 1
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"sessions_train\.parquet cannot be read as Parquet: "):
        corpus(tmp_path)


def test_a_product_in_a_locale_occurs_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    shutil.copytree(FIXTURE, folder)
    path = folder / "products_train.csv"
    path.write_text(path.read_text() + "B0A,UK,Again,1.0,,,,,,,\n")
    with pytest.raises(InputError, match=r"\(item_id, locale\) occur more than once"):
        corpus(folder)
