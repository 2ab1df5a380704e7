"""Mean: every rating is predicted to be the mean rating of the training part."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from recdata.baselines import _base
from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByItem):
    """One number for all pairs: the exactly rounded mean of the training ratings."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "rating"

    def __init__(self, task: Task, seed: int) -> None:
        self.by_item = np.full(len(task.item_ids), mean_rating(task))


def mean_rating(task: Task) -> float:
    """Return the mean of the ratings of the training part. Raises InputError where it has none."""
    rating = task.rows("train").rating
    rating = rating[~np.isnan(rating)]
    if not len(rating):
        raise InputError(f"{task.name}: there is no rating in the training part to learn from")
    return math.fsum(rating) / len(rating)
