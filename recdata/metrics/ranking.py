"""Ranking metrics of relevant or not: functions of hits, one value per user.

For all of them: R is the number of a user's relevant items, k the cutoff, n the length of the user's list, h
the hits in the first k ranks (in the whole list where there is no cutoff). Population: every user with R >=
1; a user without a list has no hits and counts 0. Ties are settled before, when the list is ranked (by score,
then by the MD5 of the item id), so that a rank is one integer. A user with R = 0 has no value; such users are
not in the population.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdata.metrics.definition import metric
from recdata.metrics.hits import Hits
from recdata.metrics.kernel import discounts, running, sum_by_user

Values = npt.NDArray[np.float64]


@metric(
    "nDCG",
    "ranking",
    denominator="sum of 1/log2(i + 1) for i = 1 to min(R, k)",
    aliases=("NormalizedDCG",),
)
def ndcg(hits: Hits, cutoff: int | None) -> Values:
    """Normalised discounted cumulated gain: sum of 1/log2(rank + 1) over the hits, over the best possible.

    The best is min(R, k) hits at the first ranks (R without a cutoff), so that a perfect list has 1 exactly.
    Population: users with R >= 1, without a list 0. Ties: settled before. Bounds: 0 to 1. Undefined: R = 0.
    Source: Järvelin and Kekäläinen, TOIS 20(4), 2002, with gain 1; discount: Burges et al., ICML 2005.

    Hits at ranks 1 and 3 of three relevant items: (1 + 1/2) / (1 + 1/log2(3) + 1/2).

    >>> ndcg(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [0.7039180890341348]
    """
    top = hits.within(cutoff)
    gain = sum_by_user(top.user, discounts(_highest(top))[top.rank], len(top))
    ideal = _capped(hits.relevant, cutoff)
    return gain / running(discounts(int(ideal.max(initial=0)))[1:])[ideal]


@metric("Recall", "ranking", denominator="R", aliases=("R",))
def recall(hits: Hits, cutoff: int | None) -> Values:
    """Share of the relevant items that are in the first k: h / R.

    With R > k it cannot reach 1. Population: users with R >= 1, without a list 0. Ties: settled before.
    Bounds: 0 to 1. Undefined: R = 0. Source: van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7.

    >>> recall(Hits.of([{"a", "b", "c"}, {"a"}], [["a", "x", "b"], []]), 2).tolist()
    [0.3333333333333333, 0.0]
    """
    return hits.within(cutoff).counts() / hits.relevant


@metric(
    "Precision", "ranking", denominator="k, also where the list is shorter", aliases=("P",), cutoff="required"
)
def precision(hits: Hits, cutoff: int) -> Values:
    """Share of the first k places that hold a relevant item: h / k, also where the list is shorter than k.

    Population: users with R >= 1, without a list 0. Ties: settled before. Bounds: 0 to 1. Undefined: never,
    given k. Source: van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7, at a fixed rank as in
    TREC.

    >>> precision(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [0.2]
    """
    values: Values = hits.within(cutoff).counts() / np.int64(cutoff)
    return values


@metric("HR", "ranking", denominator="1", aliases=("Hit", "HitRate", "Success"))
def hit_rate(hits: Hits, cutoff: int | None) -> Values:
    """Whether any relevant item is in the first k: 1 or 0. Its mean is the share of users who are served.

    Population: users with R >= 1, without a list 0. Ties: settled before. Bounds: 0 to 1. Undefined: never.
    Source: Deshpande and Karypis, ACM TOIS 22(1), 2004 (there with R = 1, where it equals Recall).

    >>> hit_rate(Hits.of([{"a", "b"}, {"a"}], [["x", "a", "b"], ["x", "y", "a"]]), 2).tolist()
    [1.0, 0.0]
    """
    return (hits.within(cutoff).counts() > 0).astype(np.float64)


@metric("MRR", "ranking", denominator="rank of the first hit", aliases=("RR",))
def reciprocal_rank(hits: Hits, cutoff: int | None) -> Values:
    """One over the rank of the first relevant item; 0 where none is in the first k (uncut: in the list).

    Population: users with R >= 1, without a list 0. Ties: settled before. Bounds: 0 to 1. Undefined: never.
    Source: Voorhees, "The TREC-8 question answering track report", 1999.

    >>> reciprocal_rank(Hits.of([{"a", "b"}, {"a"}], [["x", "a", "b"], ["x", "y", "a"]]), None).tolist()
    [0.5, 0.3333333333333333]
    """
    top = hits.within(cutoff)
    first = top.ordinals() == 1
    values = np.zeros(len(hits))
    values[top.user[first]] = 1 / top.rank[first]
    return values


@metric("MAP", "ranking", denominator="min(R, k)", aliases=("AP",))
def average_precision(hits: Hits, cutoff: int | None) -> Values:
    """Average precision: sum over the hits of hits so far / rank, divided by min(R, k) (R without a cutoff).

    A perfect list has 1 whatever k. Population: users with R >= 1, without a list 0. Ties: settled before.
    Bounds: 0 to 1. Undefined: R = 0. Source: Buckley and Voorhees, SIGIR 2000 (uncut, divided by R); the
    divisor min(R, k) at a cutoff is the usual one where lists are short. trec_eval divides by R at every
    cutoff.

    Hits at ranks 1 and 3 of three relevant items: (1/1 + 2/3) / 3.

    >>> average_precision(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [0.5555555555555555]
    """
    top = hits.within(cutoff)
    return sum_by_user(top.user, top.ordinals() / top.rank, len(top)) / _capped(hits.relevant, cutoff)


def _capped(relevant: npt.NDArray[np.int32], cutoff: int | None) -> npt.NDArray[np.int32]:
    return relevant if cutoff is None else np.minimum(relevant, cutoff).astype(np.int32)


def _highest(hits: Hits) -> int:
    return int(hits.rank.max(initial=0))
