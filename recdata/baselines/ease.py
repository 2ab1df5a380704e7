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
_BLOCK = 2048


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
    """Return the weights, [items, items] in the matrix's float type; one such matrix is in memory.

    An item that nobody has in training has weights of 0.
    """
    items = train.shape[1]
    gram = np.empty((items, items), train.dtype)
    turned = train.T.tocsr()
    for start in range(0, items, _BLOCK):
        gram[start : start + _BLOCK] = (turned[start : start + _BLOCK] @ train).toarray()
    gram.reshape(-1)[:: items + 1] += train.dtype.type(l2)
    negative_inverse(gram)
    gram /= -gram.diagonal()[None, :]
    gram.reshape(-1)[:: items + 1] = 0
    return gram


def negative_inverse(matrix: npt.NDArray[Any]) -> None:
    """Replace a symmetric positive definite matrix by minus its inverse, in place.

    The sweep operator, block by block (Goodnight, "A tutorial on the SWEEP operator", The American Statistician
    33(3), 1979), on the lower half. LAPACK's own routines fail beyond 2^31 bytes of indices in some builds.
    """
    n = len(matrix)
    starts = range(0, n, _BLOCK)
    for start in starts:
        own = slice(start, min(start + _BLOCK, n))
        panel = np.empty((n, own.stop - start), matrix.dtype)
        panel[:start] = matrix[own, :start].T
        panel[own.stop :] = matrix[own.stop :, own]
        panel[own] = 0
        corner = matrix[own, own]
        inverse = np.linalg.inv(np.tril(corner) + np.tril(corner, -1).T)
        product = panel @ inverse
        for row in starts:
            stop = min(row + _BLOCK, n)
            matrix[row:stop, :stop] -= product[row:stop] @ panel[:stop].T
        matrix[own, :start] = product[:start].T
        matrix[own.stop :, own] = product[own.stop :]
        matrix[own, own] = -(inverse + inverse.T) / 2
    for start in starts:
        stop = min(start + _BLOCK, n)
        corner = matrix[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
