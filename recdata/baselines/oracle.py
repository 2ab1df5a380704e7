"""Oracle: knows the answers. What no model can exceed; a score below it that should be 1 shows a task's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.Recommender):
    """Relevant pairs score 1, others 0; of a rating task, the rating itself (the mean of a pair's ratings)."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "any"

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task

    def begin(self, part: str) -> None:
        """Read the answers of ``part``."""
        self._pairs, self._answers = answers(self._task, part)

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the answers; 0 for what is none."""
        return look_up(self._pairs, self._answers, keys(self._task, user, item), 0.0)


def answers(task: Task, part: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the keys of the pairs that are right in ``part``, sorted, and what is right: 1, or the rating."""
    if task.protocol["task"] != "rating":
        truth = task.truth(part)
        key = keys(task, truth.user, truth.item)
        return key, np.ones(len(key))
    rows = task.rows(part)
    key, place = np.unique(keys(task, rows.user, rows.item), return_inverse=True)
    return key, np.bincount(place, weights=rows.rating) / np.bincount(place)


def keys(task: Task, user: _base.Codes, item: _base.Codes) -> npt.NDArray[np.int64]:
    """Return one number a pair."""
    return user.astype(np.int64) * len(task.item_ids) + item


def look_up(
    known: npt.NDArray[np.int64], values: npt.NDArray[np.float64], key: npt.NDArray[np.int64], other: float
) -> _base.Scores:
    """Return the value of each key, ``other`` where it is not known."""
    place = np.minimum(np.searchsorted(known, key), len(known) - 1)
    return np.where(known[place] == key, values[place], other)
