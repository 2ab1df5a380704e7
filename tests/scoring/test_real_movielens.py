"""The popularity baseline on the real ml-100k, scored here and by ranx and pytrec_eval from the same lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import recdata
from recdata import baselines
from recdata.protocol.task import Task

CUTOFFS = (1, 5, 10, 20)
PYTREC = {"nDCG": "ndcg_cut", "Recall": "recall", "Precision": "P", "HR": "success", "MAP": "map_cut"}
RANX = {
    "nDCG": "ndcg",
    "Recall": "recall",
    "Precision": "precision",
    "HR": "hit_rate",
    "MRR": "mrr",
    "MAP": "map",
}


@pytest.fixture
def task(home: Path, data: Path) -> Task:
    return recdata.task("movielens-100k/loo-last", from_path=data / "movielens" / "ml-100k")


@pytest.fixture
def predictions(task: Task, tmp_path: Path) -> Path:
    baselines.run("popularity", task, tmp_path / "popularity.parquet")
    return tmp_path / "popularity.parquet"


@pytest.fixture
def others(task: Task, predictions: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Truth and lists as the others want them; ties ordered first, as the rule says, by whole numbers as scores."""
    from handmade import md5

    truth: dict[str, dict[str, int]] = {}
    for row in task.to_arrow("test").select(["user_id", "item_id"]).to_pylist():
        truth.setdefault(row["user_id"], {})[row["item_id"]] = 1
    lists: dict[str, list[tuple[float, str, str]]] = {}
    for row in pq.read_table(predictions).to_pylist():
        lists.setdefault(row["user_id"], []).append((-row["score"], md5(row["item_id"]), row["item_id"]))
    run = {
        user: {item: float(len(rows) - place) for place, (_, _, item) in enumerate(sorted(rows))}
        for user, rows in lists.items()
    }
    return truth, run


def test_the_spine(task: Task) -> None:
    assert (len(task.user_ids), len(task.item_ids)) == (943, 1682)
    assert sum(task.manifest["parts"][part]["rows"] for part in ("train", "valid", "test")) == 100_000


def test_against_pytrec_eval(
    task: Task, predictions: Path, others: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    names = [f"{mine}@{cutoff}" for mine in PYTREC for cutoff in CUTOFFS]
    result = recdata.score(task, predictions, metrics=[*names, "MRR", "MAP", "nDCG"])
    cuts = ",".join(map(str, CUTOFFS))
    wanted = {f"{name}.{cuts}" for name in PYTREC.values()} | {"recip_rank", "map", "ndcg"}
    per_user = pytrec_eval.RelevanceEvaluator(others[0], wanted).evaluate(others[1])
    theirs = {f"{mine}@{cutoff}": f"{name}_{cutoff}" for mine, name in PYTREC.items() for cutoff in CUTOFFS}
    for mine, name in {**theirs, "MRR": "recip_rank", "MAP": "map", "nDCG": "ndcg"}.items():
        mean = sum(values[name] for values in per_user.values()) / len(others[0])
        assert result[mine] == pytest.approx(mean, rel=0, abs=1e-12), mine


def test_against_ranx(task: Task, predictions: Path, others: tuple[dict[str, Any], dict[str, Any]]) -> None:
    ranx = pytest.importorskip("ranx")
    names = {f"{mine}@{cutoff}": f"{name}@{cutoff}" for mine, name in RANX.items() for cutoff in CUTOFFS}
    result = recdata.score(task, predictions, metrics=list(names))
    found = ranx.evaluate(
        ranx.Qrels(others[0]), ranx.Run(others[1]), list(names.values()), make_comparable=True
    )
    for mine, name in names.items():
        assert result[mine] == pytest.approx(found[name], rel=0, abs=1e-12), mine


def test_the_same_bits_after_shuffling(task: Task, predictions: Path, tmp_path: Path) -> None:
    table = pq.read_table(predictions).to_pandas().sample(frac=1, random_state=7)
    table.to_csv(tmp_path / "shuffled.csv.gz", index=False)
    first, second = recdata.score(task, predictions), recdata.score(task, tmp_path / "shuffled.csv.gz")
    assert first.document["metrics"] == second.document["metrics"]
    assert first.document["counts"] == second.document["counts"]
