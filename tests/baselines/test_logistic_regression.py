"""Logistic regression for CTR tasks: against another solver on features made here, and what its features are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from small import build_declared, make_task

import recdata
from recdata import baselines
from recdata.baselines import _output
from recdata.baselines._card import card
from recdata.baselines._features import Features, _texts
from recdata.baselines._tune import tune
from recdata.cli import cli
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.schema.documents import check

pytest.importorskip("scipy")
linear_model = pytest.importorskip("sklearn.linear_model")


def events() -> Iterator[dict[str, Any]]:
    """Yield clicks that depend on the locale, the item's kind and a number, over 40 users and 12 items."""
    random = np.random.default_rng(5)
    for user in range(40):
        for item in range(12):
            locale, weight = ["UK", "DE", None][(user + item) % 3], float(random.integers(0, 40))
            odds = (locale == "UK") * 2.0 + (item % 3 == 0) * 1.5 - 2 + weight / 40
            yield {
                "user": f"u{user}",
                "item": f"i{item}",
                "seconds": 1_000_000_000 + 40_000 * user + 7_000 * item,
                "rating": float(random.random() < 1 / (1 + np.exp(-odds))),
                "locale": locale,
                "weight": weight,
                "split": "train",
            }


ITEMS = [{"item": f"i{k}", "kind": f"k{k % 3}", "genres": ["all", f"g{k % 2}"]} for k in range(12)]


@pytest.fixture
def task(home: Path, tmp_path: Path) -> Task:
    corpus = build_declared(Path(home) / "corpora" / "raw", events(), ITEMS)
    return make_task(
        corpus,
        tmp_path / "task",
        "autoint",
        corpora=["small"],
        filters=[{"binarise": {"at_least": 1}}],
        split={"ratio-overall": {"train": 70, "valid": 10, "test": 20}},
    )


def predicted(task: Task, folder: Path, part: str = "test", **options: Any) -> dict[tuple[str, str], float]:
    baselines.run("logistic-regression", task, folder / "lr.parquet", part=part, **options)
    return {
        (r["user_id"], r["item_id"]): r["score"] for r in pq.read_table(folder / "lr.parquet").to_pylist()
    }


def features(row: Any, kinds: dict[str, Any]) -> set[str]:
    """Return a row's features as texts, written down again."""
    item = kinds[row.item_id]
    number = row.weight
    size = f"{int(number)}" if number <= 2 else f"log{int(np.log(number) ** 2)}"
    found = {f"u {row.user_id}", f"i {row.item_id}", f"h {row.timestamp.hour}", f"w {size}"}
    found |= {f"d {row.timestamp.weekday()}", f"k {item['kind']}", *(f"g {each}" for each in item["genres"])}
    return found | ({f"l {row.locale}"} if isinstance(row.locale, str) else set())


def test_it_is_what_another_solver_finds(task: Task, tmp_path: Path) -> None:
    kinds = {item["item"]: item for item in ITEMS}
    train, test = ([*task.to_pandas(part).itertuples()] for part in ("train", "test"))
    known = sorted(set().union(*(features(row, kinds) for row in train)))

    def table(rows: list[Any]) -> np.ndarray:
        return np.array(
            [[name in own for name in known] for own in (features(row, kinds) for row in rows)], float
        )

    model = linear_model.LogisticRegression(C=1 / 2.0, tol=1e-10, max_iter=10_000)
    model.fit(table(train), [row.rating for row in train])
    chances = model.predict_proba(table(test))[:, 1]
    found = predicted(task, tmp_path, l2=2.0, rare=1)
    assert [found[row.user_id, row.item_id] for row in test] == pytest.approx(chances.tolist(), abs=2e-5)


def test_it_is_better_than_the_mean_and_the_same_each_time(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = predicted(task, tmp_path)
    assert predicted(task, tmp_path, seed=3) == first
    monkeypatch.setattr(_output, "_CELLS", 20)  # whatever the blocks that are predicted at once
    assert predicted(task, tmp_path) == first
    assert all(0 < chance < 1 for chance in first.values())
    own = recdata.score(task, tmp_path / "lr.parquet")
    baselines.run("mean", task, tmp_path / "mean.parquet")
    mean = recdata.score(task, tmp_path / "mean.parquet")
    assert own["AUC"] > 0.6
    assert own["LogLoss"] < mean["LogLoss"]


def test_rare_features_and_columns_that_are_chosen(task: Task, tmp_path: Path) -> None:
    alone = predicted(task, tmp_path, columns="", rare=10_000)
    share = task.rows("train").rating.mean()
    assert list(alone.values()) == pytest.approx([share] * len(alone), abs=1e-6)
    some = predicted(task, tmp_path, columns="locale, items.genres")
    assert some != predicted(task, tmp_path)
    assert predicted(task, tmp_path, most_rows=100) != predicted(task, tmp_path)
    with pytest.raises(
        InputError, match=r"no column 'colour' for features; it has event, session_id, .*items.kind"
    ):
        predicted(task, tmp_path, columns="colour")


def test_what_is_the_label_or_a_split_is_no_feature(task: Task) -> None:
    chosen = Features(task, "all", 12)._columns
    assert ("interactions", "split") not in chosen
    assert {("interactions", "locale"), ("items", "kind"), ("items", "genres")} <= set(chosen)
    task.manifest["protocol"]["filters"] = [{"binarise": {"column": "weight", "at_least": 1}}]
    assert ("interactions", "weight") not in Features(task, "all", 12)._columns


def test_numbers_fall_together_where_they_are_large() -> None:
    import pyarrow as pa

    assert _texts(pa.array([-1, 0, 2, 3, 4, 1000])) == ["-1", "0", "2", "log1", "log1", "log47"]


def test_ratings_of_stars_are_refused(home: Path, tmp_path: Path) -> None:
    rows = [
        {"user": f"u{k % 5}", "item": f"i{k}", "seconds": 10**9, "rating": 1.0 + k % 5} for k in range(50)
    ]
    task = make_task(build_declared(tmp_path / "raw", rows), tmp_path / "task", "rating-random-80-20")
    with pytest.raises(InputError, match="learns from ratings that are 0 and 1"):
        predicted(task, tmp_path)


def test_card_and_tuning(task: Task) -> None:
    tuned = tune("logistic-regression", task)
    assert tuned.options["l2"] in (0.1, 1.0, 10.0)
    assert [each["parameters"]["l2"] for each in tuned.tuning["tried"]] == [0.1, 1.0, 10.0]
    document = card("logistic-regression", tuned.options, tuning=tuned.tuning)
    check(document, "model", "test")


def test_on_a_sample_of_criteo(home: Path, data: Path, tmp_path: Path) -> None:
    recdata.task("criteo/autoint-logs", from_path=data / "criteo-sample", allow_partial=True)
    out = str(tmp_path / "p.parquet")
    ran = CliRunner().invoke(cli, ["baseline", "logistic-regression", "criteo/autoint-logs", "-o", out])
    assert ran.exit_code == 0, ran.stderr
    assert "20 predictions of logistic-regression" in ran.stderr
    assert 0 < recdata.score(recdata.task("criteo/autoint-logs"), out)["LogLoss"] < 5
