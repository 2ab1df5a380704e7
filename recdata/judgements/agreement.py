"""Agreement of judges: Cohen's and Fleiss' kappa, Krippendorff's alpha.

Units are what was judged, raters who judged. A table has a row a unit and a column a rater: codes of values, int32, -1
where a rater did not judge the unit. ``values`` are what the codes stand for, in ascending order: numbers, or labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Level = Literal["nominal", "ordinal", "interval"]
Table = npt.NDArray[np.int32]
Square = npt.NDArray[np.float64]


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
    table = np.zeros((values, values))
    np.add.at(table, (first, second), 1)
    place = np.arange(values)
    distance = np.abs(place[:, None] - place[None, :]).astype(np.float64)
    cost = {"none": (distance > 0).astype(np.float64), "linear": distance, "quadratic": distance * distance}[
        weights
    ]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / max(len(first), 1)
    chance = _sum(cost * expected)
    return None if chance == 0 else 1 - _sum(cost * table) / chance


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
    counts = np.stack([(full == value).sum(axis=1) for value in range(values)], axis=1)
    agreeing = int((counts * (counts - 1)).sum()) / (len(full) * many * (many - 1))
    chance = math.fsum(((counts.sum(axis=0) / full.size) ** 2).tolist())
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
    many = len(values)
    counts = np.stack([(table == value).sum(axis=1) for value in range(many)], axis=1).astype(np.float64)
    counts = counts[counts.sum(axis=1) > 1]
    if not len(counts):
        return None
    pairs = 1 / (counts.sum(axis=1) - 1)
    coincidences = (counts * pairs[:, None]).T @ counts - np.diag((counts * pairs[:, None]).sum(axis=0))
    total = counts.sum(axis=0)
    distance = _distances(total, values, level)
    expected = _sum(np.outer(total, total) * distance) / (total.sum() - 1)
    return None if expected == 0 else float(1 - _sum(coincidences * distance) / expected)


def _distances(
    total: npt.NDArray[np.float64], values: Sequence[float] | Sequence[str], level: Level
) -> Square:
    """Return the squared distances of values, those of ordinal ones by how often each occurs."""
    if level == "nominal":
        return 1 - np.eye(len(total))
    numbers = np.array(values, dtype=np.float64) if level == "interval" else None
    place = np.cumsum(total) - total / 2 if numbers is None else numbers
    return (place[:, None] - place[None, :]) ** 2


def _sum(square: Square) -> float:
    return math.fsum(square.ravel().tolist())
