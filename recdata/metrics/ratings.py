"""Ratings: what rating metrics are computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Ratings:
    """The rows of a rating task's part with what was predicted for them.

    users: how many users have rows. user: int32[m], whose row it is, from 0. rating, predicted: float64[m],
    both finite. Rows stand in the task's canonical order; a pair that was rated twice has two.
    """

    users: int
    user: npt.NDArray[np.int32]
    rating: npt.NDArray[np.float64]
    predicted: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rating)
