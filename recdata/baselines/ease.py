"""EASE^R: a linear autoencoder in closed form; items that are not the item itself predict it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base, _matrix

if TYPE_CHECKING:
    from recdata.protocol.task import Task

_DOUBLE = 10_000
"""Up to so many items the weights are float64; beyond, float32: half the memory, and scores to five digits."""
_BLOCK = 1024


class Recommender(_base.ByUser):
    """With G = X'X + l2 I and P its inverse, the weights are B_ij = -P_ij / P_jj off the diagonal, 0 on it."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "Embarrassingly shallow autoencoders for sparse data (Steck, WWW)",
        "url": "https://doi.org/10.1145/3308558.3313710",
        "year": 2019,
    }
    grid: ClassVar[dict[str, list[Any]]] = {"l2": [20.0, 80.0, 200.0, 500.0, 1000.0]}

    def __init__(self, task: Task, seed: int, l2: float = 250.0) -> None:
        """l2: the weight of the squared weights."""
        self._task = task
        self._dtype = np.float64 if len(task.item_ids) <= _DOUBLE else np.float32
        self._weights = ease_weights(_matrix.matrix(task.pairs("train"), task, self._dtype), l2)

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        self._profile = _matrix.profile(self._task, part, self._dtype)

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the user's row of items times the weights."""
        scores: _base.Scores = self._profile[users] @ self._weights
        return scores


def ease_weights(train: Any, l2: float) -> npt.NDArray[Any]:
    """Return the weights, [items, items] in the matrix's float type, inverted in place: one such matrix in memory.

    An item that nobody has in training has weights of 0.
    """
    from scipy.linalg import get_lapack_funcs

    items = train.shape[1]
    gram = np.zeros((items, items), train.dtype, order="F")
    turned = train.T.tocsr()
    for start in range(0, items, _BLOCK):
        gram[:, start : start + _BLOCK] = (turned[start : start + _BLOCK] @ train).toarray().T
    gram.reshape(-1, order="F")[:: items + 1] += l2
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (gram,))
    gram, _ = factorise(gram, lower=True, overwrite_a=True, clean=False)
    gram, _ = invert(gram, lower=True, overwrite_c=True)
    for start in range(0, items, _BLOCK):
        stop = min(start + _BLOCK, items)
        corner = gram[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        gram[start:stop, stop:] = gram[stop:, start:stop].T
    diagonal = gram.reshape(-1, order="F")[:: items + 1].copy()
    # Symmetric, so that rows may be divided in place of columns and the whole be read turned: C order for products.
    weights = gram.T
    weights /= -diagonal
    weights.reshape(-1)[:: items + 1] = 0
    return weights
