"""Ties: the same hits with equal scores in the best or the worst order, or left open; and means over all orders.

Source of the means: McSherry and Najork, "Computing information retrieval performance measures efficiently in
the presence of tied scores", ECIR 2008. In a group of s equal scores with m hits each place holds a hit with
probability m/s; what is a sum over hits of something that depends on the rank alone needs no more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.hits import Floats, Hits, TieGroups
from recdata.metrics.kernel import running, sum_by_user

TIES = ("md5", "expected", "best", "worst")
"""What can be done with ties: the canonical rule, the mean over all orders, the model's favour, its disfavour."""
_CELLS = 1 << 22
"""How many probabilities are held at once."""


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

    def chosen(self, keep: npt.NDArray[np.bool_] | slice) -> Groups:
        """Return some of the groups."""
        user, *others = (column[keep] for column in self)
        return Groups(
            user.astype(np.int32, copy=False), *(each.astype(np.int64, copy=False) for each in others)
        )


def settled(hits: Hits, ties: str, grade: Floats | None = None) -> Hits:
    """Return hits with ties settled as "best" or "worst" for the model, or "expected": left open.

    grade: float64[p], by which the hits of one group are ordered (best: the highest first); None: all the same. Judged
    misses go to the other end of their groups. Raises InputError where it is not known what is tied.
    """
    known = tied(hits)
    if hits.judged is not None:
        turned = {"best": "worst", "worst": "best"}.get(ties, ties)
        hits = replace(hits, judged=settled(hits.judged, turned))
    if ties == "expected":
        return replace(hits, open=True)
    value = np.zeros(len(hits.user)) if grade is None else grade[hits.pair]
    moved = hits.chosen(np.lexsort((-value if ties == "best" else value, known.first, hits.user)))
    first, size = tied(moved).first, tied(moved).size
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
    ties = tied(hits)
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
    ties = tied(hits)
    last = ties.first + ties.size - 1
    last = last if own is None else np.minimum(last, own)
    return sum_by_user(hits.user, np.maximum(last - ties.first + 1, 0) / ties.size, len(hits))


def groups(hits: Hits, cutoff: int | None) -> Groups:
    """Return the groups of open ties that begin within the cutoff and hold hits."""
    top = hits.within(cutoff)
    ties = tied(top)
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
    every = groups(hits, cutoff)
    return sum_by_user(every.user, precision_worth(every), len(hits))


def precision_worth(every: Groups) -> Floats:
    """Return what each group adds to the mean of ``precision_sum``."""
    _, first, size, many, before, inside = every
    reciprocals = running(1 / np.arange(1.0, int((first + inside).max(initial=1))))
    harmonic = np.where(inside == 1, 1 / first, reciprocals[first + inside - 1] - reciprocals[first - 1])
    later = (many - 1) / np.maximum(size - 1, 1) * (inside - first * harmonic)
    one = (before + 1) / first
    mean = many / size * ((before + 1) * harmonic + later)
    return np.where(size == 1, one * many, mean)


def ratio(
    hits: Hits,
    cutoff: int | None,
    worth: Callable[[Groups], Floats],
    divisor: Callable[[npt.NDArray[np.int64]], Floats],
) -> Floats:
    """Return the mean of a sum over hits divided by something of their number, both within the cutoff; 0 without hits.

    worth: what each group adds to the sum, in the mean. divisor: of how many hits there are, positive from 1 on. At most
    one group of a user is cut: it has t hits inside with the chance of t in a draw of its inner places without
    replacement, and given t all orders of the inner places are alike.
    """
    every = groups(hits, cutoff)
    whole, torn = every.chosen(every.inside == every.size), every.chosen(every.inside < every.size)
    summed = sum_by_user(whole.user, worth(whole), len(hits))
    many = np.bincount(whole.user, weights=whole.hits, minlength=len(hits)).astype(np.int64)
    values = np.where(many > 0, summed / divisor(np.maximum(many, 1)), 0.0)
    values[torn.user] = 0.0
    for part in _blocks(torn):
        for places, chance in drawn(part):
            due = part.inside == places
            some = part.chosen(due)
            for number_in in range(chance.shape[1]):
                there = some._replace(size=some.inside, hits=np.full(len(some.user), number_in))
                within = some.before + number_in
                share = (summed[some.user] + worth(there)) / divisor(np.maximum(within, 1))
                values[some.user] += chance[due, number_in] * np.where(within > 0, share, 0.0)
    return values


