"""The layout of KDD Cup 2023, in and out: rows known by their places, what is wrong with them, the real test set."""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from handmade import make_task

from recdata import api, baselines
from recdata.cli import cli
from recdata.corpora.build import build
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.scoring.score import score
from recdata.sources.cards import load_card
from recdata.submission.examine import validate
from recdata.submission.finding import Findings, RejectedError
from recdata.submission.organisers import write_submission
from recdata.submission.places import Sessions
from recdata.submission.template import expect, in_words

SIZES = {"ES": 70, "IT": 60}
ITEMS = [f"i{number:04}" for number in range(2000)]
Row = tuple[str, list[str]]


def answer(locale: str, place: int) -> str:
    return ITEMS[(7 * place + len(locale) + (locale == "IT")) % len(ITEMS)]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    test = [(f"task2-{locale}-{n}", answer(locale, n)) for locale, size in SIZES.items() for n in range(size)]
    return make_task(
        tmp_path_factory.mktemp("places") / "task",
        train=[("train-ES-0", "i0000")],
        test=test,
        items=ITEMS,
        candidates=None,
        cutoffs=[100],
        metrics=["MRR", "Recall"],
        primary="MRR@100",
    )


def ranking(locale: str, place: int, k: int = 100) -> list[str]:
    """A model's list: right at rank 1, 2 or 3, or not at all; of 2,000 items those behind differ from row to row."""
    own = answer(locale, place)
    others = [item for item in ITEMS if item != own]
    random.Random(f"{locale}{place}").shuffle(others)
    if place % 4 < 3:
        others.insert(place % 4, own)
    return others[:k]


def rows() -> list[Row]:
    """The rows of both locales, mixed as a competitor's file may have them."""
    made = [(n, locale) for locale, size in SIZES.items() for n in range(size)]
    return [(locale, ranking(locale, n)) for n, locale in sorted(made)]


def table(of: list[Row]) -> pa.Table:
    lists = pa.array([items for _, items in of], pa.list_(pa.string()))
    return pa.table({"locale": [locale for locale, _ in of], "next_item_prediction": lists})


def checked(task: Task, of: list[Row], tmp_path: Path) -> Findings:
    path = tmp_path / "predictions.parquet"
    pq.write_table(table(of), path)
    return validate(task, path)


def long() -> list[dict[str, Any]]:
    return [
        {"user_id": f"task2-{locale}-{n}", "item_id": item, "score": -float(place)}
        for locale, size in SIZES.items()
        for n in range(size)
        for place, item in enumerate(ranking(locale, n))
    ]


def test_all_formats_give_the_same_bits(task: Task, tmp_path: Path) -> None:
    by_row = pa.Table.from_pylist(long())
    pq.write_table(by_row, tmp_path / "long.parquet")
    pyarrow.csv.write_csv(by_row, tmp_path / "long.csv")
    pq.write_table(table(rows()), tmp_path / "kdd.parquet")
    assert write_submission(task, tmp_path / "long.csv", tmp_path / "written.parquet").rows == sum(
        SIZES.values()
    )
    users, items = ([row[column] for row in long()] for column in ("user_id", "item_id"))
    scores = [row["score"] for row in long()]
    np.savez(tmp_path / "long.npz", user_id=np.array(users), item_id=np.array(items), score=np.array(scores))
    (tmp_path / "long.jsonl").write_text("\n".join(map(json.dumps, long())))
    together = [
        {"user_id": f"task2-{locale}-{n}", "items": ranking(locale, n)}
        for locale, size in SIZES.items()
        for n in range(size)
    ]
    (tmp_path / "lists.jsonl").write_text("\n".join(map(json.dumps, together)))
    trec = (
        f"{row['user_id']} Q0 {row['item_id']} {int(-row['score']) + 1} {row['score']} run" for row in long()
    )
    (tmp_path / "long.run").write_text("\n".join(trec))
    scores = [
        score(task, given).metrics
        for given in (
            tmp_path / "long.parquet",
            tmp_path / "long.csv",
            tmp_path / "long.npz",
            tmp_path / "long.jsonl",
            tmp_path / "lists.jsonl",
            tmp_path / "long.run",
            tmp_path / "kdd.parquet",
            tmp_path / "written.parquet",
            table(rows()),
            table(rows()).to_pandas(),
        )
    ]
    assert all(each == scores[0] for each in scores)
    right = [place % 4 for size in SIZES.values() for place in range(size)]
    expected = sum(1 / (rank + 1) for rank in right if rank < 3) / len(right)
    assert scores[0]["MRR@100"] == pytest.approx(expected, abs=1e-12)
    # Written out again, it is the same file but for the order of the locales.
    again = pq.read_table(tmp_path / "written.parquet").to_pylist()
    assert [row["locale"] for row in again] == ["ES"] * 70 + ["IT"] * 60
    assert again[3]["next_item_prediction"] == ranking("ES", 3)
    assert write_submission(task, tmp_path / "kdd.parquet", tmp_path / "twice.parquet").rows == 130
    assert (tmp_path / "twice.parquet").read_bytes() == (tmp_path / "written.parquet").read_bytes()


