"""Last item: the user's own items again, the newest first; then what is popular."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix
from recdata.errors import InputError
from recdata.submission.expected import masks_seen

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByUser):
    """The score of an own item is 1 + 1/a, a its age in rows from 1; of others their share of popularity."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"

    def __init__(self, task: Task, seed: int) -> None:
        check_repeats(task, "last-item")
        self._task = task
        self._popular = _matrix.popularity(task)

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        user, item = _matrix.history(self._task, part)
        age = _matrix.ages(user)
        shape = len(self._task.user_ids), len(self._task.item_ids)
        newest = last_of(user, item, shape[1])
        self._own = _matrix.sparse().csr_matrix(
            (1 + 1 / age[newest], (user[newest], item[newest])), shape=shape
        )

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the scores of all items."""
        own = self._own[users].toarray()
        return np.where(own > 0, own, self._popular)


def last_of(user: _base.Codes, item: _base.Codes, items: int) -> _base.Codes:
    """Return the places of the last row of each (user, item)."""
    key = user.astype(np.int64) * items + item
    _, first = np.unique(key[::-1], return_index=True)
    places: _base.Codes = len(key) - 1 - first
    return places


def check_repeats(task: Task, name: str) -> None:
    """Raise InputError where ``task`` masks what a user had, so that repeating it cannot be right."""
    if masks_seen(task.protocol):
        raise InputError(
            f"baseline {name} repeats what a user had, and {task.name} counts that as a miss; "
            "it is for tasks whose candidates are {seen: keep}"
        )
