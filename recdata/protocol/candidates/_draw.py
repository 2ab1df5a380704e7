"""Drawing without replacement, for blocks of users at once, as a function of (seed, user id, number of the draw) alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.candidates._pool import Pool
from recdata.protocol.task import Pairs

CELLS = 1 << 24
"""Size of the (users of a block) x (items) table of what is taken, in bytes."""
_PATIENCE = 64
"""How many times the wanted number is drawn at most before the rest is taken in a fixed order."""

Bits = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Draw = Callable[[Bits, Places], Places]
"""Random bits, uint64[users, draws], and the users' places in the block, int64[users], to items, int64[users, draws]."""
Blocked = Callable[[npt.NDArray[np.int32]], tuple[npt.NDArray[np.bool_], Draw]]
"""A block of users to what none of them may be given, bool[users, items] of its own, and how to draw for them."""


def sample(pool: Pool, n: int, seen: str, blocked: Blocked) -> Pairs:
    """Return each user's relevant items and ``n`` others, as many as there are where they are fewer.

    seen: "mask" where no item is drawn that the user ever met. Raises InputError where n is not positive.
    """
    if n < 1:
        raise InputError(f"candidates: n is at least 1, not {n}")
    users = np.unique(pool.relevant.user)
    step = max(1, CELLS // max(pool.items, 1))
    keys = [pool.relevant.user.astype(np.int64) * pool.items + pool.relevant.item]
    for start in range(0, len(users), step):
        block = users[start : start + step]
        taken, draw = blocked(block)
        # What is relevant was met too.
        pairs = pool.met if seen == "mask" else pool.relevant
        first, last = np.searchsorted(pairs.user, [block[0], block[-1] + 1])
        row = np.searchsorted(block, pairs.user[first:last])
        mine = block[row] == pairs.user[first:last]
        taken[row[mine], pairs.item[first:last][mine]] = True
        row, item = _fill(taken, pool, block, n, draw)
        keys.append(block[row].astype(np.int64) * pool.items + item)
    key = np.unique(np.concatenate(keys))
    width = max(pool.items, 1)
    return Pairs((key // width).astype(np.int32), (key % width).astype(np.int32))


def below(bits: Bits, total: npt.NDArray[np.uint64] | np.uint64) -> Places:
    """Return a number of 0 to ``total`` - 1 (less than 2**32) for each element: the upper 32 bits times ``total`` >> 32."""
    return ((bits >> np.uint64(32)) * total >> np.uint64(32)).astype(np.int64)


def among(allowed: npt.NDArray[np.bool_]) -> Draw:
    """Return how to draw uniformly among the items ``allowed`` each user of a block, bool[users, items]."""
    many = allowed.sum(axis=1).astype(np.uint64)
    start = np.concatenate([[0], np.cumsum(many)[:-1]]).astype(np.int64)
    item = np.append(np.nonzero(allowed)[1], 0)

    def draw(bits: Bits, users: Places) -> Places:
        return item[start[users, None] + below(bits, many[users, None])]

    return draw


def _fill(
    taken: npt.NDArray[np.bool_], pool: Pool, users: npt.NDArray[np.int32], n: int, draw: Draw
) -> tuple[Places, Places]:
    """Choose for each row of ``taken`` (users x items) ``n`` free items, in the order they are drawn; mark them taken."""
    wanted = np.minimum(n, (~taken).sum(axis=1))
    state = pool.states(users)
    got: list[tuple[Places, Places]] = []
    done, width = 0, n + 16
    while done < _PATIENCE * n:
        open_rows = np.flatnonzero(wanted > 0)
        if not len(open_rows):
            break
        item = draw(stream(state[open_rows], done, width), open_rows)
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


def stream(state: npt.NDArray[np.uint64], start: int, width: int) -> Bits:
    """Return draws ``start`` to ``start + width`` of each user's stream, shape (users, width).

    Draw j is SplitMix64's output for state + (j + 1) * 0x9E3779B97F4A7C15 (Steele, Lea and Flood, OOPSLA 2014), modulo
    2**64: a bijection of the counter, so that it is the same in any language.
    """
    counter = np.arange(start + 1, start + width + 1, dtype=np.uint64)
    bits = state[:, None] + counter[None, :] * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
