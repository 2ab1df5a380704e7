"""SVD as the Netflix Prize calls it: biases and a product of vectors, fitted by alternating least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base, _latent, _matrix
from recdata.baselines.bias import biases

if TYPE_CHECKING:
    from recdata.protocol.task import Task

Factors = npt.NDArray[np.float64]


class Recommender(_base.Recommender):
    """What the biases leave of a rating is fitted by vectors, each regularised by its number of ratings."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "rating"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Large-scale parallel collaborative filtering for the Netflix Prize (Zhou et al., AAIM)",
        "url": "https://doi.org/10.1007/978-3-540-68880-8_32",
        "year": 2008,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"factors": [10, 20], "weight": [0.05, 0.1, 0.2]}

    def __init__(
        self,
        task: Task,
        seed: int,
        factors: int = 20,
        weight: float = 0.1,
        sweeps: int = 20,
        damp: float = 5.0,
    ) -> None:
        """factors: length of the vectors. weight: of their squares. damp: of the biases."""
        self._biases = biases(task, damp, damp)
        rows = task.rows("train")
        known = ~np.isnan(rows.rating)
        user, item = rows.user[known], rows.item[known]
        rest = rows.rating[known] - self._biases.of(user, item)
        shape = len(task.user_ids), len(task.item_ids)
        sparse = _matrix.sparse()
        seen = sparse.csr_matrix((np.ones(len(rest)), (user, item)), shape=shape)
        left = sparse.csr_matrix((rest, (user, item)), shape=shape)
        start = np.random.default_rng(_latent.hashed_seed(task, seed))
        self._items: Factors = start.normal(0, 0.1, (shape[1], factors))
        seen_turned, left_turned = seen.T.tocsr(), left.T.tocsr()
        for _ in range(sweeps):
            self._users = _solve(seen, left, self._items, weight)
            self._items = _solve(seen_turned, left_turned, self._users, weight)

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the predictions of the pairs."""
        product = np.einsum("...k,...k->...", self._users[user], self._items[item])
        return _base.rounded(self._biases.of(user, item) + product)


def _solve(seen: Any, left: Any, other: Factors, weight: float) -> Factors:
    """Return the vectors of the rows of ``left`` that fit it best, given those of its columns."""
    n, k = other.shape
    squares = np.einsum("ni,nj->nij", other, other).reshape(n, k * k)
    count = np.maximum(np.asarray(seen.sum(axis=1)).ravel(), 1)
    found = np.empty((left.shape[0], k))
    for start in range(0, left.shape[0], 4096):
        part = slice(start, start + 4096)
        gram = (seen[part] @ squares).reshape(-1, k, k)
        gram[:, np.arange(k), np.arange(k)] += weight * count[part, None]
        found[part] = np.linalg.solve(gram, (left[part] @ other)[..., None])[..., 0]
    return found
