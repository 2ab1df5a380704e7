"""Agreement of judges: Cohen's and Fleiss' kappa, Krippendorff's alpha.

Units are what was judged, raters who judged. A table has a row a unit and a column a rater: codes of values, int32, -1
where a rater did not judge the unit. ``values`` are what the codes stand for, in ascending order: numbers, or labels.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

import numpy as np
import numpy.typing as npt

Level = Literal["nominal", "ordinal", "interval"]
Table = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def cohen_kappa(
    first: Table, second: Table, values: int, weights: Literal["none", "linear", "quadratic"] = "none"
) -> float | None:
    """Return Cohen's kappa of two raters: 1 - observed disagreement / disagreement by chance.

    first, second: codes of the units that both judged. weights: a disagreement counts 1, or the (squared) distance of the
    codes' places. None where chance would have them agree always: one value alone. Source: Cohen, Educational and
    Psychological Measurement 20(1), 1960; weighted: Psychological Bulletin 70(4), 1968.

    >>> round(cohen_kappa(np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 1, 1], np.int32), 2), 3)
    0.5
    """
    many, place = len(first), range(values)
    rows, columns = (np.bincount(codes, minlength=values).tolist() for codes in (first, second))
    apart = np.abs(first.astype(np.int64) - second)
    # What chance would have, times the number of units: whole numbers, without a table of values by values.
    if weights == "none":
        observed = int((apart > 0).sum())
        chance = many * many - sum(map(operator.mul, rows, columns))
    elif weights == "linear":
        observed = int(apart.sum())
        below = zip(accumulate(rows), accumulate(columns), strict=True)
        chance = sum(one * (many - other) + (many - one) * other for one, other in below)
    else:
        observed = int((apart * apart).sum())
        both = zip(place, map(operator.add, rows, columns), strict=True)
        chance = many * sum(code * code * count for code, count in both)
        chance -= 2 * sum(map(operator.mul, place, rows)) * sum(map(operator.mul, place, columns))
    return None if chance == 0 else 1 - observed * many / chance


def fleiss_kappa(table: Table, values: int) -> float | None:
    """Return Fleiss' kappa over the units that every rater judged: (P - Pe) / (1 - Pe).

    P is the mean share of agreeing pairs of raters in a unit, Pe the sum of squared shares of the values. None with
    fewer than two raters, without such a unit, or where there is one value alone. Source: Fleiss, Psychological
    Bulletin 76(5), 1971.

    >>> table = np.array([[0, 0, 0], [0, 0, 1], [1, 1, 1]], np.int32)
    >>> round(fleiss_kappa(table, 2), 4)
    0.55
    """
    full = table[(table >= 0).all(axis=1)]
    many = table.shape[1]
    if many < 2 or not len(full):
        return None
    agreeing = _same(np.repeat(np.arange(len(full)), many), full.ravel(), values).sum() - full.size
    agreeing = int(agreeing) / (len(full) * many * (many - 1))
    chance = math.fsum(((np.bincount(full.ravel(), minlength=values) / full.size) ** 2).tolist())
    return None if chance == 1 else (agreeing - chance) / (1 - chance)


def krippendorff_alpha(table: Table, values: Sequence[float] | Sequence[str], level: Level) -> float | None:
    """Return Krippendorff's alpha: 1 - observed disagreement / disagreement expected, with units that some judged.

    level: how far two values are apart. nominal: 1 if they differ; ordinal: the ranks between them, squared; interval:
    their difference squared. None where no unit has two judgements or all judgements are one value. Source:
    Krippendorff, "Content Analysis", 2004, chapter 11; "Computing Krippendorff's alpha-reliability", 2011.

    >>> table = np.array([[0, 0, 0], [0, 0, 1], [1, 1, -1]], np.int32)
    >>> round(krippendorff_alpha(table, [1.0, 2.0], "interval"), 4)
    0.5333
    """
    judged = (table >= 0).sum(axis=1)
    table, judged = table[judged > 1], judged[judged > 1]
    unit, rater = np.nonzero(table >= 0)
    code = table[unit, rater]
    if not len(code) or (code == code[0]).all():
        return None
    many, total = len(code), np.bincount(code, minlength=len(values))
    if level == "nominal":
        differing = judged * judged - _same(unit, code, len(values))
        observed = math.fsum((differing / (judged - 1)).tolist())
        expected = (many * many - int((total * total).sum())) / (many - 1)
        return 1 - observed / expected
    number = np.array(values, dtype=np.float64) if level == "interval" else np.cumsum(total) - total / 2
    # The squared distances of all pairs of n numbers add up to 2 n times the squared distances from their mean.
    inside = _deviations(unit, number[code], judged) ** 2 * (judged / (judged - 1))[unit]
    whole = _deviations(np.zeros_like(unit), number[code], np.array([many])) ** 2
    expected = math.fsum(whole.tolist()) * (many / (many - 1))
    return 1 - math.fsum(inside.tolist()) / expected if expected else None


def _same(unit: Codes, code: Table, values: int) -> Codes:
    """Return for each unit the sum over values of the squared number of judgements that are this value."""
    pairs, counts = np.unique(unit * values + code, return_counts=True)
    same: Codes = np.zeros(int(unit[-1]) + 1, dtype=np.int64)
    np.add.at(same, pairs // values, counts * counts)
    return same


def _deviations(unit: Codes, number: Numbers, judged: Codes) -> Numbers:
    """Return how far each number is from the mean of its unit; zero, not nearly so, where all are the same.

    unit: ascending, those of ``judged``, which is how many numbers each has.
    """
    shifted = number - number[np.searchsorted(unit, unit)]
    deviations: Numbers = shifted - (np.bincount(unit, shifted) / judged)[unit]
    return deviations
