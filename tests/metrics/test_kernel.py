"""The kernel's numbers are rounded as exact arithmetic says, and do not depend on the order of what is summed."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recdata.metrics.kernel import discounts, running, sum_by_user, summarise

VALUES = st.lists(st.floats(0, 1), min_size=2, max_size=50)


def test_discounts_are_the_nearest_floats() -> None:
    with localcontext() as context:
        context.prec = 60
        two = Decimal(2).ln()
        expected = [float(two / Decimal(rank + 1).ln()) for rank in range(1, 1500)]
    assert discounts(1499)[1:].tolist() == expected


def test_discounts_grow_and_stay_the_same() -> None:
    few = discounts(5).copy()
    assert discounts(100_000)[:6].tolist() == few.tolist()
    assert discounts(100_000)[2**16 - 1] == 1 / 16
    assert discounts(0).tolist() == [0.0]


@given(VALUES)
def test_mean_is_exactly_rounded_then_divided(values: list[float]) -> None:
    summary = summarise(np.array(values))
    assert summary.mean == float(sum(map(Fraction, values))) / len(values)
    assert summary.population == len(values)
    assert summary.standard_error == pytest.approx(
        np.std(values, ddof=1) / math.sqrt(len(values)), rel=1e-9, abs=1e-15
    )


@given(VALUES, st.randoms())
def test_summary_does_not_depend_on_order(values: list[float], random: object) -> None:
    shuffled = sorted(values, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert summarise(np.array(shuffled)) == summarise(np.array(values))


def test_one_value_has_no_standard_error() -> None:
    assert summarise(np.array([0.25])) == (0.25, None, 1)


def test_no_values_have_no_mean() -> None:
    with pytest.raises(ValueError, match="empty population"):
        summarise(np.array([]))


def test_root_of_nothing_wrong() -> None:
    assert summarise(np.zeros(3), root=True) == (0.0, 0.0, 3)


def test_sums_are_one_after_the_other() -> None:
    values = np.array([0.1] * 1000 + [1e16, 1.0, -1e16])
    total = 0.0
    for value in values.tolist():
        total += value
    assert sum_by_user(np.zeros(len(values), dtype=np.int32), values, 2).tolist() == [total, 0.0]
    assert running(values)[-1] == total
    assert sum_by_user(np.array([], dtype=np.int32), np.array([]), 2).tolist() == [0.0, 0.0]
