"""Hits: the integers that ranking metrics are computed from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Hits:
    """Where the relevant items of each user stand in the user's list.

    relevant: int32[n], the number of relevant items of each user of the population (at least 1: that is who
    the population is). listed: int64[n], the length of the user's list, 0 where the user has none. user:
    int32[h], whose hit it is, a place in the population. rank: int32[h], the hit's rank in the list, from 1.
    pair: int32[h], which of the truth's pairs was hit, a place in the truth sorted by (user, item); what is
    known of the pair, its gain or its item's slice, is found by it. Hits are sorted by (user, rank).
    """

    relevant: npt.NDArray[np.int32]
    listed: npt.NDArray[np.int64]
    user: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    pair: npt.NDArray[np.int32]
    _cuts: dict[int, Hits] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, relevant: Sequence[Collection[str]], lists: Sequence[Sequence[str]]) -> Hits:
        """Make the hits of small examples: for each user the set of relevant items, and the list, best first.

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
        return cls(sizes, np.array([len(items) for items in lists], dtype=np.int64), user, rank, pair)

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.relevant)

    def within(self, cutoff: int | None) -> Hits:
        """Return the hits at the first ``cutoff`` ranks (None: all); ``listed`` stays that of the list."""
        if cutoff is None:
            return self
        if cutoff not in self._cuts:
            keep = self.rank <= cutoff
            cut = (
                self
                if keep.all()
                else Hits(self.relevant, self.listed, self.user[keep], self.rank[keep], self.pair[keep])
            )
            self._cuts[cutoff] = cut
        return self._cuts[cutoff]

    def counts(self) -> npt.NDArray[np.int64]:
        """Return the number of hits of each user."""
        return np.bincount(self.user, minlength=len(self))

    def ordinals(self) -> npt.NDArray[np.int64]:
        """Return for each hit which of its user's hits it is, from 1."""
        counts = self.counts()
        return np.arange(1, len(self.user) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
