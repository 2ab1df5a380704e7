"""Ranking metrics of the order in which hits and misses stand. R, k, n and h: see ``ranking``."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.definition import metric
from recdata.metrics.hits import Hits
from recdata.metrics.kernel import running, sum_by_user
from recdata.metrics.ranking import capped, need_cutoff
from recdata.metrics.ties import (
    first_reciprocal,
    groups,
    precision_sum,
    precision_worth,
    ratio,
    tied,
    weights,
)

Values = npt.NDArray[np.float64]


@metric(
    "MRR",
    "ranking",
    denominator="rank of the first hit",
    aliases=("RR",),
    denominators={"of": {"all": "the hits' ranks, summed up, and then R"}},
)
def reciprocal_rank(hits: Hits, cutoff: int | None, of: Literal["first", "all"] = "first") -> Values:
    """One over the rank of the first relevant item; 0 where none is in the first k (uncut: in the list).

    of='all' is the sum of 1/rank over all hits divided by R instead. Population: users with R >= 1, without a list
    0. Ties: settled before, or the mean over their orders. Bounds: 0 to 1. Undefined: never. Source: Voorhees,
    "The TREC-8 question answering track report", 1999.

    >>> reciprocal_rank(Hits.of([{"a", "b"}, {"a"}], [["x", "a", "b"], ["x", "y", "a"]]), None).tolist()
    [0.5, 0.3333333333333333]
    """
    top = hits.within(cutoff)
    if of == "all":
        table = np.append(0.0, 1 / np.arange(1.0, top.highest() + 1))
        return sum_by_user(top.user, weights(top, table, cutoff), len(top)) / hits.relevant
    if hits.open:
        return first_reciprocal(hits, cutoff)
    first = top.ordinals() == 1
    values = np.zeros(len(hits))
    values[top.user[first]] = 1 / top.rank[first]
    return values


@metric(
    "MAP",
    "ranking",
    denominator="min(R, k)",
    aliases=("AP",),
    denominators={
        "of": {"relevant": "R", "places": "k", "listed": "min(R, n, k)", "hits": "h"},
        "at": {"ranks": "k, of precision at each rank from 1 to k, hit or not"},
    },
)
def average_precision(
    hits: Hits,
    cutoff: int | None,
    of: Literal["reachable", "relevant", "places", "listed", "hits"] = "reachable",
    at: Literal["hits", "ranks"] = "hits",
) -> Values:
    """Average precision: sum over the hits of hits so far / rank, divided by min(R, k) (R without a cutoff).

    A perfect list has 1 whatever k. of: other divisors, R ('relevant'), k ('places'), min(R, n, k) ('listed'), h
    ('hits'). at='ranks': the mean of precision at each of the ranks 1 to k, whether there is a hit or not.
    Population: users with R >= 1, without a list 0. Ties: settled before, or the mean over their orders. Bounds: 0
    to 1. Undefined: R = 0. Source: Buckley and Voorhees, SIGIR 2000 (uncut, divided by R); the
    divisor min(R, k) at a cutoff is the usual one where lists are short. trec_eval divides by R at every cutoff.

    Hits at ranks 1 and 3 of three relevant items: (1/1 + 2/3) / 3.

    >>> average_precision(Hits.of([{"a", "b", "c"}], [["a", "x", "b"]]), 10).tolist()
    [0.5555555555555555]
    """
    top = hits.within(cutoff)
    if at == "ranks":
        last = need_cutoff(cutoff, "MAP with at='ranks'")
        # A hit at rank r counts in the precision at r, r + 1, ..., k.
        ahead = running(1 / np.arange(1.0, last + 1))
        table = np.append(0.0, ahead[-1] - ahead[:-1])
        return sum_by_user(top.user, weights(top, table, cutoff), len(top)) / np.int64(last)
    if of == "hits" and hits.open:
        return ratio(hits, cutoff, precision_worth, lambda many: many.astype(np.float64))
    summed = precision_sum(hits, cutoff) if hits.open else _precision_sum(top)
    if of == "reachable":
        return summed / capped(hits.relevant, cutoff)
    if of == "relevant":
        return summed / hits.relevant
    if of == "places":
        return summed / np.int64(need_cutoff(cutoff, "MAP with of='places'"))
    if of == "hits":
        return summed / np.maximum(top.counts(), 1)
    return summed / np.maximum(np.minimum(capped(hits.relevant, cutoff), hits.listed), 1)


@metric(
    "UAUC", "ranking", denominator="R times the number of candidates that are not relevant", cutoff="none"
)
def area_under_curve(hits: Hits) -> Values:
    """Area under the ROC curve of each user: the share of (relevant, other) pairs of candidates in right order.

    Candidates that are not in the list stand below it, tied with each other, and a tied pair counts half. What
    stands in the list and is no candidate (seen or unknown items) counts as one. Where there is nothing but relevant
    items the value is 1. Population: users with R >= 1; without a list 1/2, all being tied. Ties: settled before,
    or half. Bounds: 0 to 1. Undefined: never. Source: Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR",
    UAI 2009, section 3.

    Candidates a, b, x, y, z; a is relevant and second: three of four are below it.

    >>> area_under_curve(Hits.of([{"a"}], [["x", "a", "y"]], candidates=5)).tolist()
    [0.75]
    """
    counts = hits.counts()
    misses = hits.listed - counts
    others = np.maximum(hits.facts.candidates() - hits.relevant, misses)
    if hits.open:
        every = groups(hits, None)
        above = every.first - 1 - every.before + (every.size - every.hits) / 2
        right = sum_by_user(every.user, every.hits * (others[every.user] - above), len(hits))
    else:
        right = sum_by_user(hits.user, others[hits.user] - (hits.rank - hits.ordinals()) * 1.0, len(hits))
    right += (hits.relevant - counts) * (others - misses) / 2
    possible = hits.relevant * others
    return np.divide(right, possible, out=np.ones(len(hits)), where=possible > 0)


@metric("Bpref", "ranking", denominator="R", cutoff="none", reads=frozenset({"judged"}))
def binary_preference(hits: Hits) -> Values:
    """Binary preference: the mean over relevant items of 1 less the share of judged misses that stand above.

    Judged misses are the items of the part that are known to be not relevant: those whose rating is too low. For
    each hit: 1 - min(judged misses above, R) / min(R, N), N being the user's judged misses; 1 where N is 0.
    Relevant items that are not listed add 0. Population: users with R >= 1, without a list 0. Ties: settled before,
    or the mean over their orders. Bounds: 0 to 1. Undefined: R = 0. Source: Buckley and Voorhees, SIGIR 2004, as
    trec_eval computes it.

    x is a judged miss, y not judged: a has no judged miss above it, b has one of the two that count.

    >>> binary_preference(Hits.of([{"a", "b"}], [["y", "a", "x", "b"]], judged=[{"x", "z"}])).tolist()
    [0.75]
    """
    if hits.judged is None:
        raise InputError("Bpref needs items that are known to be not relevant, and this task has none")
    misses = hits.judged
    bits = max(hits.highest(), misses.highest(), 1).bit_length()
    keys = misses.user.astype(np.int64) << bits | misses.rank
    start = np.searchsorted(keys, hits.user.astype(np.int64) << bits)
    above = np.searchsorted(keys, hits.user.astype(np.int64) << bits | hits.rank) - start
    relevant, judged = hits.relevant[hits.user], misses.relevant[hits.user]
    missed = _misses_above(hits, misses, relevant) if hits.open else np.minimum(above, relevant)
    lost = missed / np.maximum(np.minimum(relevant, judged), 1)
    return sum_by_user(hits.user, np.where(judged > 0, 1 - lost, 1.0), len(hits)) / hits.relevant


def _misses_above(hits: Hits, misses: Hits, most: npt.NDArray[np.int32]) -> Values:
    """Return for each hit the mean of min(judged misses above, ``most``) over the orders of ties.

    Of the j judged misses that a hit is tied with, 0, 1, ..., j stand above it with equal chances.
    """
    first = tied(hits).first.astype(np.int64)
    bits = max(hits.highest(), misses.highest(), 1).bit_length()
    keys = np.sort(misses.user.astype(np.int64) << bits | tied(misses).first)
    user = hits.user.astype(np.int64) << bits
    begin, end = np.searchsorted(keys, user | first), np.searchsorted(keys, user | first, side="right")
    above, beside = begin - np.searchsorted(keys, user), end - begin
    below = np.clip(most - above, 0, beside + 1)  # how many of the j + 1 cases stay below ``most``
    summed = below * above + below * (below - 1) // 2 + (beside + 1 - below) * most
    values: Values = summed / (beside + 1)
    return values


def _precision_sum(top: Hits) -> Values:
    return sum_by_user(top.user, top.ordinals() / top.rank, len(top))
