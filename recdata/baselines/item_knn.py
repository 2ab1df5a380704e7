"""Item neighbours: cosine with shrinkage between items; a user's items vote for their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task

_BLOCK = 2048


class Recommender(_base.ByUser):
    """Similarity of items i and j: c_ij / (sqrt(n_i n_j) + shrink), c_ij users in common, n_i users of i."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Item-based top-N recommendation algorithms (Deshpande and Karypis, ACM TOIS 22(1))",
        "url": "https://doi.org/10.1145/963770.963776",
        "year": 2004,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"neighbours": [20, 100, 500], "shrink": [0.0, 10.0, 100.0]}

    def __init__(self, task: Task, seed: int, neighbours: int = 100, shrink: float = 10.0) -> None:
        """neighbours: how many are kept for each item. shrink: added to the denominator, against small counts."""
        self._task = task
        train = _matrix.matrix(task.pairs("train"), task)
        self._similar = similar_items(train, neighbours, shrink)

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        self._profile = _matrix.profile(self._task, part)

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return for each item the sum of its similarities to the user's items."""
        scores: _base.Scores = (self._profile[users] @ self._similar).toarray()
        return scores


def similar_items(train: Any, neighbours: int, shrink: float) -> Any:
    """Return the similarities of items as CSR; column j holds, for each i, what i gives to j among i's neighbours."""
    columns = train.tocsc()
    norm = np.sqrt(np.diff(columns.indptr).astype(np.float64))
    transposed = columns.T.tocsr()
    blocks = []
    for start in range(0, train.shape[1], _BLOCK):
        common = (transposed[start : start + _BLOCK] @ train).tocsr()
        row = start + np.repeat(np.arange(common.shape[0]), np.diff(common.indptr))
        common.data /= norm[row] * norm[common.indices] + shrink
        common.data[row == common.indices] = 0
        common.eliminate_zeros()
        blocks.append(_matrix.largest(common, neighbours))
    # A candidate asks its own neighbours which of them the user has, so rows are candidates; they are turned.
    return _matrix.sparse().vstack(blocks).T.tocsr()