def stopping(hits: Hits, cutoff: int | None, stop: Floats) -> Floats:
    """Return the mean of the sum over hits of (chance of stopping there) / rank: expected reciprocal rank.

    stop: float64[h of ``hits.within(cutoff)``], the chance that a user who looks at the hit stops. A user goes on behind j
    places of a group with the chance A(j), the mean over orders of the product of 1 - stop over the hits among them: a
    sum over t of the chance of t hits among j places times the mean product over all choices of t of the group's hits.
    The group adds the sum of (A(j - 1) - A(j)) / rank, times the chance of getting to it.
    """
    every = groups(hits, cutoff)
    start = np.cumsum(every.hits) - every.hits
    worth, going = np.zeros(len(every.user)), np.ones(len(every.user))
    for number in range(int(every.hits.max(initial=0))):
        there = number < every.hits
        going[there] *= 1 - stop[start[there] + number]
    begin = 0
    for part in _blocks(every):
        end = begin + len(part.user)
        products = _mean_products(part.hits, start[begin:end], stop)
        before = np.ones(len(part.user))
        for places, chance in drawn(part):
            if places:
                behind = (chance * products).sum(axis=1)
                add = np.where(places <= part.inside, (before - behind) / (part.first + places - 1), 0.0)
                worth[begin:end] += add
                before = behind
        begin = end
    turn = np.arange(len(every.user)) - np.searchsorted(every.user, every.user)
    values, reached = np.zeros(len(hits)), np.ones(len(hits))
    for number in range(int(turn.max(initial=-1)) + 1):
        now = turn == number
        user, single = every.user[now], every.size[now] == 1
        alone = reached[user] * stop[start[now]] / every.first[now]
        values[user] += np.where(single, alone, reached[user] * worth[now])
        reached[user] *= going[now]
    return values


def drawn(every: Groups) -> Iterator[tuple[int, Floats]]:
    """Yield j and float64[g, most hits + 1] for j = 0, 1, ...: the chance of so many hits among a group's first j places.

    Up to the most inner places of any group; beyond a group's own it means nothing.
    """
    number = np.arange(int(every.hits.max(initial=0)) + 1)
    chance = np.zeros((len(every.user), len(number)))
    chance[:, 0] = 1.0
    for places in range(int(every.inside.max(initial=-1)) + 1):
        yield places, chance
        left = np.maximum(every.size - places, 1)[:, None]
        hit = np.clip((every.hits[:, None] - number) / left, 0.0, 1.0)
        moved = chance * hit
        chance = chance * (1 - hit)
        chance[:, 1:] += moved[:, :-1]


def _mean_products(
    hits: npt.NDArray[np.int64], start: npt.NDArray[np.int64], stop: Floats
) -> npt.NDArray[np.float64]:
    """Return float64[g, most hits + 1]: the mean over all choices of t of a group's hits of the product of 1 - stop.

    With the n-th hit they become ((n - t) M(t) + t (1 - stop) M(t - 1)) / n: the choices without it and those with it.
    """
    number = np.arange(int(hits.max(initial=0)) + 1)
    means = np.zeros((len(hits), len(number)))
    means[:, 0] = 1.0
    for nth in range(1, len(number)):
        there = hits >= nth
        going = 1 - stop[start[there] + nth - 1]
        old = means[there]
        new = np.maximum(nth - number, 0) * old
        new[:, 1:] += number[1:] * going[:, None] * old[:, :-1]
        means[there] = new / nth
    return means


def _blocks(every: Groups) -> Iterator[Groups]:
    """Yield the groups in blocks that are small enough to hold a number for each group and number of hits."""
    step = max(_CELLS // (int(every.hits.max(initial=0)) + 1), 1)
    for begin in range(0, len(every.user), step):
        yield every.chosen(slice(begin, begin + step))


def refuse_torn(hits: Hits, cutoff: int | None, name: str) -> None:
    """Raise InputError where ties are open and the cutoff falls into one that holds a hit, after ``name`` had no answer."""
    if hits.open:
        every = groups(hits, cutoff)
        if (every.inside < every.size).any():
            raise InputError(
                f"the mean of {name} over all orders of ties has no closed form where the cutoff falls into one; "
                "choose ties best, worst or md5"
            )


def tied(hits: Hits) -> TieGroups:
    """Return which equal scores each hit stands among. Raises InputError where it is not known."""
    if hits.ties is None:
        raise InputError("it is not known which of these hits are tied")
    return hits.ties


def _starts(user: npt.NDArray[np.int32], first: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    if not len(user):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.append(True, (user[1:] != user[:-1]) | (first[1:] != first[:-1])))
