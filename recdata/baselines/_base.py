"""What a baseline is: a class that learns from a task's training part and scores (user, item) pairs."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.task import Task

Codes = npt.NDArray[np.integer[Any]]
Scores = npt.NDArray[np.float64]


class Recommender(ABC):
    """A baseline fitted to a task; subclasses fit in ``__init__(task, seed)`` and may take named options."""

    kind: ClassVar[Literal["ranking", "rating"]]
    """The kind of task it is made for."""

    @abstractmethod
    def __init__(self, task: Task, seed: int) -> None:
        """Learn from the training part of ``task``; ``seed`` is for what is random."""

    @abstractmethod
    def score(self, user: Codes, item: Codes) -> Scores:
        """Return float64 scores of pairs of codes, higher is better, never NaN; the two arrays broadcast."""


class ByItem(Recommender):
    """A baseline that gives every user the same score of an item, which makes ranking much faster."""

    by_item: Scores
    """The score of each item, float64[n_items]; set by ``__init__``."""

    def score(self, user: Codes, item: Codes) -> Scores:
        """Return the scores of the items."""
        return np.broadcast_to(self.by_item[item], np.broadcast_shapes(user.shape, item.shape))


def md5_words(ids: pa.StringArray, prefix: str = "") -> npt.NDArray[np.uint64]:
    """Return the first 64 bits of the MD5 of ``prefix`` and each id in UTF-8, big-endian, uint64[n]."""
    first = (
        hashlib.md5((prefix + text).encode(), usedforsecurity=False).digest()[:8] for text in ids.to_pylist()
    )
    return np.frombuffer(b"".join(first), dtype=">u8").astype(np.uint64)


def tie_order(task: Task) -> npt.NDArray[np.int64]:
    """Return the codes of all items in the order that breaks ties: by MD5 of the item id, int64[n_items]."""
    digests = [
        hashlib.md5(text.encode(), usedforsecurity=False).digest() for text in task.item_ids.to_pylist()
    ]
    return np.array(sorted(range(len(digests)), key=digests.__getitem__), dtype=np.int64)