def codes(findings: Findings) -> dict[str, int]:
    return dict(findings.counts)


def test_what_is_right_has_no_findings(task: Task, tmp_path: Path) -> None:
    assert codes(checked(task, rows(), tmp_path)) == {}


def test_99_and_101_items_are_told_apart(task: Task, tmp_path: Path) -> None:
    given = rows()
    given[3] = (given[3][0], given[3][1][:99])
    findings = checked(task, given, tmp_path)
    assert codes(findings) == {"few-items": 1, "short-list": 1}
    assert (findings.shown()[0].row, findings.shown()[0].value) == (3, "99 items")
    given = rows()
    longer = [*given[5][1], next(item for item in ITEMS if item not in given[5][1])]
    given[5] = (given[5][0], longer)
    findings = checked(task, given, tmp_path)
    assert codes(findings) == {"many-items": 1}
    assert (findings.shown()[0].row, findings.shown()[0].value) == (5, "101 items")
    with pytest.raises(RejectedError):
        score(task, tmp_path / "predictions.parquet")


def test_a_repeated_item_is_found_in_its_row(task: Task, tmp_path: Path) -> None:
    given = rows()
    given[7][1][50] = given[7][1][4]
    findings = checked(task, given, tmp_path)
    assert codes(findings) == {"duplicate-row": 1}
    assert (findings.shown()[0].row, findings.shown()[0].value) == (7, given[7][1][4])


def test_a_missing_and_a_surplus_session(task: Task, tmp_path: Path) -> None:
    given = rows()
    del given[20]  # of ES, the first of its rows that is shifted
    found = checked(task, given, tmp_path)
    assert {"missing-session": 1, "missing-user": 1}.items() <= codes(found).items()
    first = found.shown()[0]
    assert (first.column, first.value, first.expected) == (
        "locale",
        "ES: 69 rows",
        "70, one for each session",
    )
    found = checked(task, [*rows(), rows()[0]], tmp_path)
    assert {"surplus-session": 1, "unknown-user": 100}.items() <= codes(found).items()
    wrong = [("FR" if place == 4 else locale, items) for place, (locale, items) in enumerate(rows())]
    found = checked(task, wrong, tmp_path)
    assert {"unknown-locale": 1, "missing-session": 1}.items() <= codes(found).items()
    assert found.shown()[1].value == "FR: 1 rows"
    # Another locale's name on a row: one has too few, the other too many.
    swapped = [("ES" if place == 5 else locale, items) for place, (locale, items) in enumerate(rows())]
    assert {"missing-session": 1, "surplus-session": 1}.items() <= codes(
        checked(task, swapped, tmp_path)
    ).items()
    nothing: list[Any] = [
        (None if place == 5 else locale, items) for place, (locale, items) in enumerate(rows())
    ]
    found = checked(task, nothing, tmp_path)
    assert {"missing-session": 1, "null-id": 1}.items() <= codes(found).items()
    (empty,) = (each for each in found.shown() if each.code == "null-id")
    assert (empty.row, empty.column) == (5, "locale")


