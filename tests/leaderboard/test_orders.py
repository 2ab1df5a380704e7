"""Orders over many tasks: against a search of all orders, and never counting what is missing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.leaderboard import orders as module
from recdata.leaderboard.orders import kemeny, orders

TASKS = ["x", "y", "z"]


def agreement(wins, order):
    return sum(wins[i, j] for place, i in enumerate(order) for j in order[place + 1 :])


tables = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=5)


@settings(max_examples=60)
@given(tables)
def test_kemeny_is_the_best_of_all_orders(table):
    table = np.array(table)
    wins = (table[:, None] > table[None]).sum(axis=2) + 0.5 * (table[:, None] == table[None]).sum(axis=2)
    np.fill_diagonal(wins, 0)
    place, exact = kemeny(wins, np.arange(len(table)))
    best = max(agreement(wins, order) for order in itertools.permutations(range(len(table))))
    assert exact
    assert agreement(wins, np.argsort(place).tolist()) == best


def test_large_orders_are_improved_and_not_called_exact(monkeypatch):
    monkeypatch.setattr(module, "EXACT", 2)
    wins = np.triu(np.ones((6, 6)), 1)
    place, exact = kemeny(wins, np.array([5, 3, 4, 0, 1, 2]))
    assert not exact
    assert place.tolist() == [0, 1, 2, 3, 4, 5]


def test_four_orders_of_full_results():
    scores = {
        "a": dict(zip(TASKS, (0.9, 0.2, 0.2), strict=True)),
        "b": dict(zip(TASKS, (0.1, 0.3, 0.3), strict=True)),
    }
    found = orders(scores, TASKS)
    a, b = (next(row for row in found.rows if row.model == model) for model in "ab")
    assert a.mean > b.mean
    assert (a.mean_rank, b.mean_rank) == (pytest.approx(5 / 3), pytest.approx(4 / 3))
    assert (a.borda, b.borda) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (b.kemeny, a.kemeny) == (1, 2)
    assert found.disagree


def test_what_is_missing_is_named_and_counts_as_nothing():
    scores = {"a": {"x": 0.5, "y": 0.5, "z": 0.5}, "b": {"x": 0.6}, "c": {}}
    found = {row.model: row for row in orders(scores, TASKS).rows}
    assert found["b"].missing == ["y", "z"]
    assert found["b"].mean is None
    assert found["b"].mean_rank == 1
    assert found["b"].borda == 1
    assert found["b"].kemeny < found["a"].kemeny
    assert found["a"].mean == 0.5
    assert (found["c"].mean_rank, found["c"].borda, found["c"].missing) == (None, None, TASKS)


def test_ties_share():
    found = orders({"a": {"x": 1.0}, "b": {"x": 1.0}}, ["x"])
    assert [row.mean_rank for row in found.rows] == [1.5, 1.5]
    assert [row.borda for row in found.rows] == [0.5, 0.5]
    assert not found.disagree
