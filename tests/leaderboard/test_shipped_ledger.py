"""The ledger of this repository: nothing in it is wrong, and its baselines can be made again from the real files."""

from __future__ import annotations

import pytest

from recdata import api
from recdata.leaderboard.check import check_ledger
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.remake import made_by_recdata, remake


def test_nothing_is_wrong():
    ledger = Ledger()
    assert len(ledger.entries()) > 80
    assert [fault for fault in check_ledger(ledger) if fault.level == "error"] == []


def test_every_task_has_baselines():
    by_task: dict[str, set[str]] = {}
    for entry in Ledger().entries():
        if made_by_recdata(entry):
            by_task.setdefault(entry.task, set()).add(entry.model["baseline"])
    assert len(by_task) >= 6
    for names in by_task.values():
        assert {"oracle", "anti-oracle"} <= names
        # Bias and SVD predict ratings, no probabilities: boards of clicks have logistic regression in their place.
        rating = {"mean", "item-mean"} <= names and (
            {"bias", "svd"} <= names or "logistic-regression" in names
        )
        assert {"random", "popularity"} <= names or rating


def test_ease_on_gowalla_is_what_was_published():
    entries = [entry for entry in Ledger().entries() if entry.task.startswith("gowalla-ngcf@")]
    ease = next(entry for entry in entries if entry.model.get("baseline") == "ease")
    assert ease.model["parameters"] == {"l2": 80.0}
    assert round(ease.metrics["Recall@20"]["mean"], 4) == 0.1765
    assert round(ease.metrics["nDCG@20"]["mean"], 4) == 0.1467


@pytest.mark.parametrize(
    "name", ["movielens-100k@1.0.0/loo-last@1", "movielens-100k@1.0.0/ml-100k-official@1"]
)
def test_verified_numbers_are_made_again_from_nothing(name, data, home):
    pytest.importorskip("implicit")
    api.load("movielens-100k", from_path=data / "movielens" / "ml-100k")
    found = list(remake(Ledger(), api.task, only=name))
    assert len(found) >= 6
    assert [(each.entry.label, each.differences) for each in found if each.differences] == []


def test_the_sessions_of_amazon_m2_are_made_again(data, home):
    pytest.importorskip("scipy")
    api.load("amazon-m2", from_path=data / "amazon-m2")
    found = list(remake(Ledger(), api.task, only="previous-items"))
    assert len(found) == 2
    assert [each.differences for each in found] == [[], []]
    assert {each.entry.task for each in found} == {"amazon-m2@1.1.0/kdd-cup-2023-task2@1"}
