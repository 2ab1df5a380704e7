"""Session neighbours: histories that share the newest items of this one vote for what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByUser):
    """V-SkNN: this history's newest items count most (weights fall evenly to the oldest of ``window``).

    The similarity to a training history is the sum of the weights of shared items over the root of its size.
    """

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Evaluation of session-based recommendation algorithms (Ludewig and Jannach, UMUAI 28)",
        "url": "https://doi.org/10.1007/s11257-018-9209-6",
        "year": 2018,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"neighbours": [100, 500], "window": [5, 20]}

    def __init__(self, task: Task, seed: int, neighbours: int = 100, window: int = 20) -> None:
        """neighbours: how many histories vote. window: how many of the newest items count."""
        self._task, self._neighbours, self._window = task, neighbours, window
        self._train = _matrix.matrix(task.pairs("train"), task)
        self._turned = self._train.T.tocsr()
        self._norm = np.sqrt(np.diff(self._train.indptr).astype(np.float64))
        self._popular = _matrix.popularity(task)

    def begin(self, part: str) -> None:
        """Weigh what users had before ``part``."""
        user, item = _matrix.history(self._task, part)
        weight = np.maximum(1 - (_matrix.ages(user) - 1) / self._window, 0)
        shape = len(self._task.user_ids), len(self._task.item_ids)
        keep = weight > 0
        found = _matrix.sparse().coo_matrix((weight[keep], (user[keep], item[keep])), shape=shape)
        self._recent = found.tocsr()

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the votes for each item; what has none is ordered by popularity."""
        common = (self._recent[users] @ self._turned).tocsr()
        row = np.repeat(np.arange(len(users)), np.diff(common.indptr))
        common.data /= self._norm[common.indices]
        common.data[users[row] == common.indices] = 0
        common.eliminate_zeros()
        votes = (_matrix.largest(common, self._neighbours) @ self._train).toarray()
        return votes + 1e-6 * self._popular
