"""Ranking metrics in which a hit is worth what its grade and its rank say. R, k, n and h: see ``ranking``."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.definition import metric
from recdata.metrics.hits import Hits
from recdata.metrics.kernel import discounts, running, sum_by_user
from recdata.metrics.ranking import capped, need_cutoff
from recdata.metrics.ties import Groups, ratio, refuse_torn, stopping, weights

Values = npt.NDArray[np.float64]
Gain = Literal["binary", "graded", "exponential"]
Discount = Literal["log2", "log2-from-3"]


@metric(
    "nDCG",
    "ranking",
    denominator="DCG of the best possible list: the highest min(R, k) gains at ranks 1 to min(R, k)",
    aliases=("NormalizedDCG",),
    denominators={
        "ideal": {
            "all": "DCG of hits at all of the ranks 1 to k, also where R < k",
            "own": "DCG of the list's own hits at its first ranks",
        }
    },
)
def ndcg(
    hits: Hits,
    cutoff: int | None,
    gain: Gain = "binary",
    discount: Discount = "log2",
    ideal: Literal["reachable", "all", "own"] = "reachable",
) -> Values:
    """Normalised discounted cumulated gain: sum of gain/log2(rank + 1) over the hits, over the best possible.

    The best is min(R, k) hits at the first ranks (R without a cutoff), highest gains first, so that a perfect
    list has 1 exactly. gain: 1 for each relevant item; 'graded' its grade (the newest rating of the pair);
    'exponential' 2^grade - 1. discount: 'log2-from-3' is 1/log2(max(rank, 2)), so that the first two ranks are
    worth the same. ideal: 'all' is k hits, whatever R; 'own' is the list's hits moved to the first ranks.
    Population: users with R >= 1, without a list 0. Ties: settled before, or the mean over their orders, which
    has no closed form for 'own' with grades where the cutoff falls into a tie. Bounds: 0 to 1. Undefined: R = 0;
    where all gains are 0 it is 0. Source: Järvelin and Kekäläinen, TOIS 20(4), 2002; discount and 2^grade - 1:
    Burges et al., ICML 2005.

    Hits at ranks 1 and 3 of three relevant items: (1 + 1/2) / (1 + 1/log2(3) + 1/2).

    >>> ndcg(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [0.7039180890341348]
    >>> ndcg(Hits.of([{"a": 3, "b": 1}], [["b", "a"]]), 10, gain="graded").tolist()
    [0.7967075809905068]
    """
    if ideal == "all":
        if gain != "binary":
            raise InputError("nDCG with ideal='all' is defined for gain='binary' alone")
        table = _table(discount, need_cutoff(cutoff, "nDCG with ideal='all'"))
        return dcg(hits, cutoff, gain, discount) / running(table[1:])[cutoff]
    if ideal == "own":
        if hits.open and gain == "binary":
            return _own_expected(hits, cutoff, discount)
        refuse_torn(hits, cutoff, "nDCG with grades and ideal='own'")
        best = _own(hits.within(cutoff), gain, discount)
    elif gain == "binary":
        reachable = capped(hits.relevant, cutoff)
        best = running(_table(discount, int(reachable.max(initial=0)))[1:])[reachable]
    else:
        best = _best(hits, cutoff, gain, discount)
    summed = dcg(hits, cutoff, gain, discount)
    return np.divide(summed, best, out=np.zeros(len(hits)), where=best > 0)


@metric("DCG", "ranking", denominator="1", high=None)
def dcg(hits: Hits, cutoff: int | None, gain: Gain = "binary", discount: Discount = "log2") -> Values:
    """Discounted cumulated gain: sum of gain/log2(rank + 1) over the hits, not divided by anything.

    gain and discount: see nDCG. Population: users with R >= 1, without a list 0. Ties: settled before, or the
    mean over their orders. Bounds: 0 and up. Undefined: never. Source: Järvelin and Kekäläinen, TOIS 20(4), 2002;
    discount and 2^grade - 1: Burges et al., ICML 2005.

    >>> dcg(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [1.5]
    >>> dcg(Hits.of([{"a": 3, "b": 1}], [["x", "x", "a"]]), 10, gain="exponential").tolist()
    [3.5]
    """
    top = hits.within(cutoff)
    worth = weights(top, _table(discount, _last(top, cutoff)), cutoff)
    if gain != "binary":
        worth = gains(hits, gain)[top.pair] * worth
    return sum_by_user(top.user, worth, len(top))


@metric("RBP", "ranking", denominator="1 / (1 - p), the sum of all weights", ranges={"p": (0.0, 1.0)})
def rank_biased_precision(hits: Hits, cutoff: int | None, p: float = 0.8) -> Values:
    """Rank-biased precision: (1 - p) times the sum of p^(rank - 1) over the hits.

    p is the probability that the user looks at the next place, too. It reaches 1 only as R grows without end.
    Population: users with R >= 1, without a list 0. Ties: settled before, or the mean over their orders. Bounds: 0
    to 1. Undefined: never. Source: Moffat and Zobel, ACM TOIS 27(1), 2008.

    Hits at ranks 1 and 3 with p = 1/2: (1 + 1/4) / 2.

    >>> rank_biased_precision(Hits.of([{"a", "b"}], [["a", "x", "b"]]), None, p=0.5).tolist()
    [0.625]
    """
    top = hits.within(cutoff)
    table = np.full(_last(top, cutoff) + 1, p)
    table[:2] = [0.0, 1.0][: len(table)]
    np.multiply.accumulate(table[1:], out=table[1:])
    return (1 - p) * sum_by_user(top.user, weights(top, table, cutoff), len(top))


@metric("ERR", "ranking", denominator="rank at which the user stops", ranges={"highest": (0.0, 60.0)})
def expected_reciprocal_rank(
    hits: Hits, cutoff: int | None, gain: Literal["binary", "graded"] = "binary", highest: float = 1.0
) -> Values:
    """Expected reciprocal rank: the mean of 1/rank at which a user who reads downwards is satisfied.

    A hit satisfies with probability (2^grade - 1) / 2^highest; the grade is 1, or with gain='graded' the newest
    rating of the pair. highest: the highest grade there is. Population: users with R >= 1, without a list 0. Ties:
    settled before, or the mean over their orders. Bounds: 0 to 1. Undefined: never. Source: Chapelle, Metzler,
    Zhang and Grinspan, CIKM 2009.

    Hits at ranks 1 and 2, each of which satisfies with probability 1/2: 1/2 + 1/2 * 1/2 / 2.

    >>> expected_reciprocal_rank(Hits.of([{"a", "b"}], [["a", "b"]]), None).tolist()
    [0.625]
    """
    top = hits.within(cutoff)
    grade = top.facts.grades() if gain == "graded" else np.ones(int(hits.relevant.sum()))
    if (grade > highest).any():
        raise InputError(
            f"ERR: a grade is {grade.max():g}; name the highest grade, as in ERR(gain='graded', highest=5)"
        )
    stop = (exponential(grade) / exponential(np.array([highest]), 0))[top.pair]
    if hits.open:
        return stopping(hits, cutoff, stop)
    values, going_on = np.zeros(len(top)), np.ones(len(top))
    ordinal = top.ordinals()
    # The hits of one turn are of different users.
    order = np.argsort(ordinal, kind="stable")
    for part in np.split(order, np.cumsum(np.bincount(ordinal)[1:])[:-1]) if len(order) else []:
        user = top.user[part]
        values[user] += going_on[user] * stop[part] / top.rank[part]
        going_on[user] *= 1 - stop[part]
    return values


def gains(hits: Hits, gain: Gain) -> Values:
    """Return what a hit of each of the truth's pairs is worth: float64[p]."""
    grades = hits.facts.grades()
    return exponential(grades) if gain == "exponential" else grades


def exponential(grades: Values, less: int = 1) -> Values:
    """Return 2^grade - ``less``, rounded once, the same on every platform."""
    distinct, place = np.unique(grades, return_inverse=True)
    with localcontext() as context:
        context.prec = 40
        powers = [float(Decimal(2) ** Decimal(grade) - less) for grade in distinct.tolist()]
    return np.array(powers)[place] if len(grades) else np.zeros(0)


def _best(hits: Hits, cutoff: int | None, gain: Gain, discount: Discount) -> Values:
    """Return the DCG of the best list: each user's highest gains first."""
    owner, gained = hits.owners(), gains(hits, gain)
    order = np.lexsort((-gained, owner))
    rank = np.arange(1, len(owner) + 1) - np.repeat(np.cumsum(hits.relevant) - hits.relevant, hits.relevant)
    kept = slice(None) if cutoff is None else rank <= cutoff
    table = _table(discount, int(rank[kept].max(initial=0)))
    return sum_by_user(owner[kept], gained[order][kept] * table[rank[kept]], len(hits))


def _own(top: Hits, gain: Gain, discount: Discount) -> Values:
    gained = np.ones(len(top.user)) if gain == "binary" else gains(top, gain)[top.pair]
    order = np.lexsort((-gained, top.user))
    rank = top.ordinals()
    return sum_by_user(top.user, gained[order] * _table(discount, int(rank.max(initial=0)))[rank], len(top))


def _own_expected(hits: Hits, cutoff: int | None, discount: Discount) -> Values:
    """Return the mean over orders of ties of binary nDCG whose ideal is the list's own hits at the first ranks."""
    last = max(_last(hits.within(cutoff), cutoff), int(hits.relevant.max(initial=0)))
    table = _table(discount, last)
    sums = running(table[1:])

    def worth(every: Groups) -> Values:
        mean = (sums[every.first + every.inside - 1] - sums[every.first - 1]) / every.size
        added: Values = every.hits.astype(np.float64) * np.where(every.size == 1, table[every.first], mean)
        return added

    return ratio(hits, cutoff, worth, lambda many: sums[many])


def _table(discount: Discount, last: int) -> Values:
    """Return what the ranks 0 to ``last`` are worth."""
    if discount == "log2":
        return discounts(last)
    return np.concatenate((discounts(1), discounts(max(last - 1, 1))[1:]))[: last + 1]


def _last(top: Hits, cutoff: int | None) -> int:
    return top.highest() if cutoff is None else min(top.highest(), cutoff)
