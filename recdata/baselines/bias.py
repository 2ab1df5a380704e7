"""Bias: a rating is predicted by the mean, how the user and how the item depart from it, both damped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base
from recdata.baselines.mean import mean_rating

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Biases(NamedTuple):
    """mean: of all ratings. user, item: float64, what is added for each."""

    mean: float
    user: npt.NDArray[np.float64]
    item: npt.NDArray[np.float64]

    def of(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the predictions of pairs."""
        scores: _base.Scores = self.mean + self.user[user] + self.item[item]
        return scores


class Recommender(_base.Recommender):
    """Regularised least squares, items and users in turn until they stay."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "rating"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Factor in the neighbors: scalable and accurate collaborative filtering, section 2.1 (Koren, TKDD 4(1))",
        "url": "https://doi.org/10.1145/1644873.1644874",
        "year": 2010,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"damp_user": [1.0, 5.0, 15.0], "damp_item": [1.0, 5.0, 15.0]}

    def __init__(self, task: Task, seed: int, damp_user: float = 5.0, damp_item: float = 5.0) -> None:
        """damp_user, damp_item: how many ratings at the mean each is taken to have besides its own."""
        self._biases = biases(task, damp_user, damp_item)

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the predictions of the pairs."""
        return _base.rounded(self._biases.of(user, item))


def biases(task: Task, damp_user: float, damp_item: float, sweeps: int = 30) -> Biases:
    """Return the biases of the training ratings. Raises InputError where there are none."""
    mean = mean_rating(task)
    rows = task.rows("train")
    known = ~np.isnan(rows.rating)
    user, item, rest = rows.user[known], rows.item[known], rows.rating[known] - mean
    users, items = len(task.user_ids), len(task.item_ids)
    of_user, of_item = np.zeros(users), np.zeros(items)
    user_count = np.bincount(user, minlength=users) + damp_user
    item_count = np.bincount(item, minlength=items) + damp_item
    # A damping of 0 leaves users and items without ratings with 0 / 1.
    user_count[user_count == 0] = item_count[item_count == 0] = 1
    for _ in range(sweeps):
        of_item = np.bincount(item, weights=rest - of_user[user], minlength=items) / item_count
        of_user = np.bincount(user, weights=rest - of_item[item], minlength=users) / user_count
    return Biases(mean, of_user, of_item)
