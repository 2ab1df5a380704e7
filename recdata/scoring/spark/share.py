"""Shares: a task's rows of some users as a task of its own, which the passes and metrics read as they read any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.protocol.task import Pairs, Task
from recdata.store.arrays import to_numpy
from recdata.submission.ids import Ids

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.scoring.spark.job import Job

ROWS = 1 << 20
"""A share is closed with the user in whose rows it gets so many."""
KIND_BITS = 3
UNKNOWN_USERS = 1 << 58
"""From this number on users are not in the task; their number is a hash of the id."""
BAD = UNKNOWN_USERS << 1
"""From this number on rows have no user: something is wrong with the row itself."""


class Kind(IntEnum):
    """What a row of a partition is. A row's key is its user's number, then its kind."""

    CANDIDATE = 4
    """A fixed candidate. Below are the task's parts, in the order of ``PART_KINDS``."""
    SLICE = 5
    """A row of the part that is predicted (row) stands in a slice (item) by a column."""
    PREDICTION = 6
    BAD = 7
    """A prediction without ids or number: item says what is wrong (see ``reading``), user_id what is there."""


PART_KINDS = ("train", "valid", "test", "context")


class Rows(NamedTuple):
    """Rows of a partition, by user, then kind. key: int64. item: int32, -1 where it has no code. value: floats, NaN where
    null. row: int64. user_id, item_id: strings, null where there is a code.
    """

    key: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    value: npt.NDArray[np.floating]
    row: npt.NDArray[np.int64]
    user_id: pa.Array
    item_id: pa.Array

    def part(self, chosen: slice | npt.NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        key, item, value, row = self.key[chosen], self.item[chosen], self.value[chosen], self.row[chosen]
        if isinstance(chosen, slice):
            return Rows(key, item, value, row, self.user_id[chosen], self.item_id[chosen])
        import pyarrow as pa

        taken = pa.array(chosen)
        return Rows(key, item, value, row, self.user_id.take(taken), self.item_id.take(taken))

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> Rows:
        """Return a batch of ``union.SCHEMA``."""
        key, item, value, row = (to_numpy(batch.column(name)) for name in ("key", "item", "value", "row"))
        return cls(key, item, value, row, batch.column("user_id"), batch.column("item_id"))

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Return the rows of all ``parts``, one after the other."""
        import pyarrow as pa

        if len(parts) == 1:
            return parts[0]
        numbers = (np.concatenate([part[column] for part in parts]) for column in range(4))
        texts = (pa.concat_arrays([part[column] for part in parts]) for column in (4, 5))
        return cls(*numbers, *texts)


def shares(batches: Iterable[pa.RecordBatch], most: int = ROWS) -> Iterator[Rows]:
    """Cut a partition's rows, sorted by key, where a user's rows end and ``most`` rows are there."""
    waiting: list[Rows] = []
    number = 0
    for batch in batches:
        if not len(batch):
            continue
        rows = Rows.of(batch)
        if number + len(batch) >= most:
            user = rows.key >> KIND_BITS
            # The user before goes on where the batch does not begin with another one.
            border = int(np.searchsorted(user, user[-1]))
            ended = border > 0 or not waiting or (waiting[-1].key[-1] >> KIND_BITS) != user[0]
            if ended and (border or waiting):
                yield Rows.joined([*waiting, *([rows.part(slice(0, border))] if border else [])])
                waiting, number = [], 0
                rows = rows.part(slice(border, None))
        waiting.append(rows)
        number += len(rows.key)
    if waiting:
        yield Rows.joined(waiting)


class Names(Ids):
    """Codes of ids as a share has them: texts of known ones only where they are asked for.

    known: how many there are. unknown: as in Ids.
    """

    def __init__(self, known: int, text: Any) -> None:
        """text: a function from a known code to its id."""
        self.known = known
        self.unknown: list[str] = []
        self._text = text
        self._learned: dict[str, int] = {}

    def text(self, code: int) -> str:
        """Return the id that has ``code``."""
        return str(self._text(code)) if code < self.known else self.unknown[code - self.known]

    def learn(self, texts: pa.Array) -> npt.NDArray[np.int32]:
        """Return the codes of unknown ids, in the order in which they are met first."""
        encoded = texts.dictionary_encode()
        codes = np.empty(len(encoded.dictionary), dtype=np.int32)
        for place, text in enumerate(encoded.dictionary.to_pylist()):
            codes[place] = self._learned.setdefault(text, len(self))
            if codes[place] == len(self):
                self.unknown.append(text)
        return codes[to_numpy(encoded.indices)]


class Share(Task):
    """A task of the users that a partition has rows of, numbered from 0 in the order of the whole task's codes.

    Items have the codes of the whole task. users: int32[s], the whole task's codes of its users.
    """

    def __init__(self, job: Job, rows: Rows) -> None:
        """Take from ``rows`` what is the task's: all but predictions."""
        super().__init__(Path(), job.manifest)
        self._items = job.items
        user, kind = rows.key >> KIND_BITS, rows.key & ((1 << KIND_BITS) - 1)
        known = int(np.searchsorted(user, UNKNOWN_USERS))
        first = np.flatnonzero(np.append(True, user[1:known] != user[: max(known - 1, 0)])[:known])
        self.users = user[first].astype(np.int32)
        owner = np.repeat(np.arange(len(first), dtype=np.int32), np.diff(np.append(first, known)))
        self._parts: dict[str, tuple[npt.NDArray[Any], ...]] = {}
        for number, name in enumerate(PART_KINDS):
            if name in job.parts:
                place = _in_order(np.flatnonzero(kind[:known] == number), owner, rows.row)
                self._parts[name] = (owner[place], rows.item[place], rows.value[place], rows.row[place])
        place = np.flatnonzero(kind[:known] == Kind.CANDIDATE)
        self._candidates = Pairs(owner[place], rows.item[place]) if job.candidates else None
        place = np.flatnonzero(kind[:known] == Kind.SLICE)
        self.slices = (rows.row[place], rows.item[place])
        self.owner = owner

    @classmethod
    def empty(cls, job: Job) -> Share:
        """Return a share of nobody."""
        import pyarrow as pa

        whole, nothing = np.empty(0, dtype=np.int64), pa.array([], pa.string())
        return cls(
            job, Rows(whole, whole.astype(np.int32), whole.astype(np.float64), whole, nothing, nothing)
        )

    @property
    def user_ids(self) -> Any:
        """As many as there are users; their ids are not here. Where there are none, room for one, as tables by user need."""
        return range(max(len(self.users), 1))

    @property
    def item_ids(self) -> Any:
        """As many as the whole task has; their ids are not here."""
        return range(self._items)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that were sent."""
        return tuple(self._parts)

    def candidates(self) -> Pairs | None:
        """Return the fixed candidates of each user."""
        return self._candidates

    def _code_batches(self, part: str) -> Iterator[Pairs]:
        user, item, *_ = self._parts[part]
        yield Pairs(user, item)

    def _table(self, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        import pyarrow as pa

        user, item, rating, row = self._parts[part]
        unknown = pa.array(np.full(len(user), "NaT", "datetime64[us]"))
        known: Mapping[str, Any] = {
            "user": user,
            "item": item,
            "timestamp": unknown,
            "rating": rating,
            "row": row,
        }
        return pa.table({name: known[name] for name in columns or known})


def _in_order(
    place: npt.NDArray[np.int64], owner: npt.NDArray[np.int32], row: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return places, which are sorted by owner, sorted by row within each owner."""
    whose, where = owner[place], row[place]
    if ((where[1:] < where[:-1]) & (whose[1:] == whose[:-1])).any():
        return place[np.lexsort((where, whose))]
    return place
