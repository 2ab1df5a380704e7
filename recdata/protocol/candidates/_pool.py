"""What candidates are drawn from, computed when an operator asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recdata.engines.base import UNIT
from recdata.errors import InputError
from recdata.protocol.task import Pairs, Rows, Task

if TYPE_CHECKING:
    from recdata.protocol.origin import Origin


class Pool:
    """A task whose parts are written but whose candidates are not fixed yet."""

    def __init__(self, task: Task, met: Callable[[], Pairs], origin: Origin) -> None:
        """met: gives every pair of the corpus, those that filters dropped too. origin: the corpus itself."""
        self.task, self.origin = task, origin
        self._met = met
        self.items = len(task.item_ids)
        self.seed = str(task.protocol["seed"])

    @cached_property
    def relevant(self) -> Pairs:
        """The pairs of the test part that are relevant."""
        return self.task.truth("test")

    @cached_property
    def met(self) -> Pairs:
        """Every pair that a user of the task ever had with an item of the task, sorted by user."""
        return self._met()

    @cached_property
    def popularity(self) -> npt.NDArray[np.int64]:
        """Rows of each item in the training part."""
        return np.bincount(self.task.rows("train").item, minlength=self.items)

    @cached_property
    def popularity_everywhere(self) -> npt.NDArray[np.int64]:
        """Rows of each item in all parts, the test part included."""
        counts = [np.bincount(self.task.rows(part).item, minlength=self.items) for part in self.task.parts]
        return np.sum(counts, axis=0)

    @cached_property
    def first_seen(self) -> npt.NDArray[np.int64]:
        """When each item has its first row in any part, microseconds of UTC; the largest int64 where there is no time."""
        first = np.full(self.items, np.iinfo(np.int64).max)
        for part in self.task.parts:
            rows = self.task.rows(part)
            known = ~np.isnat(rows.timestamp)
            np.minimum.at(first, rows.item[known], rows.timestamp[known].astype(np.int64))
        return first

    @cached_property
    def moments(self) -> npt.NDArray[np.int64]:
        """When each user is first tested on something relevant, microseconds of UTC; the largest int64 where never.

        Raises InputError where a relevant row has no time.
        """
        user, moment = self.relevant_rows.user, self.relevant_rows.timestamp
        if np.isnat(moment).any():
            raise InputError(
                "candidates: rows of the test part have no timestamp; choose candidates that need none"
            )
        first = np.full(len(self.task.user_ids), np.iinfo(np.int64).max)
        np.minimum.at(first, user, moment.astype(np.int64))
        return first

    @cached_property
    def relevant_rows(self) -> Rows:
        """The rows of the test part that are relevant."""
        return self.task.relevant_rows("test")

    @cached_property
    def item_order(self) -> npt.NDArray[np.int64]:
        """Items by the MD5 of (seed, "candidates", item id), for where drawing comes to no end."""
        keys = [_md5(self.seed, item_id) for item_id in self.task.item_ids.to_pylist()]
        return np.array(sorted(range(self.items), key=keys.__getitem__), dtype=np.int64)

    def states(self, users: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
        """Return the start of each user's draws: the first 16 hex digits of the MD5 of (seed, "candidates", id)."""
        ids = self.task.user_ids.take(pa.array(users)).to_pylist()
        return np.array([int(_md5(self.seed, user_id)[:16], 16) for user_id in ids], dtype=np.uint64)


def _md5(seed: str, text: str) -> str:
    return hashlib.md5(UNIT.join((seed, "candidates", text)).encode(), usedforsecurity=False).hexdigest()
