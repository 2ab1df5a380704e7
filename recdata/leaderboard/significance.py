"""Significance of differences between two models' values of the same users; the same p-value each time.

Nothing is drawn from a generator's state: signs and samples come from a hash of (a fixed word, the number of the
round, the number of the user), and sums are of integers (differences scaled to 40 bits), so that neither the order
of addition nor the number of threads changes a bit.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError, ResourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = npt.NDArray[np.float64]
ROUNDS = 10_000
_BITS = 40
_CELLS = 1 << 22


class Interval(NamedTuple):
    """A confidence interval of a mean difference."""

    low: float
    high: float


def paired_t(difference: Values) -> float:
    """Return the two-sided p-value of Student's paired t-test (SciPy's); 1 where all differences are 0."""
    if not difference.any():
        return 1.0
    if len(difference) < 2:
        raise InputError("a paired test needs at least two users")
    if (difference == difference[0]).all():
        return 0.0
    return float(_stats().ttest_1samp(difference, 0.0).pvalue)


def wilcoxon(difference: Values) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, zeros left out (SciPy's); 1 where all are 0."""
    if not difference.any():
        return 1.0
    return float(_stats().wilcoxon(difference).pvalue)


def randomisation(difference: Values, rounds: int = ROUNDS) -> float:
    """Return the two-sided p-value of Fisher's randomisation test: signs flipped at random, ``rounds`` times.

    p = (1 + how many rounds have a sum at least as far from 0) / (1 + rounds). Source: Smucker, Allan and
    Carterette, "A comparison of statistical significance tests for information retrieval evaluation", CIKM 2007.

    >>> randomisation(np.zeros(5))
    1.0
    """
    whole = _whole(difference)
    observed = abs(int(whole.sum()))
    words = (len(whole) + 63) // 64
    block = max(1, _CELLS // max(len(whole), 1))
    extreme = 0
    for start in range(0, rounds, block):
        stop = min(start + block, rounds)
        drawn = _hashes("randomisation", start * words, stop * words).reshape(stop - start, words)
        bits = np.unpackbits(drawn.astype("<u8").view(np.uint8), axis=1, bitorder="little")[:, : len(whole)]
        flipped = np.where(bits, whole, -whole).sum(axis=1)
        extreme += int((np.abs(flipped) >= observed).sum())
    return (1 + extreme) / (1 + rounds)


def bootstrap(difference: Values, rounds: int = 2000, level: float = 0.95) -> Interval:
    """Return the percentile interval of the mean difference over ``rounds`` samples of users with replacement.

    Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979; Sakai,
    "Evaluating evaluation metrics based on the bootstrap", SIGIR 2006.
    """
    n = len(difference)
    whole = _whole(difference)
    block = max(1, _CELLS // max(n, 1))
    sums = []
    for start in range(0, rounds, block):
        stop = min(start + block, rounds)
        drawn = _hashes("bootstrap", start * n, stop * n).reshape(stop - start, n)
        sums.append(whole[(drawn % np.uint64(n)).astype(np.int64)].sum(axis=1))
    ordered = np.sort(np.concatenate(sums))
    tail = (1 - level) / 2
    places = (int(tail * (rounds - 1)), int(np.ceil((1 - tail) * (rounds - 1))))
    low, high = (float(ordered[place]) * _unit(difference) / n for place in places)
    return Interval(low, high)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, controlling the chance of any false one (Holm, 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=p.__getitem__)
    found, highest = [0.0] * len(p), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - place) * p[index]))
        found[index] = highest
    return found


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, controlling the share of false ones (Benjamini and Hochberg, 1995).

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    return [float(each) for each in _stats().false_discovery_control(p)]


def correct(name: str, p: Sequence[float]) -> list[float]:
    """Return p-values corrected as ``name`` says: "holm", "bh" or "none"."""
    if name == "none":
        return list(p)
    return holm(p) if name == "holm" else benjamini_hochberg(p)


TESTS = {"t": paired_t, "wilcoxon": wilcoxon, "randomisation": randomisation}
"""Tests, by name: differences to a p-value."""


def cohen_d(difference: Values) -> float | None:
    """Return the mean difference over the standard deviation of the differences; None where that is 0."""
    spread = float(np.std(difference, ddof=1)) if len(difference) > 1 else 0.0
    return float(np.mean(difference)) / spread if spread else None


def _stats() -> Any:
    try:
        from scipy import stats
    except ImportError:
        raise ResourceError('comparison needs SciPy: pip install "recdata[compare]"') from None
    return stats


def _unit(difference: Values) -> float:
    """Return the power of two that differences are counted in: 2^-40 of the largest, rounded up."""
    largest = float(np.abs(difference).max(initial=0.0))
    return float(2.0 ** (np.frexp(largest)[1] - _BITS)) if largest else 1.0


def _whole(difference: Values) -> npt.NDArray[np.int64]:
    if len(difference) >= 1 << (62 - _BITS):
        raise InputError(f"{len(difference):,} users are more than can be summed exactly")
    return np.rint(difference / _unit(difference)).astype(np.int64)


def _hashes(word: str, start: int, stop: int) -> npt.NDArray[np.uint64]:
    """Return 64 bits for each number from ``start`` to ``stop``: SplitMix64 (Steele et al., OOPSLA 2014) from a hash.

    Its state is that of the number: the first 64 bits of MD5("recdata " + word) plus number + 1 times the constant.
    """
    first = int.from_bytes(hashlib.md5(f"recdata {word}".encode(), usedforsecurity=False).digest()[:8], "big")
    z = np.arange(start + 1, stop + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(first)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
