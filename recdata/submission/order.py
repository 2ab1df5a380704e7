"""Putting lists in order: by score from high to low (or as ranked), ties by the MD5 of the item id or as asked."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.submission.asked import Order
from recdata.submission.ids import Ids
from recdata.submission.slabs import Slab

_SIGN = np.uint64(1 << 63)


class Ranked(NamedTuple):
    """A slab's rows, each user's list best first. tied: bool[r], whether the next row of the same user has its value.

    user, start, item, value, row: as in Slab.
    """

    user: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    value: npt.NDArray[np.floating]
    row: npt.NDArray[np.int64]
    tied: npt.NDArray[np.bool_]

    def groups(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the groups of equal values of ``rows`` begin, and how many rows they have."""
        if not self.tied.any():
            return rows, np.ones(len(rows), dtype=np.int64)
        begins = np.append(True, ~self.tied[:-1])
        starts = np.flatnonzero(begins)
        group = (np.cumsum(begins) - 1)[rows]
        return starts[group], np.diff(np.append(starts, len(begins)))[group]

    def owner(self) -> npt.NDArray[np.int64]:
        """Return for each row whose it is: int64[r], a place in ``user``."""
        return np.repeat(np.arange(len(self.user)), np.diff(self.start))

    def place(self) -> npt.NDArray[np.int64]:
        """Return for each row its place in the list from 0: int64[r]."""
        return np.arange(len(self.item)) - np.repeat(self.start[:-1], np.diff(self.start))


class Ties:
    """The order of items with equal scores: by the MD5 (hex digits) of the UTF-8 item id. Each is computed once.

    Or, where another order is asked for: by the item id from high to low, or as the file has them.
    """

    def __init__(self, items: Ids, order: Order = "md5") -> None:
        self._items = items
        self._order = order
        self._known = np.zeros(0, dtype=bool)
        self._digests = np.zeros((0, 2), dtype=np.uint64)

    def order(
        self, group: npt.NDArray[np.int64], item: npt.NDArray[np.int32], row: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Return the order that sorts rows by group (small integers from 0), then by the MD5 of their items."""
        if self._order == "file":
            return np.lexsort((row, group))
        if self._order != "md5":
            codes, place = np.unique(item, return_inverse=True)
            texts = [self._items.text(code).encode("utf-8") for code in codes.tolist()]
            by_id = sorted(range(len(texts)), key=texts.__getitem__, reverse=self._order == "id-descending")
            at = np.empty(len(codes), dtype=np.int64)
            at[by_id] = np.arange(len(codes))
            return np.lexsort((at[place], group))
        self._compute(item)
        high, low = self._digests[item, 0], self._digests[item, 1]
        # As much of the digest as fits beside the group; what is equal then is sorted by all of it.
        shift = np.uint64(64 - max(int(group.max(initial=0)), 1).bit_length())
        key = group.astype(np.uint64) << shift | high >> (np.uint64(64) - shift)
        order = np.argsort(key)
        key = key[order]
        if (key[1:] == key[:-1]).any():
            return np.lexsort((low, high, group))
        return order

    def _compute(self, item: npt.NDArray[np.int32]) -> None:
        missing = len(self._items) - len(self._known)
        if missing:
            self._known = np.concatenate((self._known, np.zeros(missing, dtype=bool)))
            self._digests = np.concatenate((self._digests, np.zeros((missing, 2), dtype=np.uint64)))
        new = np.unique(item[~self._known[item]])
        if len(new):
            digests = b"".join(
                hashlib.md5(self._items.text(code).encode("utf-8"), usedforsecurity=False).digest()
                for code in new.tolist()
            )
            self._digests[new] = np.frombuffer(digests, ">u8").reshape(-1, 2)
            self._known[new] = True


def ranked(slab: Slab, ties: Ties) -> Ranked:
    """Return ``slab`` with each user's rows best first; what is in order already is not sorted."""
    user, start, item, value, row = slab
    borders = start[1:-1] - 1
    falls = value[:-1] > value[1:]
    falls[borders] = True
    if falls.all():
        return Ranked(user, start, item, value, row, np.zeros(len(item), dtype=bool))
    rises = value[:-1] < value[1:]
    rises[borders] = False
    if rises.any():
        order = _by_value(np.repeat(np.arange(len(user)), np.diff(start)), value)
        item, value, row = item[order], value[order], row[order]
    same = value[:-1] == value[1:]
    same[borders] = False
    if same.any():
        item, row = _settle(same, item, row, ties)
    return Ranked(user, start, item, value, row, np.append(same, False))


def _by_value(owner: npt.NDArray[np.int64], value: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Return the order that sorts rows by owner, then value from high to low."""
    bits = int(owner[-1]).bit_length()
    if value.dtype == np.float32 and bits <= 32:
        unsigned = (value + np.float32(0)).view(np.uint32).astype(np.uint64) << np.uint64(32)
    else:
        unsigned = (value.astype(np.float64) + 0.0).view(np.uint64)
    # A float's bits sort as its value does, once negative ones are turned round; turned again: from high to low.
    falling = np.where(unsigned & _SIGN, unsigned, ~unsigned & ~_SIGN)
    key = (owner.astype(np.uint64) << np.uint64(64 - bits)) if bits else np.zeros(len(owner), np.uint64)
    order = np.argsort(key | falling >> np.uint64(bits))
    # Where float64 values differ only in bits that did not fit beside the owner, they may stand wrong.
    ordered = value[order]
    if ((ordered[:-1] < ordered[1:]) & (owner[:-1] == owner[1:])).any():
        return np.lexsort((-value, owner))
    return order


def _settle(
    same: npt.NDArray[np.bool_], item: npt.NDArray[np.int32], row: npt.NDArray[np.int64], ties: Ties
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Put rows with equal values in the order of ties; ``same`` says of each row whether the next has its value."""
    after, before = np.append(same, False), np.append(False, same)
    tied = np.flatnonzero(after | before)
    group = np.cumsum(~before[tied]) - 1
    order = tied[ties.order(group, item[tied], row[tied])]
    item, row = item.copy(), row.copy()
    item[tied], row[tied] = item[order], row[order]
    return item, row
