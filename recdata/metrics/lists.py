"""Lists: the items at the first ranks, which metrics beyond accuracy are computed from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.hits import Hits

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Tops:
    """The first items of each user's list. user: int32[m], places in the population; rank: int32[m], from 1; item:
    int32[m], codes, -1 for an item that the task does not have. Sorted by (user, rank).
    """

    user: Codes
    rank: Codes
    item: Codes

    def within(self, cutoff: int | None) -> Tops:
        """Return the items at the first ``cutoff`` ranks."""
        if cutoff is None:
            return self
        keep = self.rank <= cutoff
        return self if keep.all() else Tops(self.user[keep], self.rank[keep], self.item[keep])


class Features(NamedTuple):
    """What is known of items: categories, bool[items, c], or vectors, float64[items, d]; of the two one is None."""

    categories: npt.NDArray[np.bool_] | None = None
    vectors: npt.NDArray[np.float64] | None = None


class Training(NamedTuple):
    """What is known of training as a whole. popularity: how many users have each item, int64[items]. users: how many
    there are. pairs: how many distinct (user, item) pairs.
    """

    popularity: npt.NDArray[np.int64]
    users: int
    pairs: int


def _no_features(column: str) -> Features:
    raise InputError(f"nothing is known of items by {column!r} here")


@dataclass(frozen=True, eq=False)
class Lists:
    """The lists with what metrics ask of items. An item is -1 where the task does not have it.

    tops: the first items, as many as the largest cutoff. hits: of the same lists. items: how many the task has. known:
    the distinct pairs of training, as two arrays of one length: places in the population (-1: someone else, who may be
    left out) and items. training: all of it, counted. features: by column of the items, each read when it is asked for.
    """

    tops: Tops
    hits: Hits
    items: int
    known: tuple[Codes, Codes]
    training: Training
    features: Callable[[str], Features] = _no_features
    _cuts: dict[int, Tops] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        lists: Sequence[Sequence[str]],
        known: Sequence[Collection[str]],
        relevant: Sequence[Collection[str]] = (),
        categories: Mapping[str, str] | None = None,
        vectors: Mapping[str, Sequence[float]] | None = None,
    ) -> Lists:
        """Make the lists of small examples; items are single letters, the task has those in ``known`` from a on.

        known: what each user has in training; more users than lists are others. categories: letters by item.
        """
        last = max((item for items in known for item in items), default="a")
        names = [chr(code) for code in range(ord("a"), ord(last) + 1)]
        rows = [
            (user, rank, names.index(item) if item in names else -1)
            for user, items in enumerate(lists)
            for rank, item in enumerate(items, 1)
        ]
        tops = Tops(*np.array(rows, dtype=np.int32).reshape(-1, 3).T)
        pairs = [
            (user if user < len(lists) else -1, names.index(item))
            for user, items in enumerate(known)
            for item in sorted(items)
        ]
        before, item = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
        letters = sorted(set("".join((categories or {}).values())))
        sets = np.array(
            [[letter in (categories or {}).get(name, "") for letter in letters] for name in names]
        )
        found = (
            Features(sets) if vectors is None else Features(None, np.array([vectors[name] for name in names]))
        )
        hits = Hits.of(relevant or [set()] * len(lists), lists)
        popularity = np.bincount(item, minlength=len(names))
        training = Training(popularity, len(known), len(pairs))
        return cls(tops, hits, len(names), (before, item), training, lambda column: found)

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.hits)

    def within(self, cutoff: int) -> Tops:
        """Return the items at the first ``cutoff`` ranks."""
        if cutoff not in self._cuts:
            self._cuts[cutoff] = self.tops.within(cutoff)
        return self._cuts[cutoff]

    @property
    def popularity(self) -> npt.NDArray[np.int64]:
        """How many users have each item in training: int64[items]."""
        return self.training.popularity

    @cached_property
    def by_popularity(self) -> npt.NDArray[np.int64]:
        """The items from the most popular to the least, equal ones in the order of their ids: int64[items]."""
        return np.argsort(-self.popularity, kind="stable")

    def tail(self, share: float) -> npt.NDArray[np.bool_]:
        """Return which items are the long tail: all but the most popular ones that hold ``share`` of training's pairs."""
        ordered = self.popularity[self.by_popularity]
        before = np.cumsum(ordered) - ordered
        tail = np.ones(self.items, dtype=bool)
        tail[self.by_popularity[before < share * int(ordered.sum())]] = False
        return tail

    def counts(self, cutoff: int) -> npt.NDArray[np.int64]:
        """Return in how many lists each item is: int64[items]; items that the task does not have are left out."""
        item = self.within(cutoff).item
        return np.bincount(item[item >= 0], minlength=self.items)

    def had(self) -> npt.NDArray[np.int64]:
        """Return how many users of the population have each item in training: int64[items]."""
        user, item = self.known
        return np.bincount(item[user >= 0], minlength=self.items)

    def wanted(self) -> npt.NDArray[np.int64]:
        """Return to how many users each item is relevant: int64[items]."""
        return np.bincount(self.hits.facts.items(), minlength=self.items)

    def found(self, cutoff: int) -> npt.NDArray[np.int64]:
        """Return in how many lists each item is a hit: int64[items]."""
        item = self.hits.facts.items()[self.hits.within(cutoff).pair]
        return np.bincount(item, minlength=self.items)

    def known_items(self, cutoff: int) -> Tops:
        """Return the items at the first ranks that the task has."""
        top = self.within(cutoff)
        keep = top.item >= 0
        return top if keep.all() else Tops(top.user[keep], top.rank[keep], top.item[keep])
