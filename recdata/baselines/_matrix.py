"""Sparse matrices of users and items, as collaborative filtering reads them; needs SciPy."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.errors import ResourceError
from recdata.protocol.task import Pairs

if TYPE_CHECKING:
    from recdata.protocol.task import Task


def sparse() -> Any:
    """Return ``scipy.sparse``. Raises ResourceError where SciPy is not installed."""
    try:
        import scipy.sparse
    except ImportError:
        raise ResourceError('this baseline needs SciPy: pip install "recdata[baselines]"') from None
    return scipy.sparse


def matrix(pairs: Pairs, task: Task, dtype: Any = np.float64) -> Any:
    """Return pairs as a binary CSR matrix, users by items."""
    shape = len(task.user_ids), len(task.item_ids)
    ones = np.ones(len(pairs.user), dtype)
    found = sparse().csr_matrix((ones, (pairs.user, pairs.item)), shape=shape)
    found.data[:] = 1
    return found


def profile(task: Task, part: str, dtype: Any = np.float64) -> Any:
    """Return what users had before ``part`` as a binary CSR matrix: see ``Task.seen_pairs``."""
    return matrix(task.seen_pairs(part), task, dtype)


def largest(rows: Any, k: int) -> Any:
    """Return a CSR matrix with the ``k`` largest values of each row of ``rows``; among equals the first columns.

    Rows without as many stay as they are. Values must be positive.
    """
    rows.sort_indices()
    keep = np.ones(len(rows.data), dtype=bool)
    ends = rows.indptr.tolist()
    for start, stop in pairwise(ends):
        if stop - start > k:
            values = rows.data[start:stop]
            cut = np.partition(values, stop - start - k)[stop - start - k]
            above, level = values > cut, values == cut
            keep[start:stop] = above | (level & (np.cumsum(level) <= k - above.sum()))
    kept = np.concatenate([[0], np.cumsum(keep)])[rows.indptr]
    return sparse().csr_matrix((rows.data[keep], rows.indices[keep], kept), shape=rows.shape)


def history(task: Task, part: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return users and items of all rows before ``part``, each user's oldest first; context counts as before it."""
    parts = [
        "train",
        *(("context",) if "context" in task.parts else ()),
        *(("valid",) if part == "test" else ()),
    ]
    rows = [task.rows(name) for name in parts]
    user, item = (np.concatenate([getattr(each, name) for each in rows]) for name in ("user", "item"))
    order = np.argsort(user, kind="stable")
    return user[order], item[order]


def ages(user: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return the age of each row of ``history``: which it is of its user's, from 1 for the newest, int64[rows]."""
    return np.searchsorted(user, user, side="right") - np.arange(len(user))


def popularity(task: Task) -> npt.NDArray[np.float64]:
    """Return the popularity of each item in the training part, float64[items], as ``fraction`` has it."""
    return fraction(np.bincount(task.rows("train").item, minlength=len(task.item_ids)))


def fraction(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return popularity as numbers from 0 to below 1, to order what a baseline's own score leaves equal."""
    whole: npt.NDArray[np.float64] = counts / (counts.max(initial=0) + 1.0)
    return whole
