"""Item mean: a rating is predicted to be the item's mean rating in the training part."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from recdata.baselines import _base
from recdata.baselines.mean import mean_rating

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByItem):
    """The mean of the item's training ratings; the mean of all of them for an item that has none."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "rating"

    def __init__(self, task: Task, seed: int) -> None:
        rows = task.rows("train")
        known = ~np.isnan(rows.rating)
        item, rating = rows.item[known], rows.rating[known]
        counts = np.bincount(item, minlength=len(task.item_ids))
        sums = np.bincount(item, weights=rating, minlength=len(task.item_ids))
        self.by_item = np.where(counts, sums / np.maximum(counts, 1), mean_rating(task))
