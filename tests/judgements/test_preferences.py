"""Win rates against statsmodels, strengths against a general optimiser, and the example of a table of baseball."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.judgements.preferences import Wins, aggregate, bradley_terry, wilson, wins_of
from recdata.judgements.read import Preference

COUNTS = st.integers(0, 8)


@given(st.integers(1, 50), st.data())
@settings(deadline=None)
def test_wilson_is_statsmodels(n: int, data: st.DataObject) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    wins = data.draw(st.integers(0, 2 * n)) / 2
    expected = proportion.proportion_confint(wins, n, method="wilson")
    assert wilson(wins, n) == pytest.approx(expected, abs=1e-12)


def connected(wins: Wins) -> bool:
    reached = np.linalg.matrix_power((wins > 0) + np.eye(len(wins)), len(wins))
    return bool((reached > 0).all())


@given(st.integers(2, 4).flatmap(lambda n: st.lists(COUNTS, min_size=n * n, max_size=n * n)))
@settings(deadline=None, max_examples=60)
def test_strengths_are_the_likeliest(cells: list[int]) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    n = math.isqrt(len(cells))
    wins = np.array(cells, dtype=np.float64).reshape(n, n) * (1 - np.eye(n))
    found = bradley_terry(wins, "abcd"[:n])
    if found.log is None:
        assert not connected(wins)
        assert "never lost" in str(found.reason)
        return
    assert connected(wins)

    def loss(free: np.ndarray) -> float:
        log = np.append(free, -free.sum())
        return float((wins * np.logaddexp(0, log[None, :] - log[:, None])).sum())

    best = optimize.minimize(loss, np.zeros(n - 1), method="BFGS", options={"gtol": 1e-9})
    assert loss(np.array(found.log[:-1])) <= best.fun + 1e-6
    assert sum(found.log) == pytest.approx(0, abs=1e-6)


def test_two_systems_have_the_odds_of_their_wins() -> None:
    found = bradley_terry(np.array([[0.0, 9], [1, 0]]), "ab")
    assert found.log is not None
    assert found.log[0] - found.log[1] == pytest.approx(math.log(9))


def preference(first: str, second: str, winner: str, example: str = "1") -> Preference:
    return Preference(example, "judge", "1", first, second, winner)


def test_ties_are_half_a_win_to_both() -> None:
    systems, wins = wins_of([preference("a", "b", "tie"), preference("b", "a", "b")])
    assert systems == ["a", "b"]
    assert wins.tolist() == [[0, 0.5], [1.5, 0]]


def test_the_aggregate() -> None:
    found = aggregate(
        [
            preference("a", "b", "a", "1"),
            preference("b", "a", "b", "1"),
            preference("a", "b", "a", "2"),
            preference("b", "a", "tie", "2"),
        ]
    )
    assert [each["system"] for each in found["systems"]] == ["a", "b"]
    assert found["ordered_by"] == "strength"
    assert found["systems"][0]["win_rate"] == 0.625
    assert found["first_won"]["win_rate"] == 1.0
    assert found["pairs"][0]["wins"] == 2.5
    assert found["ties"] == 1


def test_without_strengths_the_order_is_by_win_rate() -> None:
    found = aggregate([preference("b", "a", "b"), preference("a", "c", "a")])
    assert found["ordered_by"] == "win_rate"
    assert [each["system"] for each in found["systems"]] == ["b", "a", "c"]
    assert "b never lost to" in found["bradley_terry"]["undefined"]
    assert {each["strength"] for each in found["systems"]} == {None}


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [
        preference(a, b, a if (i + j) % 3 else b, str(i))
        for i, a in enumerate("abcd")
        for j, b in enumerate("efgh")
    ]
    assert aggregate(rows) == aggregate(rows[::-1])
