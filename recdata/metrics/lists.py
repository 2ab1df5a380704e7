"""Lists: the items at the first ranks, which metrics beyond accuracy are computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Tops:
    """The first items of each user's list. user: int32[m], places in the population; rank: int32[m], from 1; item:
    int32[m], codes, -1 for an item that the task does not have. Sorted by (user, rank).
    """

    user: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]

    def within(self, cutoff: int | None) -> Tops:
        """Return the items at the first ``cutoff`` ranks."""
        if cutoff is None:
            return self
        keep = self.rank <= cutoff
        return self if keep.all() else Tops(self.user[keep], self.rank[keep], self.item[keep])
