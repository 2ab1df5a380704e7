"""Top-k of many users at once: two ways to rank a block of users, both exact where scores are equal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.baselines._base import Scores

Places = npt.NDArray[np.int64]


class Lists(NamedTuple):
    """Ranked lists of a block, one row an entry, by user, best first: places of users and of items."""

    user: Places
    item: Places


def best(scores: Scores, k: int) -> Lists:
    """Return the ``k`` best columns of each row of ``scores``, float64[users, items], without those at -inf.

    Equal scores are ordered by column.
    """
    width = scores.shape[1]
    keep = scores > -np.inf
    if k < width:
        cut = np.partition(scores, width - k, axis=1)[:, width - k, None]
        above, level = scores > cut, scores == cut
        room = k - above.sum(axis=1, keepdims=True)
        keep &= above | (level & (np.cumsum(level, axis=1, dtype=np.int32) <= room))
    user, item = np.nonzero(keep)
    order = np.lexsort((item, -scores[user, item], user))
    return Lists(user[order], item[order])


def first(users: int, items: int, masked: Lists, k: int) -> Lists:
    """Return the first ``k`` of ``items`` columns for each of ``users`` rows, without those ``masked``.

    This is ``best`` for scores that fall from column to column, alike in every row; its cost does not depend
    on the number of items. ``masked`` holds places of rows and columns, in any order; they may repeat.
    """
    k = min(k, items)
    cells = np.sort(masked.user * items + masked.item)
    row, column = np.divmod(cells[np.diff(cells, prepend=-1) > 0], items)
    # The j-th column that a row keeps is j + how many of its masked columns m_0 < m_1 ... have m_i - i <= j.
    shift = column - (np.arange(len(row)) - np.searchsorted(row, row))
    near = shift < k
    moved = np.bincount(row[near] * k + shift[near], minlength=users * k).reshape(users, k)
    place = np.arange(k) + np.cumsum(moved, axis=1)
    user, rank = np.nonzero(place < items)
    return Lists(user, place[user, rank])
