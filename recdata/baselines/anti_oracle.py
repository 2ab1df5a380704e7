"""Anti-oracle: knows the answers and avoids them. What no model can fall below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from recdata.baselines import _base
from recdata.baselines.oracle import answers, keys, look_up

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.Recommender):
    """Relevant pairs score -1, others 0; of a rating task, the end of the scale that is farther from the rating."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "any"

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task

    def begin(self, part: str) -> None:
        """Read the answers of ``part`` and turn them round."""
        self._pairs, right = answers(self._task, part)
        if self._task.protocol["task"] == "rating":
            known = self._task.rows("train").rating
            low, high = np.nanmin(known), np.nanmax(known)
            self._answers = np.where(right - low > high - right, low, high)
        else:
            self._answers = -right

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the answers turned round; 0 for what is none."""
        return look_up(self._pairs, self._answers, keys(self._task, user, item), 0.0)
