"""Ranking metrics that count hits: shares of what is relevant, of the places, or of both.

For all ranking metrics: R is the number of a user's relevant items, k the cutoff, n the length of the user's
list, h the hits in the first k ranks (in the whole list where there is no cutoff). Population: every user with R
>= 1; a user without a list has no hits and counts 0. Ties are settled before, when the list is ranked (by score,
then by the MD5 of the item id), so that a rank is one integer; or they are left open, and the value is the mean
over all orders of them. A user with R = 0 has no value; such users are not in the population.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.definition import metric
from recdata.metrics.hits import Hits
from recdata.metrics.ties import any_hit, found

Values = npt.NDArray[np.float64]


@metric("Recall", "ranking", denominator="R", aliases=("R",), denominators={"of": {"reachable": "min(R, k)"}})
def recall(hits: Hits, cutoff: int | None, of: Literal["relevant", "reachable"] = "relevant") -> Values:
    """Share of the relevant items that are in the first k: h / R.

    With R > k it cannot reach 1; of='reachable' divides by min(R, k) instead, so that it can. Population: users
    with R >= 1, without a list 0. Ties: settled before, or h is its mean. Bounds: 0 to 1. Undefined: R = 0.
    Source: van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7.

    >>> recall(Hits.of([{"a", "b", "c"}, {"a"}], [["a", "x", "b"], []]), 2).tolist()
    [0.3333333333333333, 0.0]
    """
    return found(hits, cutoff) / (hits.relevant if of == "relevant" else capped(hits.relevant, cutoff))


@metric(
    "Precision",
    "ranking",
    denominator="k, also where the list is shorter",
    aliases=("P",),
    cutoff="required",
    denominators={"of": {"listed": "min(n, k)"}},
)
def precision(hits: Hits, cutoff: int, of: Literal["places", "listed"] = "places") -> Values:
    """Share of the first k places that hold a relevant item: h / k, also where the list is shorter than k.

    of='listed' divides by the places that are filled, min(n, k), instead; a user without a list has 0 then too.
    Population: users with R >= 1, without a list 0. Ties: settled before, or h is its mean. Bounds: 0 to 1.
    Undefined: never, given k. Source: van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7, at a fixed
    rank as in TREC.

    >>> precision(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [0.2]
    """
    places = np.int64(cutoff) if of == "places" else np.clip(hits.listed, 1, cutoff)
    values: Values = found(hits, cutoff) / places
    return values


@metric("F1", "ranking", denominator="k + R, of twice the hits", cutoff="required")
def f1(hits: Hits, cutoff: int) -> Values:
    """Harmonic mean of precision h/k and recall h/R of each user, which is 2h / (k + R); 0 without hits.

    It is the mean of the users' F1, not the F1 of mean precision and recall. Population: users with R >= 1,
    without a list 0. Ties: settled before, or h is its mean. Bounds: 0 to 1. Undefined: never, given k.
    Source: van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7 (1 - E with equal weights).

    >>> f1(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 5).tolist()
    [0.5]
    """
    return 2 * found(hits, cutoff) / (hits.relevant + np.int64(cutoff))


@metric("Rprec", "ranking", denominator="R", aliases=("R-Precision", "RPrecision"), cutoff="none")
def r_precision(hits: Hits) -> Values:
    """Precision at R: the share of the first R places that hold a relevant item, R being each user's own.

    Precision and recall are the same there. Population: users with R >= 1, without a list 0. Ties: settled
    before, or the hits are their mean. Bounds: 0 to 1. Undefined: R = 0. Source: Buckley and Voorhees, SIGIR 2000.

    Of two relevant items one is in the first two places.

    >>> r_precision(Hits.of([{"a", "b"}], [["x", "a", "b"]])).tolist()
    [0.5]
    """
    return found(hits, hits.relevant) / hits.relevant


@metric("HR", "ranking", denominator="1", aliases=("Hit", "HitRate", "Success"))
def hit_rate(hits: Hits, cutoff: int | None) -> Values:
    """Whether any relevant item is in the first k: 1 or 0. Its mean is the share of users who are served.

    Population: users with R >= 1, without a list 0. Ties: settled before, or the probability of a hit when all
    orders are alike. Bounds: 0 to 1. Undefined: never. Source: Deshpande and Karypis, ACM TOIS 22(1), 2004
    (there with R = 1, where it equals Recall).

    >>> hit_rate(Hits.of([{"a", "b"}, {"a"}], [["x", "a", "b"], ["x", "y", "a"]]), 2).tolist()
    [1.0, 0.0]
    """
    if hits.open:
        return any_hit(hits, cutoff)
    return (hits.within(cutoff).counts() > 0).astype(np.float64)


@metric("HitCount", "ranking", denominator="1", high=None)
def hit_count(hits: Hits, cutoff: int | None) -> Values:
    """Count the relevant items in the first k: h, undivided.

    Population: users with R >= 1, without a list 0. Ties: settled before, or its mean. Bounds: 0 to min(R, k).
    Undefined: never. Source: ranx's "hits"; what RecPack calls HitK.

    >>> hit_count(Hits.of([{"a", "b"}], [["a", "b", "x"]]), 3).tolist()
    [2.0]
    """
    return found(hits, cutoff)


def capped(relevant: npt.NDArray[np.int32], cutoff: int | None) -> npt.NDArray[np.int32]:
    """Return min(R, k) of each user: how many hits are possible."""
    return relevant if cutoff is None else np.minimum(relevant, cutoff).astype(np.int32)


def need_cutoff(cutoff: int | None, what: str) -> int:
    """Return the cutoff. Raises InputError where there is none."""
    if cutoff is None:
        raise InputError(f"{what} needs a cutoff")
    return cutoff
