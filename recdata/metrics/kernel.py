"""The floating-point kernel: discounts from a table, sums in one order, exactly rounded means.

Everything here gives the same bits on every machine: the only operations are those that IEEE 754 rounds
correctly, in an order that is fixed, and integers. No logarithm of the platform's, no vectorised sum.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_BITS = 160
"""Bits after the point in fixed-point logarithms: far beyond a float's 53, so that it is rounded right."""

_LN2 = 0.6931471805599453
_ln = [0]
"""ln(1), ln(2), ... in fixed point, as far as they were needed."""
_discounts = np.zeros(1)


class Summary(NamedTuple):
    """The mean of per-user or per-row values, its standard error (None for one value), their number."""

    mean: float
    standard_error: float | None
    population: int


def discounts(n: int) -> npt.NDArray[np.float64]:
    """Return the discounts of ranks 0 to ``n``: 0 for rank 0, then 1/log2(rank + 1), correctly rounded.

    >>> discounts(3).tolist()
    [0.0, 1.0, 0.6309297535714574, 0.5]

    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 2002, with
    the discount log2(rank + 1) of Burges et al., ICML 2005. Computed as ln 2 / ln(rank + 1), a quotient of
    integers.
    """
    global _discounts
    if n >= len(_discounts):
        # Doubled, so that asking for one rank more each time costs no more than asking once.
        last = max(n, 2 * len(_discounts), 128)
        for m in range(len(_ln), last + 1):
            _ln.append(_ln[-1] + _twice_atanh(2 * m + 1))
        # Python divides integers with correct rounding, whatever their size.
        grown = [0.0] + [_ln[1] / _ln[rank] for rank in range(1, last + 1)]
        _discounts = np.array(grown)
    return _discounts[: n + 1]


def _twice_atanh(inverse: int) -> int:
    """Return 2 atanh(1/inverse) in fixed point. With inverse = 2m + 1 it is ln(m + 1) - ln(m)."""
    power = (2 << _BITS) // inverse
    total, square, odd = power, inverse * inverse, 1
    while power:
        power //= square
        odd += 2
        total += power // odd
    return total


def ln(values: npt.NDArray[np.float64] | float) -> Any:
    """Return natural logarithms of positive numbers, the same bits wherever it runs; off by a few units at most.

    A number is m 2^e with m from sqrt(1/2) to sqrt(2); ln m = 2 atanh((m - 1)/(m + 1)) as a power series, of additions,
    multiplications and divisions alone, which IEEE 754 rounds correctly.

    >>> ln(np.array([1.0, 2.0, 10.0])).tolist()
    [0.0, 0.6931471805599453, 2.3025850929940455]
    """
    part, exponent = np.frexp(values)
    low = part < math.sqrt(0.5)
    part, exponent = np.where(low, 2 * part, part), np.where(low, exponent - 1, exponent)
    ratio = (part - 1) / (part + 1)
    square = ratio * ratio
    series = np.zeros_like(square)
    for odd in range(25, 0, -2):
        series = series * square + 1 / odd
    return 2 * ratio * series + exponent * _LN2


def running(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the sums of the first 0, 1, ..., n values, each added to the sum before it."""
    sums = np.zeros(len(values) + 1)
    np.add.accumulate(values, out=sums[1:])
    return sums


def sum_by_user(
    user: npt.NDArray[np.integer], values: npt.NDArray[np.float64], n: int
) -> npt.NDArray[np.float64]:
    """Return for each of ``n`` users the sum of its values, added one after the other in the order given."""
    # bincount adds in a plain loop; add.reduceat would add in pairs, whose bits depend on the build of numpy.
    sums: npt.NDArray[np.float64] = np.bincount(user, weights=values, minlength=n).astype(
        np.float64, copy=False
    )
    return sums


def summarise(values: npt.NDArray[np.float64], root: bool = False) -> Summary:
    """Return the mean of ``values``, its standard error and their number.

    The sum is exactly rounded (``math.fsum``), so that the order of the values does not matter; it is divided
    by n once. The standard error is sqrt(sum (x - mean)^2 / (n - 1) / n), that sum exactly rounded too. With
    ``root`` the mean is replaced by its square root and the error follows by the delta method: error / (2
    root).

    >>> summarise(np.array([1.0, 0.0, 0.5]))
    Summary(mean=0.5, standard_error=0.28867513459481287, population=3)
    >>> summarise(np.array([1.0, 4.0]), root=True)
    Summary(mean=1.5811388300841898, standard_error=0.4743416490252569, population=2)

    Raises ValueError where there are no values: a mean over nobody is undefined.
    """
    n = len(values)
    if n == 0:
        raise ValueError("a mean over an empty population is undefined")
    mean = math.fsum(values.tolist()) / n
    squares = math.fsum(squared_deviations(values, mean).tolist()) if n > 1 else 0.0
    return summary(mean, squares, n, root)


def squared_deviations(values: npt.NDArray[np.float64], mean: float) -> npt.NDArray[np.float64]:
    """Return (x - mean)^2 of each of ``values``, whose sum ``summary`` takes."""
    deviation = values - mean
    return deviation * deviation


def summary(mean: float, squares: float, n: int, root: bool = False) -> Summary:
    """Return what ``summarise`` does of ``n`` values, at least one, from their mean and the sum of squared deviations.

    Both sums exactly rounded, wherever they were added up.
    """
    error = math.sqrt(squares / (n - 1) / n) if n > 1 else None
    if root:
        mean = math.sqrt(mean)
        error = None if error is None else (error / (2 * mean) if mean else 0.0)
    return Summary(mean, error, n)
