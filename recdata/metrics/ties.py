"""Ties: the same hits with equal scores in the best or the worst order, or left open; and means over all orders.

Source of the means: McSherry and Najork, "Computing information retrieval performance measures efficiently in
the presence of tied scores", ECIR 2008. In a group of s equal scores with m hits each place holds a hit with
probability m/s; what is a sum over hits of something that depends on the rank alone needs no more than that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.hits import Floats, Hits, TieGroups
from recdata.metrics.kernel import running, sum_by_user

TIES = ("md5", "expected", "best", "worst")
"""What can be done with ties: the canonical rule, the mean over all orders, the model's favour, its disfavour."""


class Groups(NamedTuple):
    """Groups of equal scores that hold hits, sorted by user, then rank.

    user: int32[g]. first: int64[g], the group's first rank. size, hits: int64[g], how many scores and how many
    hits it has. before: int64[g], the user's hits in groups before. inside: int64[g], how many of its places are
    within the cutoff.
    """

    user: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    inside: npt.NDArray[np.int64]


def settled(hits: Hits, ties: str, grade: Floats | None = None) -> Hits:
    """Return hits with ties settled as "best" or "worst" for the model, or "expected": left open.

    grade: float64[p], by which the hits of one group are ordered (best: the highest first); None: all the same.
    Raises InputError where it is not known what is tied.
    """
    known = _ties(hits)
    if ties == "expected":
        return replace(hits, open=True)
    value = np.zeros(len(hits.user)) if grade is None else grade[hits.pair]
    moved = hits.chosen(np.lexsort((-value if ties == "best" else value, known.first, hits.user)))
    first, size = _ties(moved).first, _ties(moved).size
    starts = _starts(moved.user, first)
    many = np.diff(np.append(starts, len(first)))
    rank = first + np.arange(len(first)) - np.repeat(starts, many)
    if ties == "worst":
        rank += size - np.repeat(many, many)
    return replace(moved, rank=rank.astype(np.int32), ties=None)


def weights(hits: Hits, table: Floats, cutoff: int | None) -> Floats:
    """Return for each of ``hits`` what its rank is worth; where ties are open, the mean over its group's places.

    table: float64, what each rank is worth, from rank 0 (not used) to at least ``hits.highest()`` or the cutoff;
    beyond the cutoff a rank is worth nothing.
    """
    if not hits.open:
        return table[hits.rank]
    ties = _ties(hits)
    last = ties.first + ties.size - 1
    sums = running(table[1:])
    last = last if cutoff is None else np.minimum(last, cutoff)
    mean = (sums[last] - sums[ties.first - 1]) / ties.size
    return np.where(ties.size == 1, table[ties.first], mean)


def found(hits: Hits, limit: int | npt.NDArray[np.integer] | None) -> Floats:
    """Return how many hits each user has at the first ``limit`` ranks (int[n]: each user's own), or the mean of that."""
    own = limit[hits.user] if isinstance(limit, np.ndarray) else limit
    if not hits.open:
        kept = hits.user if own is None else hits.user[hits.rank <= own]
        return np.bincount(kept, minlength=len(hits)).astype(np.float64)
    ties = _ties(hits)
    last = ties.first + ties.size - 1
    last = last if own is None else np.minimum(last, own)
    return sum_by_user(hits.user, np.maximum(last - ties.first + 1, 0) / ties.size, len(hits))


def groups(hits: Hits, cutoff: int | None) -> Groups:
    """Return the groups of open ties that begin within the cutoff and hold hits."""
    top = hits.within(cutoff)
    ties = _ties(top)
    starts = _starts(top.user, ties.first)
    many = np.diff(np.append(starts, len(ties.first)))
    user, first, size = (
        top.user[starts],
        ties.first[starts].astype(np.int64),
        ties.size[starts].astype(np.int64),
    )
    inside = size if cutoff is None else np.minimum(size, cutoff - first + 1)
    return Groups(user, first, size, many, top.ordinals()[starts] - 1, inside)


def any_hit(hits: Hits, cutoff: int | None) -> Floats:
    """Return the probability of a hit within the cutoff: 1 less that of no hit among the places drawn."""
    user, _, size, many, before, inside = groups(hits, cutoff)
    none = np.ones(len(user))
    for drawn in range(int(many.max(initial=0))):
        left = np.where(drawn < many, size - drawn, 1)
        none *= np.where(drawn < many, np.maximum(size - inside - drawn, 0), 1) / left
    first = before == 0
    values = np.zeros(len(hits))
    values[user[first]] = 1 - none[first]
    return values


def first_reciprocal(hits: Hits, cutoff: int | None) -> Floats:
    """Return the mean of 1/rank of the first hit, 0 where it is beyond the cutoff."""
    every = groups(hits, cutoff)
    user, first, size, many, _, inside = (column[every.before == 0] for column in every)
    chance = many / size  # that the first hit is at the place of this turn of the loop
    total = np.zeros(len(user))
    for place in range(int(inside.max(initial=0))):
        total += np.where(place < inside, chance, 0.0) / (first + place)
        left = np.maximum(size - place - many, 0)
        chance *= left / np.maximum(size - place - 1, 1)
    values = np.zeros(len(hits))
    values[user] = total
    return values


def precision_sum(hits: Hits, cutoff: int | None) -> Floats:
    """Return the mean of the sum over hits of hits so far / rank: average precision before it is divided.

    A group's j-th place holds a hit with probability m/s, and then (j - 1)(m - 1)/(s - 1) more are expected
    before it in the group.
    """
    user, first, size, many, before, inside = groups(hits, cutoff)
    reciprocals = running(1 / np.arange(1.0, int((first + inside).max(initial=1))))
    harmonic = np.where(inside == 1, 1 / first, reciprocals[first + inside - 1] - reciprocals[first - 1])
    later = (many - 1) / np.maximum(size - 1, 1) * (inside - first * harmonic)
    one = (before + 1) / first
    mean = many / size * ((before + 1) * harmonic + later)
    return sum_by_user(user, np.where(size == 1, one, mean), len(hits))


def refuse_open(hits: Hits, name: str) -> None:
    """Raise InputError where ties are open and some hit is tied: the mean over orders has no closed form."""
    if hits.open and (_ties(hits).size > 1).any():
        raise InputError(
            f"the mean of {name} over all orders of ties has no closed form; choose ties best, worst or md5"
        )


def _ties(hits: Hits) -> TieGroups:
    if hits.ties is None:
        raise InputError("it is not known which of these hits are tied")
    return hits.ties


def _starts(user: npt.NDArray[np.int32], first: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    if not len(user):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.append(True, (user[1:] != user[:-1]) | (first[1:] != first[:-1])))
