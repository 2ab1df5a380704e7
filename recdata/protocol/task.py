"""A task as it stands on disk: its parts, truth, candidates and manifest, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.folder import TaskFolder
from recdata.protocol.origin import Origin
from recdata.store.arrays import parquet_files, read_batches, read_table, to_numpy

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.store.dataset import Table

PARTS = ("train", "valid", "test")
"""The parts of a task, in the order in which time runs where the protocol respects it."""

CONTEXT = "context"
"""A fourth part, where users are held out: rows of theirs that a model sees when it predicts, but does not train on."""

_Code = TypeVar("_Code", np.int32, np.int64)
_BEFORE = {"train": (), "valid": ("train", CONTEXT), "test": ("train", CONTEXT, "valid")}


class Pairs(NamedTuple):
    """(user, item) pairs as integer codes: two int32 arrays of one length, sorted by user, then item."""

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]


class Rows(NamedTuple):
    """The rows of a part as arrays of one length, in canonical order (by user, then time, ties by MD5).

    user, item: int32 codes, places in the task's sorted lists of ids. timestamp: datetime64[us], NaT where unknown.
    rating: float64, NaN where there is none. row: int64, the row of the corpus's interactions that it came from.
    """

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    timestamp: npt.NDArray[np.datetime64]
    rating: npt.NDArray[np.float64]
    row: npt.NDArray[np.int64]


def distinct(keys: npt.NDArray[_Code]) -> npt.NDArray[_Code]:
    """Return the distinct of ``keys``, sorted.

    By sorting and comparing neighbours: np.unique hashes, which is ten times slower on codes that are nearly in order.
    """
    keys = np.sort(keys)
    return keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys


def _distinct(user: npt.NDArray[np.int32], item: npt.NDArray[np.int32]) -> Pairs:
    """Return the distinct pairs, sorted."""
    key = user.astype(np.int64)
    key <<= 32
    key |= item
    key.sort()
    repeated = key[1:] == key[:-1]
    if repeated.any():
        key = key[np.append(True, ~repeated)]
    return Pairs((key >> 32).astype(np.int32), key.astype(np.int32))  # the lower half alone is kept


class Task(TaskFolder):
    """A filtered, split corpus with candidates and truth fixed, and the fingerprint that papers cite.

    Codes are places in the task's own sorted lists of user and item ids (``user_ids``, ``item_ids``), so that
    everything here is a function of the task's content alone. ``item_ids`` is the catalogue of full ranking.
    """

    def tables(self, *parts: str) -> list[Any]:
        """Return the files of the tables of ``parts``, as the task's engine reads them."""
        return [file for part in parts for file in parquet_files(self._path(part))]

    @cached_property
    def origin(self) -> Origin:
        """The corpus that the task was made from. Raises as ``Origin.of``."""
        return Origin.of(self.manifest, self.folder)

    @property
    def metrics(self) -> list[str]:
        """The protocol's metrics; one without a cutoff stands for one at each of the protocol's."""
        return list(self.protocol["metrics"])

    @property
    def primary(self) -> str:
        """The metric that results are compared by."""
        return str(self.protocol["primary"])

    @property
    def compared_part(self) -> str:
        """The part that results are compared on."""
        return "test"

    @cached_property
    def user_ids(self) -> pa.StringArray:
        """The ids of all users in any part, sorted; a user's code is its place here."""
        return self._ids("users", "user_id")

    @cached_property
    def item_ids(self) -> pa.StringArray:
        """The ids of all items in any part, sorted; an item's code is its place here."""
        return self._ids("items", "item_id")

    def _ids(self, table: str, column: str) -> pa.StringArray:
        return read_table(self.folder / f"{table}.parquet", [column]).column(column).combine_chunks()

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that the task has: ``PARTS``, and "context" where users are held out."""
        return (*PARTS, CONTEXT) if (self.folder / f"{CONTEXT}.parquet").exists() else PARTS

    def rows(self, part: str) -> Rows:
        """Return the rows of ``part`` ("train", "valid", "test" or "context") as arrays of codes."""
        table = self._table(part)
        user, item, row = (to_numpy(table.column(name)) for name in ("user", "item", "row"))
        stamp = to_numpy(table.column("timestamp")).astype("datetime64[us]", copy=False)
        rating = to_numpy(table.column("rating")).astype(np.float64, copy=False)
        return Rows(user, item, stamp, rating, row)

    def _table(self, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        return read_table(self._path(part), columns)

    def weights(self, part: str) -> npt.NDArray[np.float64] | None:
        """Return the weights of the rows of ``part``, float64; None where the protocol left them as the corpus has them."""
        table = self._table(part)
        return to_numpy(table.column("weight")) if "weight" in table.column_names else None

    def relevant_rows(self, part: str = "test") -> Rows:
        """Return the rows of ``part`` that are relevant: all of them, or those that the protocol's ``relevance`` keeps."""
        rows = self.rows(part)
        threshold = self.protocol["relevance"].get("min_rating")
        return rows if threshold is None else Rows(*(column[rows.rating >= threshold] for column in rows))

    def pairs(self, part: str) -> Pairs:
        """Return the distinct (user, item) pairs of ``part``."""
        return _distinct(*self._codes(part))

    def truth(self, part: str = "test") -> Pairs:
        """Return the distinct pairs of ``part`` that are relevant; see ``relevant_rows``."""
        return _distinct(*self._codes(part, self.protocol["relevance"].get("min_rating")))

    def _codes(
        self, part: str, threshold: float | None = None
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return users and items of the rows of ``part``, those of a rating of at least ``threshold`` where there is one."""
        columns = ["user", "item"] if threshold is None else ["user", "item", "rating"]
        table = self._table(part, columns)
        user, item = to_numpy(table.column("user")), to_numpy(table.column("item"))
        if threshold is None:
            return user, item
        relevant = to_numpy(table.column("rating")) >= threshold
        return user[relevant], item[relevant]

    def seen_pairs(self, part: str = "test") -> Pairs:
        """Return what users had before ``part``: the pairs of training and context, and before the test of validation.

        These are masked where the protocol masks seen items. Sorted by user; a pair may be there more than once.
        """
        batches = list(self.seen_batches(part))
        nothing = np.empty(0, dtype=np.int32)
        user, item = (np.concatenate([nothing, *(batch[side] for batch in batches)]) for side in (0, 1))
        if (user[1:] < user[:-1]).any():
            order = np.argsort(user, kind="stable")
            user, item = user[order], item[order]
        return Pairs(user, item)

    def seen_batches(self, part: str = "test") -> Iterator[Pairs]:
        """Yield the pairs of ``seen_pairs`` as they stand on disk, a million or so at a time: of each part by user."""
        if part not in PARTS:
            raise InputError(f"something was seen before the parts {', '.join(PARTS)}, not before {part!r}")
        for before in _BEFORE[part]:
            if before in self.parts:
                yield from self._code_batches(before)

    def _code_batches(self, part: str) -> Iterator[Pairs]:
        for batch in read_batches(self._path(part), ["user", "item"]):
            yield Pairs(to_numpy(batch.column("user")), to_numpy(batch.column("item")))

    def population(self, part: str = "test") -> npt.NDArray[np.int32]:
        """Return the codes of the users who are averaged over: everyone with a relevant item in ``part``."""
        user = self.truth(part).user
        return user[np.concatenate([[True], user[1:] != user[:-1]])] if len(user) else user

    def candidates(self) -> Pairs | None:
        """Return the fixed candidates of each user, relevant items included; None where all items are ranked."""
        path = self.folder / "candidates.parquet"
        if not path.exists():
            return None
        table = read_table(path)
        return Pairs(to_numpy(table.column("user")), to_numpy(table.column("item")))

    def to_arrow(self, part: str = "test") -> pa.Table:
        """Return ``part`` as an Arrow table in the canonical schema of interactions, the corpus's columns included."""
        from recdata.protocol.decode import decode_part

        return decode_part(self, part)

    @property
    def context(self) -> Table:
        """The context part as a ``datasets.Dataset``; InputError where no users are held out."""
        return self._dataset(CONTEXT)
