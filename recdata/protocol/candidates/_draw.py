"""Drawing without replacement, for blocks of users at once, as a function of (seed, user id, number of the draw) alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.candidates._pool import Pool
from recdata.protocol.task import Pairs, distinct

DRAWS = 1 << 22
"""How many numbers are drawn at once, about: what a block of users has."""
_PATIENCE = 64
"""How many times the wanted number is drawn at most before the rest is taken in a fixed order."""

Bits = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Users = npt.NDArray[np.int32]


class Choice(NamedTuple):
    """What may be drawn for the users of a block, who are called by their places in it.

    many: int64[users], how many items a user may be given. allows: places of users and items, two int64 arrays that
    broadcast, to whether the one may be given the other. draw: random bits, uint64[users, draws], and the users' places,
    int64[users], to items that they may be given, int64[users, draws].
    """

    many: Places
    allows: Callable[[Places, Places], Mask]
    draw: Callable[[Bits, Places], Places]


def sample(
    pool: Pool, n: int, seen: str, choose: Callable[[Users], Choice], cells: int | None = None
) -> Pairs:
    """Return each user's relevant items and ``n`` others, as many as there are where they are fewer.

    seen: "mask" where no item is drawn that the user ever met. choose: a block of users, codes, to what may be drawn for
    them. cells: the most (user, item) cells that a block may have, where ``choose`` makes a table of them. Raises
    InputError where n is not positive.
    """
    if n < 1:
        raise InputError(f"candidates: n is at least 1, not {n}")
    users = distinct(pool.relevant.user)
    step = max(1, DRAWS // (n + 16) if cells is None else cells // max(pool.items, 1))
    keys = [pool.relevant.user.astype(np.int64) * pool.items + pool.relevant.item]
    # What is relevant was met too.
    met = pool.met if seen == "mask" else pool.relevant
    for start in range(0, len(users), step):
        block = users[start : start + step]
        first, last = np.searchsorted(met.user, [block[0], block[-1] + 1])
        row = np.searchsorted(block, met.user[first:last])
        mine = block[row] == met.user[first:last]
        taken = distinct(row[mine] * pool.items + met.item[first:last][mine])
        for row, item in _fill(taken, pool, block, n, choose(block)):
            keys.append(block[row].astype(np.int64) * pool.items + item)
    key = distinct(np.concatenate(keys))
    width = max(pool.items, 1)
    return Pairs((key // width).astype(np.int32), (key % width).astype(np.int32))


def below(bits: Bits, total: npt.NDArray[np.uint64] | np.uint64) -> Places:
    """Return a number of 0 to ``total`` - 1 (less than 2**32) for each element: the upper 32 bits times ``total`` >> 32."""
    return ((bits >> np.uint64(32)) * total >> np.uint64(32)).astype(np.int64)


def _fill(taken: Places, pool: Pool, users: Users, n: int, choice: Choice) -> Iterator[tuple[Places, Places]]:
    """Yield places of users of the block, and ``n`` items for each that are allowed and not ``taken``, as they are drawn.

    taken: pairs as (place of the user) * items + item, sorted.
    """
    row, item = np.divmod(taken, pool.items)
    allowed = choice.allows(row, item)
    wanted = np.minimum(n, choice.many - np.bincount(row[allowed], minlength=len(users)))
    state = pool.states(users)
    width = n + 16
    for done in range(0, _PATIENCE * n, width):
        open_rows = np.flatnonzero(wanted > 0)
        if not len(open_rows):
            return
        drawn = choice.draw(stream(state[open_rows], done, width), open_rows)
        key = (open_rows[:, None] * pool.items + drawn).ravel()
        key = key[~_among(key, taken)]
        # Of an item drawn twice the first draw counts; then each user's first draws, as many as are still wanted.
        first = np.unique(key, return_index=True)[1]
        first.sort()
        row, item = np.divmod(key[first], pool.items)
        place = np.arange(len(row)) - np.searchsorted(row, row)
        keep = place < wanted[row]
        row, item = row[keep], item[keep]
        wanted -= np.bincount(row, minlength=len(wanted))
        yield row, item
        taken = np.sort(np.concatenate([taken, row * pool.items + item]))
    for left in np.flatnonzero(wanted > 0):
        free = choice.allows(np.array([left]), pool.item_order)
        free &= ~_among(left * pool.items + pool.item_order, taken)
        chosen = pool.item_order[free][: wanted[left]]
        yield np.full(len(chosen), left), chosen


def _among(key: Places, known: Places) -> Mask:
    """Say which of ``key`` are in ``known``, which is sorted."""
    if not len(known):
        return np.zeros(len(key), dtype=bool)
    at = np.searchsorted(known, key)
    at[at == len(known)] = 0
    return known[at] == key


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
