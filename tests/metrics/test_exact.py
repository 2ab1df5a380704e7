"""Exact sums: whatever the parts, the bits are those of math.fsum, and a summary is that of all values at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recdata.metrics.exact import ExactSum, total
from recdata.metrics.kernel import squared_deviations, summarise, summary

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
shares = st.floats(min_value=0, max_value=1)


def cut(values: list[float], borders: list[int]) -> list[np.ndarray]:
    return np.split(
        np.array(values, dtype=np.float64), sorted(border % (len(values) + 1) for border in borders)
    )


@given(st.lists(finite | shares, max_size=60), st.lists(st.integers(0, 60), max_size=6))
@example([5e-324, 5e-324, -2.2250738585072014e-308], [1])
@example([1e300, 1.0, -1e300, 2.0**-1074], [2])
@example([0.1] * 10, [3, 7])
def test_sums_of_parts_are_the_bits_of_fsum(values: list[float], borders: list[int]) -> None:
    parts = [ExactSum.of(part) for part in cut(values, borders)]
    whole = total(ExactSum.read(str(part)) for part in reversed(parts))
    assert float(whole) == math.fsum(values)
    assert math.copysign(1, float(whole)) == math.copysign(1, math.fsum(values)) or not whole.whole


@given(
    st.lists(shares | finite.map(lambda x: math.remainder(x, 8)), min_size=1, max_size=40),
    st.integers(0, 40),
    st.booleans(),
)
def test_a_summary_in_parts_is_that_of_all_values(values: list[float], border: int, root: bool) -> None:
    if root:
        values = [abs(value) for value in values]
    parts, n = cut(values, [border]), len(values)
    mean = float(total(map(ExactSum.of, parts))) / n
    squares = float(total(ExactSum.of(squared_deviations(part, mean)) for part in parts))
    assert summary(mean, squares, n, root) == summarise(np.array(values), root)


def test_what_is_not_finite_sums_as_fsum_does() -> None:
    assert float(ExactSum.of(np.array([1.0, math.inf, math.inf]))) == math.inf
    assert math.isnan(float(ExactSum.of(np.array([1.0, math.nan])) + ExactSum.of(np.array([-math.inf]))))
    with pytest.raises(ValueError):
        float(ExactSum.of(np.array([math.inf, -math.inf])))
    with pytest.raises(OverflowError):
        float(ExactSum.of(np.array([1.7e308, 1.7e308])))


def test_many_values_of_one_exponent_do_not_overflow() -> None:
    values = np.full(300_000, np.nextafter(1.0, 0))
    assert float(ExactSum.of(values)) == math.fsum(values.tolist())
    assert float(ExactSum.of(-values)) == -math.fsum(values.tolist())
