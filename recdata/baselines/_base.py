"""What a baseline is: a class that learns from a task's training part and scores (user, item) pairs."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from recdata.protocol.task import Task

Codes = npt.NDArray[np.integer[Any]]
Scores = npt.NDArray[np.float64]


class Recommender(ABC):
    """A baseline fitted to a task; subclasses fit in ``__init__(task, seed)`` and may take named options."""

    kind: ClassVar[Literal["ranking", "rating", "any"]]
    """The kind of task it is made for."""
    paper: ClassVar[Mapping[str, Any]] = {}
    """Where it comes from: title, url, year, as in a model card."""
    grid: ClassVar[Mapping[str, Sequence[Any]]] = {}
    """The settings that ``recdata tune`` tries: every combination of these values of its options."""

    @abstractmethod
    def __init__(self, task: Task, seed: int) -> None:
        """Learn from the training part of ``task``; ``seed`` is for what is random."""

    def begin(self, part: str) -> None:
        """Make ready to predict ``part``: what users had before it may be looked at. Called before ``score``."""
        del part

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


class ByList(Recommender):
    """A baseline that ranks a user's items without a score for each of them, where items are many and few are near."""

    @abstractmethod
    def best(
        self, users: Codes, columns: npt.NDArray[np.int64], k: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Scores]:
        """Return the best ``k`` of all items for some users, by user, best first: places of users, items, scores.

        columns: all items in the order that breaks ties. Only for tasks that mask nothing.
        """


class ByUser(Recommender):
    """A baseline that scores all items of a user at once."""

    @abstractmethod
    def rows(self, users: Codes) -> Scores:
        """Return the scores of all items for some users, float[users, items]."""

    def score(self, user: Codes, item: Codes) -> Scores:
        """Return the scores of the pairs, rounded (see ``rounded``)."""
        if user.ndim == 2 and item.ndim == 2 and user.shape[1] == 1 and item.shape[0] == 1:
            return rounded(self.rows(user[:, 0])[:, item[0]])
        user, item = np.broadcast_arrays(user, item)
        users, place = np.unique(user, return_inverse=True)
        place = place.reshape(user.shape)
        scores = np.empty(user.shape)
        for start in range(0, len(users), _USERS):
            here = (place >= start) & (place < start + _USERS)
            scores[here] = self.rows(users[start : start + _USERS])[place[here] - start, item[here]]
        return rounded(scores)


_USERS = 256
_BITS = 20


def rounded(scores: npt.NDArray[Any]) -> Scores:
    """Return scores rounded to 20 significant bits, as float64.

    What is equal by symmetry differs in the last bits by the order of sums, which another library or processor
    changes; rounded, it is equal, and ordered by the MD5 of the item id everywhere.

    >>> float(rounded(np.array([0.1 + 0.2]))[0] - rounded(np.array([0.3]))[0])
    0.0
    """
    mantissa, exponent = np.frexp(scores.astype(np.float64))
    return np.ldexp(np.rint(mantissa * (1 << _BITS)), exponent - _BITS)


def md5_words(texts: Iterable[str], prefix: str = "") -> npt.NDArray[np.uint64]:
    """Return the first 64 bits of the MD5 of ``prefix`` and each text in UTF-8, big-endian, uint64[n]."""
    first = (hashlib.md5((prefix + text).encode(), usedforsecurity=False).digest()[:8] for text in texts)
    return np.frombuffer(b"".join(first), dtype=">u8").astype(np.uint64)


def tie_order(task: Task) -> npt.NDArray[np.int64]:
    """Return the codes of all items in the order that breaks ties: by MD5 of the item id, int64[n_items]."""
    digests = [
        hashlib.md5(text.encode(), usedforsecurity=False).digest() for text in task.item_ids.to_pylist()
    ]
    return np.array(sorted(range(len(digests)), key=digests.__getitem__), dtype=np.int64)
