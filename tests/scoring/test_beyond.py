"""Metrics beyond accuracy in scores: from a file's lists, the training part and the corpus's items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import make_task

from recdata.errors import InputError
from recdata.metrics.definition import definitions
from recdata.metrics.kernel import ln
from recdata.metrics.lists import Features
from recdata.protocol.task import Task
from recdata.schema.documents import check
from recdata.scoring import lists
from recdata.scoring.score import score

BEYOND = [name for name, definition in definitions().items() if definition.family == "beyond"]


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    sets = np.array([[True, False], [True, True], [False, True], [False, False]])
    monkeypatch.setattr(lists, "features_of", lambda task, column: Features(sets))
    return make_task(
        tmp_path / "task",
        train=[("u1", "a"), ("u2", "a"), ("u2", "b"), ("u3", "a")],
        test=[("u1", "b"), ("u2", "c"), ("u3", "b")],
        items="d",
    )


def frame(rows: list[tuple[str, str, float]]) -> Any:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "score"])


LISTS = [("u1", "b", 3), ("u1", "c", 2), ("u1", "zz", 1), ("u2", "c", 2), ("u2", "d", 1)]


def test_by_hand(task: Task) -> None:
    expected = {
        "Coverage@2": 3 / 4,
        "Gini@2": (-3 * 0 - 1 * 1 + 1 * 1 + 3 * 2) / (4 * 4),
        "Entropy@2": 1.5,
        "Completeness@4": (3 / 4 + 2 / 4 + 0) / 3,
        "SelfInformation@1": np.log2(3),
        "ARP@1": (1 + 0) / 2,
        "EPC(discount='none')@1": (2 / 3 + 1) / 2,
        "Unexpectedness@1": 1.0,
        "Unexpectedness@2": (1 / 2 + 1) / 2,
        "Serendipity@1": 1.0,
        "APLT(share=0.5)@2": 1.0,
        "ACLT(share=0.5)@2": 2.0,
        "ILD(by='genres')@2": (1 / 2 + 1) / 2,
    }
    result = score(task, frame(LISTS), metrics=list(expected))
    assert result.metrics == pytest.approx(expected, abs=1e-12)
    check(result.document, "result", "test")
    entry = result.document["metrics"]
    assert entry["Coverage@2"]["standard_error"] is None
    assert entry["Coverage@2"]["population"] == 3
    assert entry["ARP@1"]["population"] == 2  # u3 has no list
    assert "Coverage@2" not in result.per_user().column_names
    assert result.per_user().column("ARP@1").to_pylist() == [1.0, 0.0, None]


def test_all_at_once_in_any_order_of_rows(task: Task) -> None:
    metrics = [f"{name}@2" for name in BEYOND] + ["nDCG@2"]
    whole = score(task, frame(LISTS), metrics=metrics).metrics
    assert set(whole) == set(metrics)
    assert score(task, frame(LISTS[::-1]), metrics=metrics).metrics == whole
    for metric in metrics:
        assert score(task, frame(LISTS), metrics=metric).metrics == {metric: whole[metric]}
    for name in BEYOND:
        definition = definitions()[name]
        assert definition.low <= whole[f"{name}@2"] <= (definition.high or 10)


def test_what_has_no_meaning(task: Task) -> None:
    with pytest.raises(InputError, match="ranx has no Coverage"):
        score(task, frame(LISTS), metrics="coverage@2", convention="ranx")
    with pytest.raises(InputError, match="needs a cutoff"):
        score(task, frame(LISTS), metrics="coverage")


def test_vectors(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    monkeypatch.setattr(lists, "features_of", lambda task, column: Features(None, vectors))
    found = score(task, frame(LISTS), metrics="ild(by=embedding)@2").document["metrics"][
        "ILD(by='embedding')@2"
    ]
    assert (found["mean"], found["population"]) == ((1 + 1 / 2) / 2, 2)
    with pytest.raises(InputError, match="vectors, not categories"):
        score(task, frame(LISTS), metrics="calibration(by=embedding)@2")


def test_logarithms_are_those_of_the_platform_but_for_some_bits() -> None:
    values = np.concatenate([np.arange(1.0, 3000), 10.0 ** np.arange(-300, 300), np.linspace(0.5, 2, 999)])
    assert ln(values) == pytest.approx(np.log(values), rel=1e-14, abs=1e-16)


def test_columns_of_the_corpus(home: Path, data: Path) -> None:
    import recdata

    task = recdata.task("movielens-100k/loo-last", from_path=data / "movielens" / "ml-100k")
    user_ids, item_ids = task.user_ids.to_pylist()[:50], task.item_ids.to_pylist()[:10]
    rows = [(user, item, float(-place)) for user in user_ids for place, item in enumerate(item_ids)]
    result = score(
        task, frame(rows), metrics=["ild(by=genres)@5", "calibration(by=items.genres)@5", "coverage@5"]
    )
    assert 5 / len(task.item_ids) <= result["coverage@5"] <= 10 / len(task.item_ids)
    assert 0 < result["ild(by=genres)@5"] < 1
    with pytest.raises(InputError, match="items have no column 'colour'"):
        score(task, frame(rows), metrics="ild(by=colour)@5")