def test_the_layout_without_lists_is_told(task: Task, tmp_path: Path) -> None:
    texts = [{"locale": locale, "next_item_prediction": " ".join(items)} for locale, items in rows()]
    pq.write_table(pa.Table.from_pylist(texts), tmp_path / "p.parquet")
    pyarrow.csv.write_csv(pa.Table.from_pylist(texts), tmp_path / "p.csv")
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, texts)))
    for given in (
        tmp_path / "p.parquet",
        tmp_path / "p.csv",
        tmp_path / "p.jsonl",
        pa.Table.from_pylist(texts),
    ):
        (found,) = validate(task, given).shown()
        assert (found.code, found.column) == ("column-type", "next_item_prediction")
        assert "a list of 100 items" in found.expected


def test_shuffled_rows_of_a_locale_are_seen(task: Task, tmp_path: Path) -> None:
    given = rows()
    above = 0
    for seed in range(8):
        mine = [items for locale, items in given if locale == "IT"]
        random.Random(seed).shuffle(mine)
        shuffled = [(locale, mine.pop() if locale == "IT" else items) for locale, items in given]
        findings = validate(task, table(shuffled))
        assert codes(findings) == {"unlike-order": 1}
        (found,) = findings.shown()
        assert found.severity == "warning"
        hits, mean = re.fullmatch(
            r"IT: (\d+) of 60 find their next item; in any other order ([0-9.]+) would", str(found.value)
        ).groups()  # type: ignore[union-attr]
        above += float(hits) > float(mean)
    assert above, "an order that is better than most by chance alone is told too"
    # Lists that are all alike have no order that could be wrong.
    alike = [(locale, ranking("ES", 1)) for locale, _ in given]
    assert codes(checked(task, alike, tmp_path)) == {}


def test_other_tasks_have_no_places(tmp_path: Path) -> None:
    other = make_task(tmp_path / "task", train=[("u", "a")], test=[("u", "b")])
    pq.write_table(table(rows()), tmp_path / "kdd.parquet")
    assert codes(validate(other, tmp_path / "kdd.parquet")) == {"no-places": 1}
    with pytest.raises(InputError, match="no organisers' layout is known for handmade"):
        write_submission(other, {"u": ["b"]}, tmp_path / "out.parquet")
    gap = make_task(tmp_path / "gap", test=[("t-UK-0", "b"), ("t-UK-2", "b")])
    assert Sessions.of(gap, "test") is None
    mixed = make_task(tmp_path / "mixed", test=[("t-UK-0", "b"), ("s-UK-1", "b")])
    assert Sessions.of(mixed, "test") is None


def test_what_is_expected_names_the_layout(task: Task, tmp_path: Path) -> None:
    assert "next_item_prediction, a list of 100 items" in in_words(expect(task))
    other = make_task(tmp_path / "task", train=[("u", "a")], test=[("u", "b")])
    assert "next_item_prediction" not in in_words(expect(other))


