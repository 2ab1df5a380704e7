"""From a fitted baseline to a prediction file: users in blocks, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.baselines._base import ByItem, Codes, Recommender, Scores, tie_order
from recdata.baselines._ranking import Lists, best, first
from recdata.errors import InputError
from recdata.store.atomic import atomic_file

if TYPE_CHECKING:
    from recdata.protocol.task import Pairs, Task

DEFAULT_K = 100
"""How many items are ranked for each user where all items are candidates."""

_CELLS = 1 << 22
"""How many cells of (users x items) are in memory at once: 32 MB of scores."""

_ROWS = 1 << 20
"""How many rows a row group has, about."""

Places = npt.NDArray[np.int64]


class Block(NamedTuple):
    """Rows of the file: codes of users and items, and scores, all of one length."""

    user: Codes
    item: Codes
    score: Scores


def write(recommender: Recommender, task: Task, out: Path, k: int | None) -> int:
    """Write the predictions to ``out`` and return the number of rows; see ``recdata.baselines.run``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if out.suffix != ".parquet":
        raise InputError(f"{out}: baselines write Parquet; give a name that ends with .parquet")
    columns = [("user_id", pa.string()), ("item_id", pa.string()), ("score", pa.float64())]
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])
    rows = 0
    with atomic_file(out) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for group in _gather(_blocks(recommender, task, k)):
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


def _blocks(recommender: Recommender, task: Task, k: int | None) -> Iterator[Block]:
    candidates = task.candidates()
    if recommender.kind == "rating":
        return _ratings(recommender, task)
    if candidates is not None:
        return _given(recommender, task, candidates, k)
    return _full(recommender, task, k or DEFAULT_K)


def _ratings(recommender: Recommender, task: Task) -> Iterator[Block]:
    """Yield every pair of the test part, in order of codes."""
    pairs = task.pairs("test")
    for start in range(0, len(pairs.user), _CELLS):
        user, item = pairs.user[start : start + _CELLS], pairs.item[start : start + _CELLS]
        yield Block(user, item, recommender.score(user, item))


def _given(recommender: Recommender, task: Task, candidates: Pairs, k: int | None) -> Iterator[Block]:
    """Yield the fixed candidates of each user of the population, ranked; the best ``k`` where it is given."""
    population = task.population()
    ranks = np.argsort(tie_order(task))
    starts, ends = _bounds(candidates, population)
    for low, high in _groups(ends - starts):
        here = _spans(starts[low:high], ends[low:high])
        user, item = candidates.user[here], candidates.item[here]
        score = recommender.score(user, item)
        order = np.lexsort((ranks[item], -score, user))
        if k is not None:
            begins = np.searchsorted(user, population[low:high])
            place = np.arange(len(user)) - np.repeat(begins, ends[low:high] - starts[low:high])
            order = order[place < k]
        yield Block(user[order], item[order], score[order])


def _full(recommender: Recommender, task: Task, k: int) -> Iterator[Block]:
    """Yield the best ``k`` of all items for each user of the population, without what is masked."""
    population = task.population()
    columns = tie_order(task)
    if isinstance(recommender, ByItem):
        columns = columns[np.argsort(-recommender.by_item[columns], kind="stable")]
    places = np.argsort(columns)
    seen = [(pairs, *_bounds(pairs, population)) for pairs in _seen(task)]
    cells = np.full(len(population), len(columns))
    if isinstance(recommender, ByItem):
        cells[:] = k
        for _, starts, ends in seen:
            cells += ends - starts
    for low, high in _groups(cells):
        user = population[low:high]
        masked = [_mask(pairs, starts[low:high], ends[low:high], places) for pairs, starts, ends in seen]
        if isinstance(recommender, ByItem):
            lists = first(len(user), len(columns), masked, k)
            score = recommender.by_item[columns[lists.item]]
        else:
            scores = recommender.score(user[:, None], columns[None, :])
            for each in masked:
                scores[each.user, each.item] = -np.inf
            lists = best(scores, k)
            score = scores[lists.user, lists.item]
        yield Block(user[lists.user], columns[lists.item], score)


def _seen(task: Task) -> list[Pairs]:
    """Return the (user, item) rows that are masked, sorted by user, of each part; none where they are kept."""
    from recdata.protocol.task import Pairs

    ((_, arguments),) = task.protocol["candidates"].items()
    if arguments.get("seen", "mask") != "mask":
        return []
    return [Pairs(rows.user, rows.item) for rows in (task.rows("train"), task.rows("valid"))]


def _mask(pairs: Pairs, starts: Places, ends: Places, places: Places) -> Lists:
    """Return the cells of a block that are masked, given where each of its users starts and ends in ``pairs``."""
    return Lists(np.repeat(np.arange(len(starts)), ends - starts), places[pairs.item[_spans(starts, ends)]])


def _bounds(pairs: Pairs, users: Codes) -> tuple[Places, Places]:
    """Return where the pairs of each user start and end in ``pairs``, which is sorted by user."""
    return np.searchsorted(pairs.user, users), np.searchsorted(pairs.user, users, side="right")


def _groups(sizes: Codes) -> Iterator[tuple[int, int]]:
    """Yield (low, high) of runs of users whose ``sizes`` add up to about _CELLS, at least one user each."""
    group = (np.cumsum(sizes) - sizes) // _CELLS
    borders = np.flatnonzero(np.diff(group, prepend=-1, append=group[-1] + 1 if len(group) else 0))
    yield from zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)


def _spans(starts: Places, ends: Places) -> Places:
    """Return all places of the half-open spans [start, end), one span after the other."""
    lengths = ends - starts
    shifts = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    places: Places = np.arange(int(lengths.sum())) + shifts
    return places
