"""Scoring and validating on Spark: the same bits, counts and findings as in this process, whatever the partitioning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from handmade import RATING, make_task

import recdata
from recdata import api
from recdata.cli import cli
from recdata.errors import InputError, MissingError
from recdata.metrics.definition import definitions
from recdata.protocol.task import Task
from recdata.scoring.score import compare, score
from recdata.scoring.spark import share, union
from recdata.scoring.validate import validate
from recdata.submission.finding import RejectedError

SAME = ("task", "predictions", "metrics", "primary", "choices", "counts", "slices")


def measures(family: str, *without: str) -> list[str]:
    """Every metric of a family, at a cutoff and without where it may be."""
    found = []
    for name, definition in definitions().items():
        if definition.family == family and not definition.reads and name not in without:
            found += [name] if definition.cutoff != "required" else []
            found += [f"{name}@4"] if definition.cutoff != "none" else []
    return found


def same(task: Task, predictions: Path, spark: Any, **asked: Any) -> Any:
    """Score on both engines, and hold the results against each other."""
    here, there = score(task, predictions, **asked), score(task, str(predictions), engine=spark, **asked)
    for key in SAME:
        assert there.document.get(key) == here.document.get(key), key
    assert there.findings.to_dict() == here.findings.to_dict()
    assert there.document["environment"]["engine"] == "spark"
    return there


def write(folder: Path, parts: int, **columns: Any) -> Path:
    """Write rows as a folder of Parquet files."""
    folder.mkdir(parents=True)
    table = pa.table(columns)
    for number in range(parts):
        first, last = (len(table) * at // parts for at in (number, number + 1))
        pq.write_table(table.slice(first, last - first), folder / f"part-{number}.parquet")
    return folder


def ranking(folder: Path, seed: int, users: int = 40, items: int = 60) -> tuple[Task, dict[str, list[Any]]]:
    """A task, and predictions with ties, missing users, unknown ids, seen items, and one user of very many rows."""
    random = np.random.default_rng(seed)

    def pairs(many: int) -> list[tuple[str, str, float]]:
        who = np.minimum((users * random.random(many) ** 2).astype(int), users - 1)
        what = np.minimum((items * random.random(many) ** 2).astype(int), items - 1)
        return [
            (f"u{u}", f"i{i}", float(r))
            for u, i, r in zip(who, what, random.integers(1, 6, many), strict=True)
        ]

    task = make_task(
        folder, train=pairs(400), valid=pairs(60), test=pairs(200), items=[f"x{n}" for n in range(900)]
    )
    rows: list[tuple[str, str, float]] = []
    for user in random.permutation(users + 4)[: users - 3].tolist():
        listed = random.choice(items + 8, int(random.integers(1, 40)), replace=False)
        levels = int(random.choice([2, 5, 10**6]))
        rows += [(f"u{user}", f"i{item}", int(random.integers(levels)) / levels) for item in listed.tolist()]
    rows += [("u1", f"x{n}", 0.25) for n in range(900) if ("u1", f"x{n}", 0.25) not in rows]
    columns = dict(zip(("user_id", "item_id", "score"), map(list, zip(*rows, strict=True)), strict=True))
    return task, columns


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ties_missing_users_and_skew(
    seed: int, tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = (1, 4, 7)[seed]
    monkeypatch.setattr(union, "partitions", lambda session, rows: number)
    monkeypatch.setattr(share, "ROWS", (200, 1 << 20, 400)[seed])
    task, columns = ranking(tmp_path / "task", seed)
    if seed == 1:  # rows of a user are in several files, and out of order
        order = np.random.default_rng(9).permutation(len(columns["score"]))
        columns = {name: [values[at] for at in order] for name, values in columns.items()}
    predictions = write(tmp_path / "predicted", seed + 1, **columns)
    plain = [*measures("ranking"), *measures("beyond", "ILD", "Calibration"), "nDCG(gain='graded')@3"]
    result = same(task, predictions, spark, metrics=plain)
    assert result.document["counts"]["missing_users"]
    assert result.document["counts"]["unknown_item_rows"]
    same(task, predictions, spark, metrics=measures("ranking"), ties=("expected", "best", "worst")[seed])


def test_every_metric_convention_and_slice_on_the_real_movielens(
    data: Path, home: Path, tmp_path: Path, spark: Any
) -> None:
    task = recdata.task("movielens-100k/loo-last", from_path=data / "movielens/ml-100k")
    random = np.random.default_rng(3)
    columns: dict[str, list[Any]] = {"user_id": [], "item_id": [], "score": []}
    popular = np.bincount(task.pairs("train").item, minlength=len(task.item_ids))
    for user in range(len(task.user_ids)):
        if user % 50:
            items = random.choice(len(popular), 50, replace=False, p=(popular + 1) / (popular + 1).sum())
            columns["user_id"] += [task.user_ids[user].as_py()] * 50
            columns["item_id"] += [task.item_ids[item].as_py() for item in items.tolist()]
            columns["score"] += (popular[items] // 20).tolist()
    predictions = write(tmp_path / "predicted", 3, **columns)
    rich = ["ILD(by='genres')@5", "Calibration(by='genres')@5"]
    plain = [*measures("ranking"), *measures("beyond", "ILD", "Calibration"), *rich]
    result = same(task, predictions, spark, metrics=plain)
    values = result.per_user()
    assert values.equals(score(task, predictions, metrics=plain).per_user().select(values.column_names))
    same(
        task,
        predictions,
        spark,
        metrics="ndcg@10,recall@5,coverage@5",
        by="all,items.genres,users.gender,rating",
    )
    same(task, predictions, spark, metrics=measures("ranking"), ties="expected")
    few = "ndcg@10,recall@5,map@10,mrr@10,hr@3,precision@5"
    here, there = (
        compare(task, given, "all", metrics=few, engine=on)
        for given, on in ((predictions, None), (str(predictions), spark))
    )
    assert [each.document["metrics"] for each in here] == [each.document["metrics"] for each in there]
    assert [each.document["choices"] for each in here] == [each.document["choices"] for each in there]


def labels(folder: Path, seed: int) -> tuple[Task, dict[str, list[Any]]]:
    """A rating task of labels, a pair rated twice in it, and probabilities, some of them equal."""
    random = np.random.default_rng(seed)
    rows = [
        (f"u{u}", f"i{i}", float(random.random() < 0.4))
        for u in range(12)
        for i in random.choice(15, 7, replace=False)
    ]
    task = make_task(folder, train=[("u0", "i0"), ("u3", "i2")], test=[*rows, (*rows[5][:2], 1.0)], **RATING)
    score = random.integers(0, 20, len(rows)) / 20
    user, item, _ = zip(*rows, strict=True)
    return task, {"user_id": list(user), "item_id": list(item), "score": score.tolist()}


def test_ratings_and_labels(tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(union, "partitions", lambda session, rows: 3)
    monkeypatch.setattr(share, "ROWS", 40)
    task, columns = labels(tmp_path / "task", 0)
    predictions = write(tmp_path / "predicted", 2, **columns)
    wanted = [*measures("rating"), "GAUC(weights='positives')", "CalibrationError(bins=3)"]
    result = same(task, predictions, spark, metrics=wanted, by="repeat")
    assert result.per_user().equals(score(task, predictions, metrics=wanted).per_user())
    with pytest.raises(RejectedError) as here:
        score(task, columns_without(columns, 3, tmp_path / "less"))
    with pytest.raises(RejectedError) as there:
        score(task, str(tmp_path / "less"), engine=spark)
    assert there.value.findings.counts == here.value.findings.counts == {"missing-pair": 3}


def columns_without(columns: dict[str, list[Any]], number: int, folder: Path) -> Path:
    return write(folder, 1, **{name: values[number:] for name, values in columns.items()})


def test_candidates_judged_misses_and_thresholds(tmp_path: Path, spark: Any) -> None:
    test = [("a", "x", 5.0), ("a", "y", 2.0), ("b", "x", 4.0), ("b", "z", 1.0), ("c", "w", 4.0)]
    free = make_task(
        tmp_path / "free", test=test, train=[("a", "w"), ("c", "x")], relevance={"min_rating": 4.0}
    )
    rows = {"user_id": list("aaabbb"), "item_id": list("yxzzxw"), "score": [0.9, 0.8, 0.8, 0.3, 0.3, 0.1]}
    predictions = write(tmp_path / "free rows", 1, **rows)
    same(free, predictions, spark, metrics="Bpref,nDCG@2,UAUC")
    pairs = [(user, item) for user in "abc" for item in "wxy"]
    fixed = make_task(tmp_path / "fixed", test=[row[:2] for row in test[:3]], candidates=pairs)
    with pytest.raises(RejectedError) as there:
        score(fixed, str(predictions), engine=spark)
    assert there.value.findings.to_dict() == validate(fixed, predictions).to_dict()
    assert there.value.findings.counts["outside-candidates"] == 2


@pytest.mark.parametrize("ordered", ["score", "rank"])
def test_findings(ordered: str, tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(union, "partitions", lambda session, rows: 3)
    task, columns = ranking(tmp_path / "task", 5)
    user, item = columns["user_id"], columns["item_id"]
    user += ["u2", "u2", None, "", "U7", "nobody", "nobody", " u3", "u4"]
    item += ["i1", "i1", "i1", "i2", "i3", "i3", "i3", "i4", None]
    numbers = [*columns["score"], 0.5, 0.4, 0.1, 0.1, 0.1, 0.1, float("nan"), 0.2, 0.3]
    if ordered == "rank":
        numbers = [float(1 + round(100 * number)) if number == number else None for number in numbers]
    predictions = write(tmp_path / "predicted", 4, user_id=user, item_id=item, **{ordered: numbers})
    limit = 3 if ordered == "score" else 50
    here = validate(task, predictions, limit=limit)
    there = validate(task, str(predictions), limit=limit, engine=spark)
    assert there.to_dict() == here.to_dict()
    assert {"duplicate-row", "null-id", "bad-number", "near-id", "unknown-user"} <= set(there.counts)
    assert ("rank-order" in there.counts) == (ordered == "rank")


def test_nobody_known_and_nothing_there(tmp_path: Path, spark: Any) -> None:
    task = make_task(tmp_path / "task", test=[("u1", "a"), ("u2", "b")])
    strangers = write(tmp_path / "strangers", 1, user_id=["U1", "U2"], item_id=["a", "b"], score=[1.0, 2.0])
    assert validate(task, str(strangers), engine=spark).to_dict() == validate(task, strangers).to_dict()
    nothing = write(
        tmp_path / "nothing",
        1,
        user_id=pa.array([], pa.string()),
        item_id=pa.array([], pa.string()),
        score=pa.array([], pa.float64()),
    )
    assert validate(task, str(nothing), engine=spark).counts == {"no-rows": 1}
    wrong = write(tmp_path / "wrong", 1, user_id=[1.5], item_id=["a"], score=[1.0])
    assert validate(task, str(wrong), engine=spark).counts == {"column-type": 1}
    with pytest.raises(MissingError):
        score(task, str(tmp_path / "absent"), engine=spark)


def test_other_formats_have_the_same_metrics(tmp_path: Path, spark: Any) -> None:
    task, columns = ranking(tmp_path / "task", 8)
    expected = score(task, write(tmp_path / "parquet", 1, **columns)).document["metrics"]
    rows = list(zip(*columns.values(), strict=True))
    (tmp_path / "csv").mkdir()
    for number, some in enumerate((rows[:500], rows[500:])):
        text = "".join(f"{user},{item},{value!r}\n" for user, item, value in some)
        (tmp_path / f"csv/part-{number}.csv").write_text("user_id,item_id,score\n" + text, encoding="utf-8")
    lines = "".join(
        json.dumps({"user_id": user, "item_id": item, "score": value}) + "\n" for user, item, value in rows
    )
    (tmp_path / "lines.jsonl").write_text(lines, encoding="utf-8")
    lists: dict[str, list[list[Any]]] = {}
    for user, item, value in rows:
        lists.setdefault(user, [[], []])
        lists[user][0].append(item)
        lists[user][1].append(value)
    listed = {
        "user_id": list(lists),
        "items": [of[0] for of in lists.values()],
        "scores": [of[1] for of in lists.values()],
    }
    whole = tmp_path / "lists" / "all.parquet"
    write(tmp_path / "lists", 1, **listed)
    (tmp_path / "lists" / "part-0.parquet").rename(whole)
    for given in (tmp_path / "csv", tmp_path / "lines.jsonl", whole):
        result = score(task, str(given), engine=spark)
        assert result.document["metrics"] == expected, given.name
        if given.is_file():
            here = score(task, given).document["predictions"]
            assert result.document["predictions"] == {**here, "rows": len(rows)}, given.name


def test_an_order_of_rows_that_is_not_known_is_not_made_up(tmp_path: Path, spark: Any) -> None:
    task = make_task(tmp_path / "task", test=[("u", "a")], items=["b"])
    (tmp_path / "rows.csv").write_text("user_id,item_id,score\nu,b,1\nu,a,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="as Parquet"):
        score(task, str(tmp_path / "rows.csv"), convention="ranx", engine=spark)


def test_tables_and_frames(tmp_path: Path, spark: Any) -> None:
    task, columns = ranking(tmp_path / "task", 8)
    folder = write(tmp_path / "parquet", 2, **columns)
    expected = score(task, folder)
    frame = spark.read.parquet(str(folder))
    found = score(task, frame, engine=spark).document
    assert found["metrics"] == expected.document["metrics"]
    shuffled = score(task, frame.repartition(3), engine=spark).document
    assert shuffled["predictions"]["sha256"] == found["predictions"]["sha256"]
    frame.createOrReplaceGlobalTempView("made_elsewhere")
    assert score(task, "global_temp.made_elsewhere", engine=spark).document["metrics"] == found["metrics"]
    with pytest.raises(InputError, match="reads a path"):
        score(task, pa.table(columns), engine=spark)


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: Any) -> None:
    task, columns = ranking(tmp_path / "task", 3)
    monkeypatch.setattr(api, "task", lambda name, **_: task)
    predictions = write(tmp_path / "predicted", 2, **columns)

    def run(verb: str, *more: str) -> Any:
        arguments = [verb, "any/task", str(predictions), "--json", *more]
        outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
        if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
            raise outcome.exception
        return json.loads(outcome.stdout)

    users = tmp_path / "users.parquet"
    there, here = run("score", "--engine", "spark", "--per-user", str(users)), run("score")
    assert there["metrics"] == here["metrics"]
    assert pq.ParquetDataset(users).read().num_rows == here["counts"]["population"]
    assert run("validate", "--engine", "spark") == run("validate")
    with pytest.raises(InputError, match="there already"):
        run("score", "--engine", "spark", "--per-user", str(users))
