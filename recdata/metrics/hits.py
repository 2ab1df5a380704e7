"""Hits: the integers that ranking metrics are computed from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError

Integers = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]


def _refuse(what: str) -> NoReturn:
    raise InputError(f"this metric needs {what}, which is not known here")


def _no_grades() -> Floats:
    _refuse("grades of the relevant items")


def _no_candidates() -> Integers:
    _refuse("the number of candidates")


def _no_items() -> Integers:
    _refuse("the relevant items")


def _no_rows() -> Integers:
    _refuse("the number of relevant rows")


@dataclass(frozen=True, eq=False)
class Facts:
    """What some metrics ask of the task besides hits; each is read when it is asked for.

    grades: float64[p], the grade of each of the truth's pairs, sorted by (user, item). candidates: int64[n], how
    many items could be ranked for each user. rows: int64[n], how many relevant rows each user has, a repeated
    pair counted each time. items: int[p], the item of each of the truth's pairs.
    """

    grades: Callable[[], Floats] = _no_grades
    candidates: Callable[[], Integers] = _no_candidates
    rows: Callable[[], Integers] = _no_rows
    items: Callable[[], Integers] = _no_items


@dataclass(frozen=True, eq=False)
class TieGroups:
    """Which equal scores a hit stands among. first: int32[h], the rank of the first of them. size: int32[h]."""

    first: npt.NDArray[np.int32]
    size: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Hits:
    """Where the relevant items of each user stand in the user's list.

    relevant: int32[n], the number of relevant items of each user of the population (at least 1: that is who
    the population is). listed: int64[n], the length of the user's list, 0 where the user has none. user:
    int32[h], whose hit it is, a place in the population. rank: int32[h], the hit's rank in the list, from 1.
    pair: int32[h], which of the truth's pairs was hit, a place in the truth sorted by (user, item); what is
    known of the pair, its gain or its item's slice, is found by it. Hits are sorted by (user, rank). ties: where
    the hits stand among equal scores, None where nobody asked. open: whether those ties are left open, so that
    a metric is the mean over all orders of them and ``rank`` says nothing beyond the group. judged: the ranks of
    items that are known to be not relevant, as hits of their own, None where nobody asked. facts: see Facts.
    """

    relevant: npt.NDArray[np.int32]
    listed: npt.NDArray[np.int64]
    user: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    pair: npt.NDArray[np.int32]
    ties: TieGroups | None = None
    open: bool = False
    judged: Hits | None = None
    facts: Facts = field(default_factory=Facts, repr=False)
    _cuts: dict[int, Hits] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        relevant: Sequence[Collection[str]],
        lists: Sequence[Sequence[str]],
        tied: Sequence[Sequence[float]] | None = None,
        candidates: int | None = None,
        judged: Sequence[Collection[str]] | None = None,
    ) -> Hits:
        """Make the hits of small examples: for each user the set of relevant items, and the list, best first.

        A mapping instead of a set gives each item's grade. tied: the scores of each list, falling; equal ones are
        ties. candidates: how many items could be ranked. judged: items of each user known to be not relevant.

        >>> hits = Hits.of([{"a", "b"}, {"c"}], [["x", "b", "a"], []])
        >>> hits.user.tolist(), hits.rank.tolist(), hits.pair.tolist(), hits.listed.tolist()
        ([0, 0], [2, 3], [1, 0], [3, 0])
        """
        truth = [(user, item) for user, items in enumerate(relevant) for item in sorted(items)]
        place = {pair: index for index, pair in enumerate(truth)}
        found = [
            (user, rank, place[user, item])
            for user, items in enumerate(lists)
            for rank, item in enumerate(items, 1)
            if (user, item) in place
        ]
        user, rank, pair = np.array(found, dtype=np.int32).reshape(-1, 3).T
        sizes = np.array([len(set(items)) for items in relevant], dtype=np.int32)
        grades = [
            float(items[item]) if isinstance(items, Mapping) else 1.0
            for items in relevant
            for item in sorted(items)
        ]
        facts = Facts(
            lambda: np.array(grades),
            _no_candidates,
            lambda: sizes.astype(np.int64),
            lambda: np.array([ord(item[0]) - ord("a") for _, item in truth], dtype=np.int64),
        )
        if candidates is not None:
            facts = replace(facts, candidates=lambda: np.full(len(sizes), candidates))
        groups = None
        if tied is not None:
            scores = [list(tied[owner]) for owner in user]
            own = [tied[owner][at - 1] for owner, at in zip(user, rank, strict=True)]
            spans = [(row.index(one) + 1, row.count(one)) for row, one in zip(scores, own, strict=True)]
            groups = TieGroups(*np.array(spans, dtype=np.int32).reshape(-1, 2).T)
        listed = np.array([len(items) for items in lists], dtype=np.int64)
        against = None if judged is None else cls.of(judged, lists, tied)
        return cls(sizes, listed, user, rank, pair, groups, judged=against, facts=facts)

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.relevant)

    def chosen(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Hits:
        """Return the same users with the hits that ``keep`` says: bool[h], or places of hits in order."""
        ties = None if self.ties is None else TieGroups(self.ties.first[keep], self.ties.size[keep])
        return replace(self, user=self.user[keep], rank=self.rank[keep], pair=self.pair[keep], ties=ties)

    def within(self, cutoff: int | None) -> Hits:
        """Return the hits at the first ``cutoff`` ranks (None: all); ``listed`` stays that of the list.

        Where ties are open: those that could be there.
        """
        if cutoff is None:
            return self
        if cutoff not in self._cuts:
            keep = (self.ties.first if self.ties is not None and self.open else self.rank) <= cutoff
            self._cuts[cutoff] = self if keep.all() else self.chosen(keep)
        return self._cuts[cutoff]

    def counts(self) -> npt.NDArray[np.int64]:
        """Return the number of hits of each user."""
        return np.bincount(self.user, minlength=len(self))

    def ordinals(self) -> npt.NDArray[np.int64]:
        """Return for each hit which of its user's hits it is, from 1."""
        counts = self.counts()
        return np.arange(1, len(self.user) + 1) - np.repeat(np.cumsum(counts) - counts, counts)

    def owners(self) -> npt.NDArray[np.int64]:
        """Return for each of the truth's pairs whose it is: int64[p], a place in the population."""
        return np.repeat(np.arange(len(self)), self.relevant)

    def highest(self) -> int:
        """Return the highest rank that a hit has or, where ties are open, could have."""
        if self.ties is not None and self.open:
            return int((self.ties.first + self.ties.size).max(initial=1)) - 1
        return int(self.rank.max(initial=0))
