"""From a fitted baseline to a prediction file: users in blocks, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.baselines._base import ByItem, ByList, Codes, Recommender, Scores, tie_order
from recdata.baselines._ranking import Lists, best, first
from recdata.store.atomic import atomic_file
from recdata.submission.expected import ByUser, Expected

if TYPE_CHECKING:
    from recdata.protocol.task import Task

DEFAULT_K = 100
"""How many items are ranked for each user where all items are candidates."""

_CELLS = 1 << 22
"""How many cells of (users x items) are in memory at once: 32 MB of scores."""

_SOME = 1 << 11
"""How many cells a user counts for where the lists are made without a score for each item."""

_ROWS = 1 << 20
"""How many rows a row group has, about."""

Users = npt.NDArray[np.int32]


class Block(NamedTuple):
    """Rows of the file: codes of users and items, and scores, all of one length."""

    user: Codes
    item: Codes
    score: Scores


def write(recommender: Recommender, task: Task, out: Path, k: int | None, part: str = "test") -> int:
    """Write the predictions to ``out`` and return the number of rows; see ``recdata.baselines.run``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [("user_id", pa.string()), ("item_id", pa.string()), ("score", pa.float64())]
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])
    rows = 0
    recommender.begin(part)
    with atomic_file(out) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for group in _gather(_blocks(recommender, task, k, part)):
            users, items = task.user_ids.take(pa.array(group.user)), task.item_ids.take(pa.array(group.item))
            writer.write_table(pa.table([users, items, pa.array(group.score)], schema=schema))
            rows += len(group.user)
    return rows


def _gather(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield blocks put together until they have _ROWS rows."""
    waiting: list[Block] = []
    for block in blocks:
        waiting.append(block)
        if sum(len(each.user) for each in waiting) >= _ROWS:
            yield Block(*map(np.concatenate, zip(*waiting, strict=True)))
            waiting = []
    if waiting:
        yield Block(*map(np.concatenate, zip(*waiting, strict=True)))


def _blocks(recommender: Recommender, task: Task, k: int | None, part: str) -> Iterator[Block]:
    if task.protocol["task"] == "rating":
        return _ratings(recommender, task, part)
    expected = Expected.of(task, part)
    if expected.candidates is not None:
        return _given(recommender, task, expected.population, expected.candidates, k)
    return _full(recommender, task, expected.population, expected.seen, k or DEFAULT_K)


def _ratings(recommender: Recommender, task: Task, part: str) -> Iterator[Block]:
    """Yield every pair of the part, in order of codes."""
    pairs = task.pairs(part)
    for start in range(0, len(pairs.user), _CELLS):
        user, item = pairs.user[start : start + _CELLS], pairs.item[start : start + _CELLS]
        yield Block(user, item, recommender.score(user, item))


def _given(
    recommender: Recommender, task: Task, population: Users, candidates: ByUser, k: int | None
) -> Iterator[Block]:
    """Yield the fixed candidates of each user of the population, ranked; the best ``k`` where it is given."""
    ranks = np.argsort(tie_order(task))
    for users in _groups(population, candidates.start[population + 1] - candidates.start[population]):
        owner, _, item = candidates.spread(users)
        user = users[owner]
        score = recommender.score(user, item)
        order = np.lexsort((ranks[item], -score, owner))
        if k is not None:
            # Sorted or not, an owner's rows are the same span, so that its first k in order are its best.
            order = order[np.arange(len(owner)) - np.searchsorted(owner, owner) < k]
        yield Block(user[order], item[order], score[order])


def _full(
    recommender: Recommender, task: Task, population: Users, seen: ByUser | None, k: int
) -> Iterator[Block]:
    """Yield the best ``k`` of all items for each user of the population, without what is masked."""
    columns = tie_order(task)
    if isinstance(recommender, ByItem):
        columns = columns[np.argsort(-recommender.by_item[columns], kind="stable")]
    if isinstance(recommender, ByList) and seen is None:
        for users in _groups(population, np.full(len(population), _SOME)):
            owner, chosen, score = recommender.best(users, columns, k)
            yield Block(users[owner], chosen, score)
        return
    places = np.argsort(columns)
    cells = np.full(len(population), len(columns))
    if isinstance(recommender, ByItem):
        cells[:] = k
        if seen is not None:
            cells += seen.start[population + 1] - seen.start[population]
    for users in _groups(population, cells):
        masked = Lists(np.empty(0, np.int64), np.empty(0, np.int64))
        if seen is not None:
            owner, _, item = seen.spread(users)
            masked = Lists(owner, places[item])
        if isinstance(recommender, ByItem):
            lists = first(len(users), len(columns), masked, k)
            score = recommender.by_item[columns[lists.item]]
        else:
            scores = recommender.score(users[:, None], columns[None, :])
            scores[masked.user, masked.item] = -np.inf
            lists = best(scores, k)
            score = scores[lists.user, lists.item]
        yield Block(users[lists.user], columns[lists.item], score)


def _groups(users: Users, cells: Codes) -> Iterator[Users]:
    """Yield runs of ``users`` whose ``cells`` add up to about _CELLS, at least one user each."""
    group = (np.cumsum(cells) - cells) // _CELLS
    yield from np.split(users, np.flatnonzero(np.diff(group)) + 1) if len(users) else ()
