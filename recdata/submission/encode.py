"""Blocks become arrays of codes; empty ids, numbers that are none, and unknown ids are found on the way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recdata.store.arrays import to_numpy
from recdata.submission.block import ITEM, USER, Block, Reader
from recdata.submission.finding import Findings, StopReadingError
from recdata.submission.ids import MOST_UNKNOWN, NO_ID, Ids, TooLongError, TooManyUnknownError
from recdata.submission.watch import watched

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Coded:
    """Some rows of a file, in its order: int32 codes, values, int64 row numbers.

    Values are finite float32 or float64, the higher the better: scores, or ranks with their sign changed.
    """

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    value: npt.NDArray[np.floating]
    row: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.user)

    def part(self, first: int, last: int | None = None) -> Coded:
        """Return the rows from ``first`` up to ``last``."""
        cut = slice(first, last)
        return Coded(self.user[cut], self.item[cut], self.value[cut], self.row[cut])

    def joined(self, other: Coded) -> Coded:
        """Return these rows and then those of ``other``, copied."""
        return Coded(
            np.concatenate((self.user, other.user)),
            np.concatenate((self.item, other.item)),
            np.concatenate((self.value, other.value)),
            np.concatenate((self.row, other.row)),
        )


def ahead(blocks: Iterator[T]) -> Iterator[T]:
    """Return the same, each taken from ``blocks`` in a thread while the one before is worked on, the first at once."""
    thread = ThreadPoolExecutor(1)
    first = thread.submit(next, blocks, None)

    def take() -> Iterator[T]:
        coming = first
        try:
            while (block := coming.result()) is not None:
                coming = thread.submit(next, blocks, None)
                yield block
        finally:
            thread.shutdown()

    return take()


HEAD = 100_000
"""How many of the first rows are kept, to be held against other parts and tasks."""


class Encoder:
    """Turns the blocks of one reading into codes and counts what is unknown.

    head: the first rows, copied. done: how much of the file was read, from 0 to 1.
    """

    def __init__(self, users: Ids, items: Ids, findings: Findings) -> None:
        self.users = users
        self.items = items
        self.rows = 0
        self.done = 0.0
        self.unknown_user_rows = 0
        self.unknown_item_rows = 0
        self.head: Coded | None = None
        self._findings = findings

    def read(self, reader: Reader) -> Iterator[Coded]:
        """Yield the rows of ``reader`` that have ids and a number; the others are added to the findings.

        Reading begins with the call. Raises StopReadingError where there is nothing more to read before the end.
        """
        return watched(ahead(self._encode(block, reader) for block in reader.blocks(self._findings)), self)

    def _encode(self, block: Block, reader: Reader) -> Coded:
        self.rows += len(block.value)
        self.done = reader.done
        reader.limits.check("rows", self.rows, self._findings)
        row = block.rows()
        try:
            user, item = self.users.encode(block.user, row), self.items.encode(block.item, row)
        except TooManyUnknownError:
            self._findings.add("too-many-unknown", row=int(row[0]), value=f"more than {MOST_UNKNOWN:,} ids")
            raise StopReadingError from None
        except TooLongError as error:
            size = len(str(error).encode("utf-8"))
            reader.limits.check("id_length", size, self._findings)
            raise StopReadingError from None
        value = to_numpy(block.value)
        good = np.isfinite(value)
        if not good.all():
            bad = np.flatnonzero(~good)
            self._findings.add_rows(
                "bad-number", row[bad], reader.value, lambda i: _written(block, int(bad[i]))
            )
        for column, codes in ((USER, user), (ITEM, item)):
            if codes.min(initial=0) == NO_ID:
                self._findings.add_rows("null-id", row[codes == NO_ID], column, lambda _: "")
                good &= codes != NO_ID
        if not good.all():
            user, item, value, row = user[good], item[good], value[good], row[good]
        self.unknown_user_rows += self._unknown("unknown-user", USER, user, self.users, row)
        self.unknown_item_rows += self._unknown("unknown-item", ITEM, item, self.items, row)
        coded = Coded(user, item, value if reader.value == "score" else -value, row)
        if self.head is None and len(coded):
            few = coded.part(0, HEAD)
            self.head = few.joined(few.part(0, 0))
        return coded

    def _unknown(
        self, code: str, column: str, codes: npt.NDArray[np.int32], ids: Ids, row: npt.NDArray[np.int64]
    ) -> int:
        if len(ids) == ids.known:
            return 0
        rows = np.flatnonzero(codes >= ids.known)
        self._findings.add_rows(code, row[rows], column, lambda i: ids.text(int(codes[rows[i]])))
        return len(rows)


def _written(block: Block, place: int) -> str:
    value = block.value[place].as_py()
    return "null" if value is None else str(value)
