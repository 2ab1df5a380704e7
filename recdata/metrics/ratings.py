"""Ratings: what rating metrics are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.metrics.kernel import sum_by_user


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

    def take(self, places: npt.NDArray[np.integer[Any]]) -> Ratings:
        """Return some of the rows, in the order given; users are numbered again, those without a row left out."""
        users, user = np.unique(self.user[places], return_inverse=True)
        return Ratings(len(users), user.astype(np.int32), self.rating[places], self.predicted[places])

    def of_users(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the mean of each user's own ``values``, which are the rows': float64[users]."""
        means: npt.NDArray[np.float64] = sum_by_user(self.user, values, self.users) / np.bincount(
            self.user, minlength=self.users
        )
        return means