def test_a_folder_of_such_files_has_no_order(task: Task, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    pq.write_table(table(rows()), folder / "part-0.parquet")
    assert codes(validate(task, folder)) == {"unknown-format": 1}


def test_a_submission_has_every_session_and_100_items(task: Task, tmp_path: Path) -> None:
    given = [row for row in long() if row["user_id"] != "task2-IT-5"]
    out = tmp_path / "out.parquet"
    with pytest.raises(RejectedError) as caught:
        write_submission(task, pa.Table.from_pylist(given), out)
    assert "task2-IT-5: 0 items" in str(caught.value)
    with pytest.raises(RejectedError) as caught:
        write_submission(task, pa.Table.from_pylist(long()[1:]), out)
    assert "task2-ES-0: 99 items" in str(caught.value)
    with pytest.raises(InputError, match="the layout is Parquet"):
        write_submission(task, pa.Table.from_pylist(long()), tmp_path / "out.csv")
    assert not out.exists()
    # Items that the task does not know are the publisher's all the same.
    strange = [row | {"item_id": "B0NEW"} if row["score"] == -9.0 else row for row in long()]
    rows, findings = write_submission(task, pa.Table.from_pylist(strange), out)
    assert (rows, codes(findings)) == (130, {"unknown-item": 130})
    assert pq.read_table(out).column("next_item_prediction")[0].as_py()[9] == "B0NEW"


def test_scattered_rows_and_ties(task: Task, tmp_path: Path) -> None:
    tied = [row | {"score": 1.0} if row["score"] == 0.0 else row | {"score": 0.0} for row in long()]
    random.Random(1).shuffle(tied)
    write_submission(task, pa.Table.from_pylist(tied), tmp_path / "out.parquet")
    lists = pq.read_table(tmp_path / "out.parquet").column("next_item_prediction").to_pylist()
    own = ranking("ES", 6)
    assert lists[6][0] == own[0]
    assert lists[6][1:] == sorted(own[1:], key=lambda item: hashlib.md5(item.encode()).hexdigest())


def test_the_real_test_set(home: Path, data: Path, tmp_path: Path) -> None:
    build(load_card("amazon-m2"), data / "amazon-m2")
    task = api.task("amazon-m2/kdd-cup-2023-task2")
    long_file = tmp_path / "long.parquet"
    assert baselines.run("previous-items", task, long_file, repeats=False) == 34_688 * 100
    first = score(task, long_file, by="users.locale")
    assert {each["name"]: each["units"] for each in first.document["slices"]} == {
        "users.locale=ES": 8_176,
        "users.locale=FR": 12_520,
        "users.locale=IT": 13_992,
    }
    assert 0.1 < first.metrics["Recall@100"] < 1
    whole = pq.read_table(long_file)
    pyarrow.csv.write_csv(whole, tmp_path / "long.csv")
    kdd = tmp_path / "kdd.parquet"
    asked = ["submission", task.name, str(long_file), "-o", str(kdd)]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 0, done.output
    assert score(task, tmp_path / "long.csv").metrics == first.metrics
    again = score(task, kdd, by="users.locale")
    assert again.metrics == first.metrics
    assert again.document["slices"] == first.document["slices"]
    # One locale shuffled, as a join on the way might do it: the others stand.
    lists = pq.read_table(kdd)
    assert codes(validate(task, lists)) == {}
    order = list(range(lists.num_rows))
    spanish = order[:8_176]
    random.Random(3).shuffle(spanish)
    order[:8_176] = spanish
    findings = validate(task, lists.take(order))
    assert codes(findings) == {"unlike-order": 1}
    assert str(findings.shown()[0].value).startswith("ES: ")
    # Four faults in one file, each at its row.
    first = lists.column("locale").to_pylist().index("FR")
    column = "next_item_prediction"
    some = lists.slice(first, 3).to_pylist()
    some[0][column] = some[0][column][:99]
    some[1][column] = [*some[1][column], "B000000000"]
    some[2][column] = [*some[2][column][:99], some[2][column][0]]
    changed = pa.Table.from_pylist(some, lists.schema)
    faulty = pa.concat_tables(
        [lists.slice(0, first), changed, lists.slice(first + 3, lists.num_rows - first - 4)]
    )
    findings = validate(task, faulty, limit=100)
    found = {each.code: (each.row, each.value) for each in findings.shown()}
    assert found["few-items"] == (first, "99 items")
    assert found["many-items"] == (first + 1, "101 items")
    assert found["duplicate-row"] == (first + 2, some[2][column][0])
    assert found["missing-session"] == (None, "IT: 13,991 rows")
    assert "unlike-order" not in found
