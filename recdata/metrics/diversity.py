"""Metrics of what the items of a list are like, by a column of the corpus's items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.definition import metric
from recdata.metrics.kernel import ln, sum_by_user
from recdata.metrics.lists import Features, Lists

Values = npt.NDArray[np.float64]


@metric("ILD", "beyond", denominator="pairs of items in the first k", cutoff="required")
def intra_list_diversity(lists: Lists, cutoff: int, by: str = "categories") -> Values:
    """Intra-list diversity: mean distance of all pairs of items in the first k.

    by: a column of the items. Where it holds categories, one or a list, the distance is 1 less the Jaccard index (0
    where neither has any); where it holds vectors, it is (1 - cosine) / 2. Population: users with two items in the
    first k. Ties: settled before. Bounds: 0 to 1. Undefined: fewer than two items. Source: Ziegler, McNee, Konstan
    and Lausen, WWW 2005; Smyth and McClave, ICCBR 2001.

    a is x, b is x and y, c is z: distances 1/2, 1 and 1.

    >>> lists = Lists.of(["abc"], ["abc"], categories={"a": "x", "b": "xy", "c": "z"})
    >>> intra_list_diversity(lists, 3).round(4).tolist()
    [0.8333]
    """
    top, features = lists.known_items(cutoff), lists.features(by)
    total, pairs = np.zeros(len(lists)), np.zeros(len(lists), dtype=np.int64)
    for apart in range(1, cutoff):
        same = np.flatnonzero(top.user[apart:] == top.user[:-apart])
        if not len(same):
            break
        user = top.user[same]
        total += sum_by_user(user, _distance(features, top.item[same], top.item[same + apart]), len(lists))
        pairs += np.bincount(user, minlength=len(lists))
    return np.divide(total, pairs, out=np.full(len(lists), np.nan), where=pairs > 0)


@metric(
    "Calibration", "beyond", denominator="1", cutoff="required", high=None, higher_is_better=False,
    ranges={"alpha": (0.0, 1.0)},
)  # fmt: skip
def calibration(lists: Lists, cutoff: int, by: str = "categories", alpha: float = 0.01) -> Values:
    """Miscalibration: the divergence, in nats, of a list's categories from those of the user's training items.

    Kullback-Leibler divergence of p from (1 - alpha) q + alpha p; p and q are the shares of categories in the user's
    training items and in the first k, where an item shares itself out evenly among its categories. by: a column of the
    items. Population: users who have categories on both sides. Ties: settled before. Bounds: 0 and up, 0 is calibrated.
    Undefined: no categories on one side. Source: Steck, RecSys 2018, with all weights alike.

    Both users had x and y alike. The first list has them alike, too; of the second, which has x alone, it is
    (ln(.5 / .995) + ln(.5 / .005)) / 2.

    >>> lists = Lists.of(["ab", "a"], ["ab", "ab"], categories={"a": "x", "b": "y"})
    >>> calibration(lists, 2).round(4).tolist()
    [0.0, 1.9585]
    """
    features = lists.features(by)
    if features.categories is None:
        raise InputError(f"Calibration: the items' {by} are vectors, not categories")
    many = features.categories.sum(axis=1)
    share = features.categories / np.maximum(many, 1)[:, None]
    top, (user, item) = lists.known_items(cutoff), lists.known
    own = user >= 0
    p, q = _shares(share, user[own], item[own], len(lists)), _shares(share, top.user, top.item, len(lists))
    mixed = (1 - alpha) * q + alpha * p
    total = np.zeros(len(lists))
    for category in range(share.shape[1]):
        there = p[:, category] > 0
        with np.errstate(divide="ignore"):
            ratio = p[there, category] / mixed[there, category]
        total[there] += p[there, category] * np.where(
            np.isfinite(ratio), ln(np.minimum(ratio, 1e300)), np.inf
        )
    defined = (p.sum(axis=1) > 0) & (q.sum(axis=1) > 0)
    return np.where(defined, np.maximum(total, 0.0), np.nan)


def _distance(features: Features, one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> Values:
    if features.vectors is not None:
        left, right = features.vectors[one], features.vectors[other]
        norms = np.sqrt(_dot(left, left) * _dot(right, right))
        cosine = np.divide(_dot(left, right), norms, out=np.zeros(len(one)), where=norms > 0)
        return (1 - np.clip(cosine, -1, 1)) / 2
    if features.categories is None:
        raise ValueError("features have categories or vectors")
    left_sets, right_sets = features.categories[one], features.categories[other]
    both, either = (left_sets & right_sets).sum(axis=1), (left_sets | right_sets).sum(axis=1)
    return np.where(either > 0, 1 - both / np.maximum(either, 1), 0.0)


def _dot(left: Values, right: Values) -> Values:
    """Return the products' sums, column after column: the same bits wherever it runs."""
    total = np.zeros(len(left))
    for column in range(left.shape[1]):
        total += left[:, column] * right[:, column]
    return total


def _shares(share: Values, user: npt.NDArray[np.int32], item: npt.NDArray[np.int32], users: int) -> Values:
    """Return how the items of each user share out among categories: float64[users, c], rows sum up to 1 or are 0."""
    sums = np.stack(
        [sum_by_user(user, share[item, column], users) for column in range(share.shape[1])], axis=1
    )
    total = np.zeros(users)
    for column in range(share.shape[1]):
        total += sums[:, column]
    return sums / np.where(total > 0, total, 1.0)[:, None]
