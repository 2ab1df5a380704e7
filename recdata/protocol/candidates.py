"""Candidates: operators that say which items are ranked for a user, as sets fixed with the task.

An operator is a function of a ``Pool`` that returns the fixed (user, item) pairs, sorted, or None where all items of the
task are ranked. ``seen`` says what becomes of items that the user has in training or validation: "mask" (not candidates; in
a prediction they are misses) or "keep" (candidates like others).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recdata.engines.base import UNIT
from recdata.errors import InputError
from recdata.protocol.task import Pairs, Task

_CELLS = 1 << 24
"""Size of the (users of a block) x (items) table of what is taken, in bytes."""
_PATIENCE = 64
"""How many times the wanted number is drawn at most before the rest is taken in a fixed order."""


class Pool:
    """What candidates are drawn from, computed when an operator asks for it."""

    def __init__(self, task: Task, met: Callable[[], Pairs]) -> None:
        """task: the task whose parts are written. met: gives every pair of the corpus, those that filters dropped too."""
        self._task, self._met = task, met
        self.items = len(task.item_ids)
        self.seed = str(task.protocol["seed"])

    @cached_property
    def relevant(self) -> Pairs:
        """The pairs of the test part that are relevant."""
        return self._task.truth("test")

    @cached_property
    def met(self) -> Pairs:
        """Every pair that a user of the task ever had with an item of the task, sorted."""
        return self._met()

    @cached_property
    def popularity(self) -> npt.NDArray[np.int64]:
        """Rows of each item in the training part."""
        return np.bincount(self._task.rows("train").item, minlength=self.items)

    @cached_property
    def item_order(self) -> npt.NDArray[np.int64]:
        """Items by the MD5 of (seed, "candidates", item id), for where drawing comes to no end."""
        keys = [_md5(self.seed, item_id) for item_id in self._task.item_ids.to_pylist()]
        return np.array(sorted(range(self.items), key=keys.__getitem__), dtype=np.int64)

    def states(self, users: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
        """Return the start of each user's draws: the first 16 hex digits of the MD5 of (seed, "candidates", id)."""
        ids = self._task.user_ids.take(pa.array(users)).to_pylist()
        return np.array([int(_md5(self.seed, user_id)[:16], 16) for user_id in ids], dtype=np.uint64)


def full(pool: Pool, *, seen: str = "mask") -> None:
    """Rank all items of the task: no sets are fixed.

    items   a b c d e f      user has a, b in training; d is relevant
    ranked      c d e f      seen: mask
    """
    del pool
    _check_seen(seen)


def sampled_uniform(pool: Pool, *, n: int, seen: str = "mask") -> Pairs:
    """Add to each user's relevant items ``n`` others, each item as likely, none that the user ever met.

        items   a b c d e f      user met a, b, d; d is relevant; n: 2
        ranked        d e   c    one draw, fixed for good

    Without replacement. Sampled candidates change which of two models is better (Krichene and Rendle, KDD 2020).
    """
    _check_seen(seen)
    items = np.uint64(pool.items)

    def draw(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return ((bits >> np.uint64(32)) * items >> np.uint64(32)).astype(np.int64)

    return _sample(pool, n, draw, np.ones(pool.items, dtype=bool))


def sampled_popularity(pool: Pool, *, n: int, seen: str = "mask") -> Pairs:
    """Add to each user's relevant items ``n`` others, drawn by their rows in the training part, none ever met.

    One after the other without replacement: at each draw an item's chance is its count over those still there. Items
    that training does not hold are never drawn.
    """
    _check_seen(seen)
    edges = np.cumsum(pool.popularity)
    total = np.uint64(edges[-1]) if len(edges) else np.uint64(0)

    def draw(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return np.searchsorted(edges, ((bits >> np.uint64(11)) % total).astype(np.int64), side="right")

    return _sample(pool, n, draw, pool.popularity > 0)


def _check_seen(seen: str) -> None:
    if seen not in ("mask", "keep"):
        raise InputError(f"candidates: seen is {seen!r}; expected mask or keep")


def _sample(
    pool: Pool,
    n: int,
    draw: Callable[[npt.NDArray[np.uint64]], npt.NDArray[np.int64]],
    drawable: npt.NDArray[np.bool_],
) -> Pairs:
    """Draw for blocks of users: a user's j-th draw is a function of (seed, user id, j) alone."""
    if n < 1:
        raise InputError(f"candidates: n is at least 1, not {n}")
    users = np.unique(pool.relevant.user)
    step = max(1, _CELLS // max(pool.items, 1))
    keys = [pool.relevant.user.astype(np.int64) * pool.items + pool.relevant.item]
    for start in range(0, len(users), step):
        block = users[start : start + step]
        taken = np.tile(~drawable, (len(block), 1))
        first, last = np.searchsorted(pool.met.user, [block[0], block[-1] + 1])
        row = np.searchsorted(block, pool.met.user[first:last])
        mine = block[row] == pool.met.user[first:last]
        taken[row[mine], pool.met.item[first:last][mine]] = True
        chosen = _fill(taken, pool, block, n, draw)
        keys.append(block[chosen[0]].astype(np.int64) * pool.items + chosen[1])
    key = np.unique(np.concatenate(keys))
    return Pairs((key // max(pool.items, 1)).astype(np.int32), (key % max(pool.items, 1)).astype(np.int32))


def _fill(
    taken: npt.NDArray[np.bool_],
    pool: Pool,
    users: npt.NDArray[np.int32],
    n: int,
    draw: Callable[[npt.NDArray[np.uint64]], npt.NDArray[np.int64]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Choose for each row of ``taken`` (users x items) ``n`` free items, in the order they are drawn; mark them taken."""
    wanted = np.minimum(n, (~taken).sum(axis=1))
    state = pool.states(users)
    got: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    done, width = 0, n + 16
    while done < _PATIENCE * n:
        open_rows = np.flatnonzero(wanted > 0)
        if not len(open_rows):
            break
        item = draw(_stream(state[open_rows], done, width))
        row = np.repeat(open_rows, width)
        free = ~taken[row, item.ravel()]
        row, item = row[free], item.ravel()[free]
        # Of an item drawn twice the first draw counts; then each user's first draws, as many as are still wanted.
        _, first = np.unique(row * taken.shape[1] + item, return_index=True)
        first.sort()
        row, item = row[first], item[first]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        keep = place < wanted[row]
        row, item = row[keep], item[keep]
        taken[row, item] = True
        wanted -= np.bincount(row, minlength=len(wanted))
        got.append((row, item))
        done += width
    for row_left in np.flatnonzero(wanted > 0):
        free_items = pool.item_order[~taken[row_left, pool.item_order]][: wanted[row_left]]
        got.append((np.full(len(free_items), row_left), free_items))
    if not got:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing
    return np.concatenate([row for row, _ in got]), np.concatenate([item for _, item in got])


def _md5(seed: str, text: str) -> str:
    return hashlib.md5(UNIT.join((seed, "candidates", text)).encode()).hexdigest()


def _stream(state: npt.NDArray[np.uint64], start: int, width: int) -> npt.NDArray[np.uint64]:
    """Return draws ``start`` to ``start + width`` of each user's stream, shape (users, width).

    Draw j is SplitMix64's output for state + (j + 1) * 0x9E3779B97F4A7C15 (Steele, Lea and Flood, OOPSLA 2014), modulo
    2**64: a bijection of the counter, so that it is the same in any language.
    """
    counter = np.arange(start + 1, start + width + 1, dtype=np.uint64)
    bits = state[:, None] + counter[None, :] * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
