"""The pass over a rating task's predictions: every row of the part must have exactly one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from recdata.metrics.ratings import Ratings
from recdata.protocol.task import Task
from recdata.submission.block import ITEM
from recdata.submission.encode import Coded
from recdata.submission.expected import rated_rows
from recdata.submission.finding import Findings
from recdata.submission.ids import Ids


class RatingPass:
    """Keeps the predictions of known pairs, 24 bytes each, and looks up the rows of the part when all are there."""

    def __init__(
        self, task: Task, part: str, users: Ids, items: Ids, findings: Findings, share: bool = False
    ) -> None:
        """Read the rows of ``part``. share, and errors: as in ``rated_rows``."""
        self._rows = rated_rows(task, part, share)
        self.population = np.unique(self._rows.user)
        self.missing = 0
        self.outside = 0
        self._users, self._items = users, items
        self._findings = findings
        self._parts: list[Coded] = []

    def run(self, stream: Iterable[Coded]) -> None:
        """Take all rows of ``stream``."""
        for coded in stream:
            known = (coded.user < self._users.known) & (coded.item < self._items.known)
            self._parts.append(
                coded
                if known.all()
                else Coded(coded.user[known], coded.item[known], coded.value[known], coded.row[known])
            )

    def ratings(self) -> Ratings | None:
        """Return the part's rows with their predictions; None where some are missing, which is in the findings then."""
        key, value, row = self._sorted()
        repeated = np.flatnonzero(key[1:] == key[:-1]) + 1
        self._findings.add_rows(
            "duplicate-row", row[repeated], ITEM, lambda i: self._pair(int(key[repeated[i]]))
        )
        wanted = self._key(self._rows.user, self._rows.item)
        outside = np.flatnonzero(~np.isin(key, wanted))
        self.outside = len(outside)
        self._findings.add_rows(
            "outside-pair", row[outside], ITEM, lambda i: self._pair(int(key[outside[i]]))
        )
        at = np.searchsorted(key, wanted)
        at[at == len(key)] = 0
        there = key[at] == wanted if len(key) else np.zeros(len(wanted), dtype=bool)
        absent = np.unique(wanted[~there])
        self.missing = len(absent)
        first = absent[: self._findings.limit].tolist()
        for pair in first:
            self._findings.add("missing-pair", value=self._pair(pair))
        self._findings.count("missing-pair", len(absent) - len(first))
        if self.missing:
            return None
        user = np.searchsorted(self.population, self._rows.user).astype(np.int32)
        return Ratings(len(self.population), user, self._rows.rating, value[at].astype(np.float64))

    def _sorted(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.floating], npt.NDArray[np.int64]]:
        """Return what was read as keys of pairs, values and row numbers, sorted by key, then row."""
        if not self._parts:
            return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64)
        key = np.concatenate([self._key(part.user, part.item) for part in self._parts])
        value = np.concatenate([part.value for part in self._parts])
        row = np.concatenate([part.row for part in self._parts])
        self._parts.clear()
        order = np.argsort(key, kind="stable")
        return key[order], value[order], row[order]

    def _key(self, user: npt.NDArray[np.int32], item: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        return user.astype(np.int64) * self._items.known + item

    def _pair(self, key: int) -> str:
        user, item = divmod(key, self._items.known)
        return f"user {self._users.text(user)}, item {self._items.text(item)}"
