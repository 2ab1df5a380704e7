"""Markov chain: after a user's last item comes what most often came next after it in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByUser):
    """The score is how often the item followed the user's last; what never did is ordered by popularity."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Factorizing personalized Markov chains, section 3.1 (Rendle, Freudenthaler and Schmidt-Thieme, WWW)",
        "url": "https://doi.org/10.1145/1772690.1772773",
        "year": 2010,
    }

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task
        rows = task.rows("train")
        follows = np.flatnonzero(rows.user[1:] == rows.user[:-1])
        items = len(task.item_ids)
        pairs = (rows.item[follows], rows.item[follows + 1])
        self._next = _matrix.sparse().csr_matrix((np.ones(len(follows)), pairs), shape=(items, items))
        self._popular = _matrix.popularity(task)

    def begin(self, part: str) -> None:
        """Find each user's last item before ``part``."""
        user, item = _matrix.history(self._task, part)
        self._last = np.full(len(self._task.user_ids), -1)
        self._last[user] = item  # Later rows overwrite earlier ones.

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return how often each item followed, popularity behind the point."""
        last = self._last[users]
        scores = self._next[np.maximum(last, 0)].toarray()
        scores[last < 0] = 0
        return scores + self._popular
