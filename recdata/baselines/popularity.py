"""Popularity: the score of an item is the number of interactions with it in the training part."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from recdata.baselines import _base
from recdata.errors import InputError
from recdata.protocol.task import PARTS

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByItem):
    """Every user gets the same ranking, less what is masked; equal counts stand by MD5 of the item id."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"

    def __init__(self, task: Task, seed: int, count: str = "train") -> None:
        """count: "train", or "all" to count validation and test as well.

        "all" knows the answers; it is here because published rows were made so. Raises InputError for other
        words.
        """
        if count not in ("train", "all"):
            raise InputError(f'popularity counts "train" or "all", not {count!r}')
        parts = PARTS if count == "all" else ("train",)
        counts = sum(np.bincount(task.rows(part).item, minlength=len(task.item_ids)) for part in parts)
        self.by_item = np.asarray(counts, dtype=np.float64)
