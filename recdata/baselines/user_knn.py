"""User neighbours: the training users most like a user, by cosine with shrinkage, vote for their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByUser):
    """Similarity of users u and v: items in common / (sqrt(n_u n_v) + shrink)."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "GroupLens: an open architecture for collaborative filtering of netnews (Resnick et al., CSCW)",
        "url": "https://doi.org/10.1145/192844.192905",
        "year": 1994,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"neighbours": [20, 100, 500], "shrink": [0.0, 10.0]}

    def __init__(self, task: Task, seed: int, neighbours: int = 100, shrink: float = 10.0) -> None:
        """neighbours: how many are asked for each user. shrink: added to the denominator, against small counts."""
        self._task, self._neighbours, self._shrink = task, neighbours, shrink
        self._train = _matrix.matrix(task.pairs("train"), task)
        self._turned = self._train.T.tocsr()
        self._norm = np.sqrt(np.diff(self._train.indptr).astype(np.float64))

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        self._profile = _matrix.profile(self._task, part)

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return for each item the sum of the similarities of the neighbours who have it."""
        own = self._profile[users]
        common = (own @ self._turned).tocsr()
        row = np.repeat(np.arange(len(users)), np.diff(common.indptr))
        norm = np.sqrt(np.diff(own.indptr).astype(np.float64))
        common.data /= norm[row] * self._norm[common.indices] + self._shrink
        common.data[users[row] == common.indices] = 0
        common.eliminate_zeros()
        scores: _base.Scores = (_matrix.largest(common, self._neighbours) @ self._train).toarray()
        return scores
