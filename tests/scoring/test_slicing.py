"""Scores of slices: the same lists, judged for a part of the truth alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from handmade import RATING, make_task

from recdata import api
from recdata.cli import cli
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.schema.documents import check
from recdata.scoring.score import score


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(
        tmp_path / "task",
        train=[("u1", "x"), ("u2", "a"), ("u2", "x")],
        test=[("u1", "a"), ("u1", "b"), ("u2", "b"), ("u3", "a")],
    )


@pytest.fixture
def lists() -> pd.DataFrame:
    rows = [("u1", "b", 3), ("u1", "z", 2), ("u1", "a", 1), ("u2", "z", 2), ("u2", "b", 1), ("u3", "a", 1)]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "score"])


def test_cold_and_warm(task: Task, lists: pd.DataFrame) -> None:
    result = score(task, lists, metrics="mrr,recall@1", by="cold")
    check(result.document, "result", "test")
    found = {each["name"]: each for each in result.document["slices"]}
    # b is not in training: u1 and u2 have it, at ranks 1 and 2; a, known, is u1's third and u3's first.
    assert found["cold-items"]["units"] == 2
    assert found["cold-items"]["metrics"]["MRR"]["mean"] == 0.75
    assert found["warm-items"]["metrics"]["MRR"]["mean"] == pytest.approx((1 / 3 + 1) / 2)
    assert found["warm-items"]["metrics"]["Recall@1"]["mean"] == 0.5
    assert found["cold-users"]["metrics"]["MRR"] == {"mean": 1.0, "standard_error": None, "population": 1}
    assert found["warm-users"]["metrics"]["MRR"]["population"] == 2
    assert score(task, lists, metrics="mrr,recall@1")["mrr"] == result["mrr"]


def test_slices_of_all_sum_up(task: Task, lists: pd.DataFrame) -> None:
    result = score(task, lists, metrics="hitcount", by="all")
    found = {each["name"]: each for each in result.document["slices"]}
    assert sum(each["units"] for name, each in found.items() if name.startswith("popularity-")) == 4
    assert found["novel"]["units"] == 4
    hits = sum(
        each["metrics"]["HitCount"]["mean"] * each["metrics"]["HitCount"]["population"]
        for name, each in found.items()
        if name.startswith("activity-")
    )
    assert hits == pytest.approx(result["hitcount"] * 3)


def test_ratings(tmp_path: Path) -> None:
    rows = [("u1", "a", 4.0), ("u2", "b", 2.0)]
    task = make_task(tmp_path / "r", train=[("u1", "a"), ("u2", "a")], test=rows, **RATING)
    predicted = pd.DataFrame({"user_id": ["u1", "u2"], "item_id": ["a", "b"], "score": [3.0, 4.0]})
    result = score(task, predicted, by="cold")
    found = {each["name"]: each["metrics"] for each in result.document["slices"]}
    assert found["cold-items"]["RMSE"]["mean"] == 2.0
    assert found["warm-items"]["MAE"]["mean"] == 1.0
    check(result.document, "result", "test")


def test_metrics_of_lists(task: Task, lists: pd.DataFrame) -> None:
    result = score(task, lists, metrics="coverage@2,arp@1,serendipity@3,popreo@3,mrr", by="cold")
    check(result.document, "result", "test")
    found = {each["name"]: each["metrics"] for each in result.document["slices"]}
    # Items are a, b and x; u1 and u2 ask for b, which is cold: their lists show b twice, a once, z, which is unknown.
    assert found["cold-items"]["Coverage@2"] == {"mean": 1 / 3, "standard_error": None, "population": 2}
    assert found["cold-items"]["ARP@1"]["mean"] == 0.0
    assert found["cold-items"]["ARP@1"]["population"] == 1  # u2's first place holds z
    assert found["cold-users"]["Coverage@2"]["mean"] == 1 / 3
    assert found["cold-users"]["ARP@1"]["mean"] == 1.0
    # Of the lists of u1 and u2 b alone is relevant here: not popular, in one of two and in one of one known places.
    assert found["cold-items"]["Serendipity@3"]["mean"] == 0.0
    assert found["warm-users"]["MRR"]["population"] == 2
    everyone = score(task, lists, metrics="coverage@2,arp@1,mrr")
    for name in ("Coverage@2", "ARP@1", "MRR"):
        assert result[name] == everyone[name]


def test_a_slice_of_everyone_is_the_whole(task: Task, lists: pd.DataFrame) -> None:
    names = ["Coverage@3", "Gini@3", "EPC@2", "PopRSP@2", "Serendipity@1", "Completeness@2", "ACLT@3"]
    result = score(task, lists, metrics=names, by="repeat")
    (novel,) = result.document["slices"]
    assert novel["metrics"] == result.document["metrics"]


def test_what_is_no_slice(task: Task, lists: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="leave the convention out"):
        score(task, lists, metrics="hr@1", by="cold", convention="ranx")


def test_on_the_command_line(
    task: Task, lists: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "task", lambda name, **_: task)
    lists.to_csv(tmp_path / "p.csv", index=False)
    arguments = ["score", "any/task", str(tmp_path / "p.csv"), "--metrics", "mrr", "--by", "cold"]
    lines = CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout.splitlines()
    assert lines[3].split() == ["slice", "users", "units", "MRR"]
    assert lines[4].split() == ["cold-users", "1", "1", "1.0000"]
