"""SLIM: each item is predicted by a sparse, non-negative combination of the items most like it (fsSLIM)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix
from recdata.baselines.item_knn import similar_items

if TYPE_CHECKING:
    from recdata.protocol.task import Task

_BLOCK = 256
_TOLERANCE = 1e-4


class Recommender(_base.ByUser):
    """Elastic net by coordinate descent, w >= 0, w_jj = 0, over the ``neighbours`` items of largest cosine.

    For item j it minimises |x_j - X w|^2 / 2 + l2 |w|^2 / 2 + l1 |w|_1.
    """

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "SLIM: sparse linear methods for top-N recommender systems (Ning and Karypis, ICDM)",
        "url": "https://doi.org/10.1109/ICDM.2011.134",
        "year": 2011,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"l1": [0.1, 1.0, 5.0], "l2": [1.0, 10.0, 50.0]}

    def __init__(
        self,
        task: Task,
        seed: int,
        l1: float = 1.0,
        l2: float = 10.0,
        neighbours: int = 100,
        sweeps: int = 30,
    ) -> None:
        """neighbours: how many items may predict one. sweeps: how often at most each weight is set."""
        self._task = task
        train = _matrix.matrix(task.pairs("train"), task)
        self._weights = slim_weights(train, l1, l2, neighbours, sweeps)

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        self._profile = _matrix.profile(self._task, part)

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the user's row of items times the weights."""
        scores: _base.Scores = (self._profile[users] @ self._weights).toarray()
        return scores


def slim_weights(train: Any, l1: float, l2: float, neighbours: int, sweeps: int) -> Any:
    """Return the weights as CSR, [items, items]; column j predicts item j."""
    items = train.shape[1]
    features = similar_items(train, neighbours, 0.0).T.tocsr()
    columns = train.tocsc()
    found_row, found_column, found_weight = [], [], []
    for start in range(0, items, _BLOCK):
        counts = np.diff(features.indptr[start : start + _BLOCK + 1])
        width = int(counts.max(initial=0))
        if not width:
            continue
        # Items with fewer features are filled with an empty column, whose weight stays 0.
        chosen = np.full((len(counts), width), -1)
        chosen[np.arange(width) < counts[:, None]] = features.indices[
            features.indptr[start] : features.indptr[start + len(counts)]
        ]
        gram, target = _grams(columns, chosen, start)
        weight = _descend(gram, target, l1, l2, sweeps)
        place, feature = np.nonzero(weight)
        found_row.append(chosen[place, feature])
        found_column.append(start + place)
        found_weight.append(weight[place, feature])
    if not found_row:
        return _matrix.sparse().csr_matrix((items, items))
    row, column, value = (np.concatenate(part) for part in (found_row, found_column, found_weight))
    return _matrix.sparse().csr_matrix((value, (row, column)), shape=(items, items))


def _grams(columns: Any, chosen: Any, start: int) -> tuple[Any, Any]:
    """Return for each item of a block the products of its features, [b, m, m], and theirs with it, [b, m]."""
    gram = np.zeros((*chosen.shape, chosen.shape[1]))
    target = np.zeros(chosen.shape)
    for place, own in enumerate(chosen):
        used = own[own >= 0]
        part = columns[:, used]
        gram[place, : len(used), : len(used)] = (part.T @ part).toarray()
        target[place, : len(used)] = (part.T @ columns[:, [start + place]]).toarray()[:, 0]
    return gram, target


def _descend(gram: Any, target: Any, l1: float, l2: float, sweeps: int) -> Any:
    """Return the weights, [b, m]: each in turn set to its best value, for all items of the block at once."""
    weight = np.zeros(target.shape)
    fitted = np.zeros(target.shape)
    for _ in range(sweeps):
        moved = 0.0
        for feature in range(target.shape[1]):
            power = gram[:, feature, feature]
            rest = target[:, feature] - fitted[:, feature] + power * weight[:, feature]
            best = np.maximum(rest - l1, 0) / (power + l2)
            change = best - weight[:, feature]
            weight[:, feature] = best
            fitted += gram[:, :, feature] * change[:, None]
            moved = max(moved, float(np.abs(change).max(initial=0)))
        if moved < _TOLERANCE:
            break
    return weight
