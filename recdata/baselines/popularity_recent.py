"""Recent popularity: the score of an item is the number of its interactions in the newest share of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base
from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByItem):
    """Counts after the moment at which only ``share`` of the training rows are left; older rows break equal counts."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "A re-visit of the popularity baseline in recommender systems (Ji, Sun, Zhang and Li, SIGIR)",
        "url": "https://doi.org/10.1145/3397271.3401233",
        "year": 2020,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"share": [0.01, 0.05, 0.1, 0.25]}

    def __init__(self, task: Task, seed: int, share: float = 0.1) -> None:
        """share: of the rows that have a time. Raises InputError where none has one."""
        rows = task.rows("train")
        known = ~np.isnat(rows.timestamp)
        if not known.any():
            raise InputError(f"{task.name} has no times, so that nothing in it is recent")
        times = np.sort(rows.timestamp[known])
        since = times[min(int(len(times) * (1 - share)), len(times) - 1)]
        items = len(task.item_ids)
        recent = np.bincount(rows.item[known & (rows.timestamp >= since)], minlength=items)
        always = np.bincount(rows.item, minlength=items)
        self.by_item = recent + always / (always.max(initial=0) + 1.0)
