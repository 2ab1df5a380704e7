"""Metrics of predicted probabilities: labels are ratings of 0 and 1, predictions the probability of a 1.

Population: every row of the part, a repeated pair counted each time. Logarithms are natural and the same bits on every
platform; probabilities are kept 1e-15 away from 0 and 1 where a logarithm is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.definition import Sums, UndefinedError, metric
from recdata.metrics.kernel import ln
from recdata.metrics.ratings import Ratings

Values = npt.NDArray[np.float64]
_LEAST = 1e-15


@metric("AUC", "rating", denominator="pairs of a 1 and a 0", cutoff="none", over="all")
def auc(ratings: Ratings) -> Values:
    """Area under the ROC curve over all rows: the share of (1, 0) pairs in right order, equal predictions counting half.

    Population: all rows together. Ties: half. Bounds: 0 to 1. Undefined: labels that are all the same, an error. Source:
    Fawcett, Pattern Recognition Letters 27(8), 2006.

    >>> one = np.zeros(4, dtype=np.int32)
    >>> auc(Ratings(1, one, np.array([1.0, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.1]))).tolist()
    [0.875]
    """
    _check(ratings, probabilities=False)
    group = np.zeros(len(ratings), dtype=np.int64)
    area, ones, zeros = _areas(group, ratings.rating, ratings.predicted, 1)
    return np.array([share_in_order(float(area[0]), int(ones[0]), int(zeros[0]))])


def share_in_order(area: float, ones: int, zeros: int) -> float:
    """Return the AUC from the number of (1, 0) pairs in right order, ties half, and the numbers of ones and zeros."""
    if not ones or not zeros:
        raise UndefinedError("AUC: all labels are the same, so that no pair can be in right or wrong order")
    return area / (ones * zeros)


def _grouped_terms(ratings: Ratings, sums: Mapping[str, float], weights: str = "rows") -> dict[str, Values]:
    _check(ratings, probabilities=False)
    group = ratings.user.astype(np.int64)
    area, ones, zeros = _areas(group, ratings.rating, ratings.predicted, ratings.users)
    both = (ones > 0) & (zeros > 0)
    of = {"rows": ones + zeros, "positives": ones, "users": np.ones(len(ones), dtype=np.int64)}
    weight = of[weights][both].astype(np.float64)
    return {"weights": weight, "weighted": weight * (area[both] / (ones * zeros)[both])}


def _grouped(sums: Mapping[str, float], weights: str = "rows") -> float:
    if not sums["weights"]:
        raise UndefinedError("GAUC: no user has both labels")
    return sums["weighted"] / sums["weights"]


_GAUC = Sums((_grouped_terms,), _grouped)


@metric("GAUC", "rating", denominator="sum of the users' weights", cutoff="none", over="all", sums=_GAUC)
def grouped_auc(ratings: Ratings, weights: Literal["rows", "positives", "users"] = "rows") -> Values:
    """Mean of the users' AUC, weighted by each user's rows (impressions), positives, or all users alike.

    Population: users with both labels; others have no AUC and no weight. Ties: half. Bounds: 0 to 1. Undefined: no such
    user, an error. Source: Zhu et al., "Optimized cost per click in Taobao display advertising", KDD 2017; DIN (KDD
    2018) weighs by impressions, as FuxiCTR does; RecBole by positives.

    >>> user = np.array([0, 0, 1, 1, 1], dtype=np.int32)
    >>> ratings = Ratings(2, user, np.array([1.0, 0, 1, 1, 0]), np.array([0.9, 0.1, 0.2, 0.3, 0.4]))
    >>> grouped_auc(ratings).tolist(), grouped_auc(ratings, weights="users").tolist()
    ([0.4], [0.5])
    """
    return _GAUC.of(ratings, weights=weights)


@metric("LogLoss", "rating", denominator="number of rows", cutoff="none", high=None, higher_is_better=False)
def log_loss(ratings: Ratings) -> Values:
    """Logarithmic loss of each row, in nats: -ln p of the label that is there.

    Population: rows, each counted once. Ties: none. Bounds: 0 and up. Undefined: never, p being kept from 0. Source:
    Good, Journal of the Royal Statistical Society B 14(1), 1952.

    >>> one = np.zeros(2, dtype=np.int32)
    >>> log_loss(Ratings(1, one, np.array([1.0, 0.0]), np.array([0.5, 0.5]))).tolist()
    [0.6931471805599453, 0.6931471805599453]
    """
    _check(ratings)
    chance = np.where(ratings.rating == 1, ratings.predicted, 1 - ratings.predicted)
    values: Values = -ln(np.clip(chance, _LEAST, 1 - _LEAST))
    return values


def _entropy_terms(ratings: Ratings, sums: Mapping[str, float]) -> dict[str, Values]:
    return {"losses": log_loss(ratings), "ones": ratings.rating}


def _entropy_ratio(sums: Mapping[str, float]) -> float:
    share = sums["ones"] / sums["rows"]
    if share in (0.0, 1.0):
        raise UndefinedError("NormalisedEntropy: all labels are the same, whose entropy is 0")
    entropy = -(share * ln(share) + (1 - share) * ln(1 - share))
    return float(sums["losses"] / sums["rows"] / entropy)


_ENTROPY = Sums((_entropy_terms,), _entropy_ratio)


@metric(
    "NormalisedEntropy",
    "rating",
    denominator="entropy of the share of ones",
    aliases=("NE", "NormalizedEntropy"),
    cutoff="none",
    over="all",
    high=None,
    higher_is_better=False,
    sums=_ENTROPY,
)
def normalised_entropy(ratings: Ratings) -> Values:
    """Mean logarithmic loss over that of predicting the share of ones for every row; below 1 is better than that.

    Population: all rows together. Ties: none. Bounds: 0 and up. Undefined: labels that are all the same, an error.
    Source: He et al., "Practical lessons from predicting clicks on ads at Facebook", ADKDD 2014.

    >>> one = np.zeros(2, dtype=np.int32)
    >>> normalised_entropy(Ratings(1, one, np.array([1.0, 0.0]), np.array([0.5, 0.5]))).tolist()
    [1.0]
    """
    return _ENTROPY.of(ratings)


def _bin_terms(ratings: Ratings, sums: Mapping[str, float], bins: int = 10) -> dict[str, Values]:
    _check(ratings)
    place = np.minimum((ratings.predicted * bins).astype(np.int64), bins - 1)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order])) + 1
    terms = {}
    for part in np.split(order, starts) if len(order) else []:
        terms[f"predicted {place[part[0]]}"] = ratings.predicted[part]
        terms[f"ones {place[part[0]]}"] = ratings.rating[part]
    return terms


def _calibration(sums: Mapping[str, float], bins: int = 10) -> float:
    there = [number for number in range(bins) if f"ones {number}" in sums]
    lost = math.fsum(abs(sums[f"predicted {number}"] - sums[f"ones {number}"]) for number in there)
    return lost / sums["rows"]


_CALIBRATION = Sums((_bin_terms,), _calibration)


@metric(
    "CalibrationError",
    "rating",
    denominator="number of rows",
    aliases=("ECE",),
    cutoff="none",
    over="all",
    higher_is_better=False,
    ranges={"bins": (1, 10_000)},
    sums=_CALIBRATION,
)
def calibration_error(ratings: Ratings, bins: int = 10) -> Values:
    """Expected calibration error: mean distance of prediction and label in bins of equal width, weighted by their rows.

    For each of ``bins`` intervals of [0, 1] the absolute difference of the mean prediction and the share of ones.
    Population: all rows together. Ties: none. Bounds: 0 to 1. Undefined: never. Source: Naeini, Cooper and Hauskrecht,
    AAAI 2015.

    >>> one = np.zeros(2, dtype=np.int32)
    >>> calibration_error(Ratings(1, one, np.array([1.0, 0.0]), np.array([0.75, 0.75]))).tolist()
    [0.25]

    The last interval has its end: a click that was certain, and did not come.

    >>> calibration_error(Ratings(1, one, np.array([0.0, 0.0]), np.array([1.0, 0.0]))).tolist()
    [0.5]
    """
    return _CALIBRATION.of(ratings, bins=bins)


def _check(ratings: Ratings, probabilities: bool = True) -> None:
    if not np.isin(ratings.rating, (0.0, 1.0)).all():
        raise InputError("this metric needs labels: ratings that are 0 or 1")
    if probabilities and ((ratings.predicted < 0) | (ratings.predicted > 1)).any():
        raise InputError("this metric needs probabilities: predictions from 0 to 1")


def _areas(
    group: npt.NDArray[np.int64], label: Values, predicted: Values, groups: int
) -> tuple[Values, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each group how many (1, 0) pairs are in right order, ties half, and its ones and zeros."""
    order = np.lexsort((predicted, group))
    group, predicted, one = group[order], predicted[order], label[order] == 1
    ones = np.bincount(group, weights=one, minlength=groups).astype(np.int64)
    zeros = np.bincount(group, minlength=groups) - ones
    begins = np.append(True, (group[1:] != group[:-1]) | (predicted[1:] != predicted[:-1]))
    tie = np.cumsum(begins) - 1
    # Twice the mean rank of each tie is a whole number, so that nothing is rounded.
    starts = np.flatnonzero(begins)
    sizes = np.diff(np.append(starts, len(group)))
    first = starts - (np.cumsum(ones + zeros) - ones - zeros)[group[starts]]
    doubled = 2 * first + sizes + 1
    summed = np.zeros(groups, dtype=np.int64)
    np.add.at(summed, group[one], doubled[tie[one]])
    return (summed - ones * (ones + 1)) / 2, ones, zeros
