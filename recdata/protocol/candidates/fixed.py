"""Candidates that nobody draws: all items of the task, or the lists that the publisher made."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recdata.protocol.candidates._pool import Pool
from recdata.protocol.task import Pairs, distinct


def full(pool: Pool, *, seen: Literal["mask", "keep"] = "mask") -> None:
    """Rank all items of the task: no sets are fixed.

        items   a b c d e f      user has a, b in training; d is relevant
        ranked      c d e f      seen: mask

    Source: Krichene and Rendle 2020 (On Sampled Metrics for Item Recommendation): the metrics as they are defined.
    """
    del pool, seen


def published(pool: Pool, *, column: str) -> Pairs:
    """Rank the relevant items among those that the publisher listed: ``column`` of the test rows holds lists of item ids.

    A user of several test rows has the union of their lists. A listed item that no row of any part has is an item of the
    task all the same.

        test row    column        relevant d
        u1 d        [b, f, a]     ranked  a b d f

    Source: He et al. 2017 (NCF), test.negative; Wu et al. 2020 (MIND), what an impression showed. Raises InputError where
    the corpus's interactions have no such column of lists, or a relevant row has no list.
    """
    rows = pool.relevant_rows
    owner, item = pool.origin.listed(column, rows.row, pool.task.item_ids)
    width = max(pool.items, 1)
    user = np.concatenate([rows.user[owner], pool.relevant.user]).astype(np.int64)
    key = distinct(user * width + np.concatenate([item, pool.relevant.item]))
    return Pairs((key // width).astype(np.int32), (key % width).astype(np.int32))
