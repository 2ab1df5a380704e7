"""Slices: which pairs are in which, by hand and by definition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import build_declared, make_task

from recdata.errors import InputError
from recdata.protocol.slices import quantile, slices, slices_by
from recdata.protocol.task import Task

START = 1_000_000_000


def event(user: str, item: str, part: str, seconds: int = 0, **more: Any) -> dict[str, Any]:
    return {"user": user, "item": item, "split": part, "seconds": START + seconds, **more}


EVENTS = [
    event("ann", "x", "train", 1),
    event("ann", "y", "train", 2, locale="UK"),
    event("ann", "z", "valid", 3),
    event("ann", "x", "test", 10, locale="UK", rating=5),
    event("ann", "z", "test", 20, locale="DE", rating=5),
    event("ann", "new", "test", 30, rating=1),
    event("bob", "x", "train", 4),
    event("bob", "y", "test", 40, locale="UK", rating=4),
    event("eve", "x", "test", 50, locale="FR", rating=4),
    event("eve", "x", "test", 51, locale="UK", rating=4),
    event("eve", "new", "test", 50, rating=4),
]
ITEMS = [
    {"item": "x", "kind": "film", "genres": ["a", "b"]},
    {"item": "y", "kind": "film", "genres": ["b"]},
    {"item": "new", "kind": None, "genres": []},
]


@pytest.fixture
def task(home: Path, tmp_path: Path) -> Task:
    return make(tmp_path)


def make(folder: Path, **changes: Any) -> Task:
    corpus = build_declared(folder / "raw", EVENTS, ITEMS)
    split = {"predefined": {"column": "split"}}
    return make_task(corpus, folder / "task", split=split, **{"filters": [], **changes})


def pairs(task: Task, mask: np.ndarray) -> set[tuple[str, str]]:
    truth = task.truth()
    assert mask.shape == truth.user.shape
    users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
    return {(users[u], items[i]) for u, i in zip(truth.user[mask], truth.item[mask], strict=True)}


def test_slices_that_every_task_has(task: Task) -> None:
    found = {each.name: pairs(task, each.mask) for each in slices(task, quantiles=2, intervals=2)}
    ann, bob, eve = (
        {("ann", "x"), ("ann", "z"), ("ann", "new")},
        {("bob", "y")},
        {("eve", "x"), ("eve", "new")},
    )
    everything = ann | bob | eve
    assert found["cold-users"] == eve
    assert found["warm-users"] == ann | bob
    assert found["cold-items"] == {("ann", "new"), ("ann", "z"), ("eve", "new")}
    assert found["warm-items"] == everything - found["cold-items"]
    assert found["cold-pairs"] == eve | {("ann", "new"), ("ann", "z")}
    assert found["warm-pairs"] == everything - found["cold-pairs"]
    assert found["repeat"] == {("ann", "x"), ("ann", "z")}
    assert found["novel"] == everything - found["repeat"]
    # Rows in training: ann 2, bob 1, eve 0: eve is below a half of all, bob has a third of them below, ann two thirds.
    assert found["activity-1"] == eve | bob
    assert found["activity-2"] == ann
    # x 2, y 1, z and new 0.
    assert found["popularity-1"] == {("ann", "z"), ("ann", "new"), ("eve", "new")}
    assert found["popularity-2"] == {("ann", "x"), ("bob", "y"), ("eve", "x")}
    # From second 10 to 50, cut at 30.
    assert found["interval-1"] == {("ann", "x"), ("ann", "z")}
    assert found["interval-2"] == everything - found["interval-1"]


def test_what_is_empty_is_left_out(home: Path, tmp_path: Path) -> None:
    names = {
        each.name for each in slices(make(tmp_path, policies={"cold_users": "drop", "cold_items": "drop"}))
    }
    assert "cold-users" not in names
    assert "warm-users" in names
    with pytest.raises(InputError, match="at least 1, not 0 and 4"):
        slices(make(tmp_path), quantiles=0)


def test_only_relevant_pairs_are_units(home: Path, tmp_path: Path) -> None:
    task = make(tmp_path, relevance={"min_rating": 4})
    found = {each.name: pairs(task, each.mask) for each in slices(task)}
    assert found["cold-items"] == {("ann", "z"), ("eve", "new")}


def test_columns_of_interactions_items_and_lists(task: Task) -> None:
    def by(column: str) -> dict[str, set[tuple[str, str]]]:
        return {each.name: pairs(task, each.mask) for each in slices_by(task, column)}

    assert by("locale") == {
        "locale=": {("ann", "new"), ("eve", "new")},
        "locale=DE": {("ann", "z")},
        "locale=FR": {("eve", "x")},
        "locale=UK": {("ann", "x"), ("bob", "y")},
    }
    assert by("items.kind") == {
        "items.kind=film": {("ann", "x"), ("bob", "y"), ("eve", "x")},
        "items.kind=": {("ann", "z"), ("ann", "new"), ("eve", "new")},
    }
    assert by("items.genres")["items.genres=a"] == {("ann", "x"), ("eve", "x")}
    assert by("items.genres")["items.genres=b"] == {("ann", "x"), ("bob", "y"), ("eve", "x")}
    assert by("items.genres")["items.genres="] == {("ann", "z"), ("ann", "new"), ("eve", "new")}
    with pytest.raises(InputError, match=r"no column 'genres' to slice by; it has .*locale.*items.genres"):
        slices_by(task, "genres")


def test_a_column_of_many_values_is_no_set_of_slices(home: Path, tmp_path: Path) -> None:
    events = [
        {"user": f"u{k}", "item": i, "seconds": START + k, "locale": f"l{k}"}
        for k in range(101)
        for i in "abc"
    ]
    task = make_task(build_declared(tmp_path / "raw", events), tmp_path / "task")
    with pytest.raises(InputError, match=r"'locale' has 101 values; slices are made by up to 100"):
        slices_by(task, "locale")


def test_rating_tasks_have_rows_for_units(home: Path, tmp_path: Path) -> None:
    task = make(tmp_path, task="rating", population="rows")
    rows = task.rows("test")
    found = {each.name: each.mask for each in slices(task)}
    assert found["repeat"].shape == rows.user.shape
    assert found["repeat"].sum() == 2
    assert found["cold-users"].sum() == 3
    uk = next(each for each in slices_by(task, "locale") if each.name == "locale=UK")
    assert uk.mask.sum() == 3


def test_quantiles_never_tear_equal_values_apart() -> None:
    random = np.random.default_rng(1)
    for size in (1, 2, 7, 100):
        values = random.integers(0, 9, size)
        found = quantile(values, 4)
        assert found.min() == 0
        assert found.max() <= 3
        for value in np.unique(values):
            assert len(set(found[values == value])) == 1
            assert found[values == value][0] == (values < value).sum() * 4 // size
