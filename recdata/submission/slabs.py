"""Slabs: whole lists of some users, cut from a stream of rows, or sorted together where users are scattered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from recdata.submission.encode import Coded

T = TypeVar("T")

_PLACE_BITS = 32
_PLACE = (1 << _PLACE_BITS) - 1
_GROWTH = 1 << 22
ROWS = 1 << 16
"""A slab has at most so many rows, unless it is the list of one user: what is sorted then fits a processor's cache,
and user, item and place fit 64 bits together."""


class Slab(NamedTuple):
    """All rows of each of s users, who stand one after the other, each user's rows in the order of the file.

    user: int32[s], codes. start: int64[s + 1], where each user's rows begin. item: int32[r], codes. value:
    float[r]. row: int64[r], row numbers.
    """

    user: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    value: npt.NDArray[np.floating]
    row: npt.NDArray[np.int64]


class ScatteredError(Exception):
    """A user's rows come back after another user's: the rows cannot be taken in the file's order."""


Arrange = Callable[[Iterable[Coded]], Iterator[Slab]]


def arranged(read: Callable[[Arrange], T]) -> T:
    """Return ``read(grouped)`` or, where users are scattered, what reading again by ``read(scattered)`` gives."""
    # Reading again inside ``except`` would keep all of the first reading in memory.
    with suppress(ScatteredError):
        return read(grouped)
    return read(scattered)


def grouped(stream: Iterable[Coded]) -> Iterator[Slab]:
    """Yield slabs of a file where each user's rows stand together; of memory it takes a block and a user's rows.

    Raises ScatteredError as soon as a user comes back.
    """
    done = np.zeros(1 << 10, dtype=bool)
    rest: Coded | None = None
    for coded in stream:
        if not len(coded.user):
            continue
        if rest is not None:
            # Only the first user's rows can go on with the rest; they are few, so the block is not copied.
            more = _first_run(coded.user) if coded.user[0] == rest.user[0] else 0
            rest = rest.joined(coded.part(0, more))
            if more == len(coded):
                continue
            coded = coded.part(more)
            done = _mark(done, rest.user[:1])
            yield from _cut(rest)
        last = len(coded) - _first_run(coded.user[::-1])
        rest = coded.part(last)
        if last:
            done = _mark(done, coded.user[_starts(coded.user[:last])[:-1]])
            yield from _cut(coded.part(0, last))
    if rest is not None:
        _mark(done, rest.user[:1])
        yield from _cut(rest)


def scattered(stream: Iterable[Coded]) -> Iterator[Slab]:
    """Yield slabs of a file whatever its order, users by code. It keeps 16 to 20 bytes a row in memory.

    A file has less than 2**32 rows.
    """
    keys, items, values = _Grown(np.dtype(np.int64)), _Grown(np.dtype(np.int32)), _Grown()
    shifts = []
    total = 0
    for coded in stream:
        if not len(coded):
            continue
        # User and place in one number, which sorts by both; the place says where item and value are.
        keys.add(coded.user.astype(np.int64) << _PLACE_BITS | np.arange(total, total + len(coded)))
        items.add(coded.item)
        values.add(coded.value)
        shifts.append(_shift(coded.row, total))
        total += len(coded)
    if not total:
        return
    key, item, value = keys.whole(), items.whole(), values.whole()
    shift = _common(shifts)
    key.sort()
    # The upper halves are the users; a view, since a copy would be as large as all items and values.
    starts = _starts(key.view(np.uint32)[1 if sys.byteorder == "little" else 0 :: 2])
    for first, last in _parts(starts):
        place = key[starts[first] : starts[last]] & _PLACE
        yield Slab(
            (key[starts[first:last]] >> _PLACE_BITS).astype(np.int32),
            starts[first : last + 1] - starts[first],
            item[place],
            value[place],
            place + (shift if shift.ndim == 0 else shift[place]),
        )


def _shift(row: npt.NDArray[np.int64], first: int) -> npt.NDArray[np.int64]:
    """Return how far row numbers are above the places from ``first``; where that is one number, it takes no memory."""
    if int(row[-1]) - int(row[0]) == len(row) - 1:
        return np.broadcast_to(row[0] - first, len(row))
    return row - np.arange(first, first + len(row))


def _common(shifts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Return the parts as one array, without a dimension where all of it is one number."""
    if all(part.strides == (0,) and part[0] == shifts[0][0] for part in shifts):
        return np.array(shifts[0][0])
    return np.concatenate(shifts)


class _Grown:
    """An array that grows at its end, in place where the system can: no list of parts to be copied when all are there."""

    def __init__(self, dtype: np.dtype[Any] | None = None) -> None:
        """dtype: None for that of what is added first."""
        self._dtype, self._size = dtype, 0
        self._array: npt.NDArray[Any] = np.empty(0, dtype or np.int8)

    def add(self, part: npt.NDArray[Any]) -> None:
        """Append ``part``; where its type is wider than that of what is there, all becomes of its type."""
        if not self._size:
            self._array = np.empty(0, self._dtype or part.dtype)
        elif part.dtype != self._array.dtype and self._dtype is None:
            self._array = self._array.astype(np.result_type(self._array, part))
        end = self._size + len(part)
        if end > len(self._array):
            self._array.resize(end + _GROWTH, refcheck=False)
        self._array[self._size : end] = part
        self._size = end

    def whole(self) -> npt.NDArray[Any]:
        """Return what was added."""
        return self._array[: self._size]


def _mark(done: npt.NDArray[np.bool_], users: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Mark ``users`` as done, growing the marks as needed. Raises ScatteredError where one is done already."""
    highest = int(users.max())
    if highest >= len(done):
        done = np.concatenate((done, np.zeros(highest + 1, dtype=bool)))
    if done[users].any():
        raise ScatteredError
    done[users] = True
    if len(users) > 1 and len(np.unique(users)) < len(users):
        raise ScatteredError
    return done


def _first_run(users: npt.NDArray[np.int32]) -> int:
    """Return how many of the first values are the same."""
    step = 1 << 10
    for first in range(0, len(users), step):
        part = users[first : first + step] != users[0]
        if part.any():
            return first + int(part.argmax())
    return len(users)


def _starts(users: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return where each run of equal values begins, and at the end the length."""
    changes = np.flatnonzero(users[1:] != users[:-1]) + 1
    return np.concatenate(([0], changes, [len(users)])).astype(np.int64)


def _parts(starts: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield ranges of runs that make slabs of at most ROWS rows, or of one run."""
    first = 0
    while first < len(starts) - 1:
        last = int(np.searchsorted(starts, starts[first] + ROWS, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


def _cut(coded: Coded) -> Iterator[Slab]:
    starts = _starts(coded.user)
    for first, last in _parts(starts):
        begin, end = starts[first], starts[last]
        yield Slab(
            coded.user[starts[first:last]],
            starts[first : last + 1] - begin,
            coded.item[begin:end],
            coded.value[begin:end],
            coded.row[begin:end],
        )
