"""What Spark's workers do to the Arrow batches of a partition, for the engine's own primitives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from recdata.store.arrays import to_numpy


def send(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Write each batch as an Arrow stream of its own."""
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield pa.record_batch({"batch": pa.array([sink.getvalue().to_pybytes()], pa.binary())})


def add_up(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Add the weights of each pair, whose rows follow each other; a pair may go on in the next batch."""
    waiting: tuple[int, int, int, float] | None = (
        None  # the first row of the last pair, the pair, its sum so far
    )

    def rows(row: Any, summed: Any) -> pa.RecordBatch:
        return pa.record_batch({"row": pa.array(row, pa.int64()), "summed": pa.array(summed, pa.float64())})

    for batch in batches:
        if not len(batch):
            continue
        row, user, item, weight = (to_numpy(batch.column(c)) for c in ("row", "user", "item", "weight"))
        if waiting is not None:
            row, user, item, weight = (
                np.concatenate([[first], rest])
                for first, rest in zip(waiting, (row, user, item, weight), strict=True)
            )
        first = np.ones(len(row), dtype=bool)
        first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
        # Adds one after the other, in order.
        sums = np.bincount(np.cumsum(first) - 1, weights=weight)
        start = np.flatnonzero(first)
        waiting = (int(row[start[-1]]), int(user[-1]), int(item[-1]), float(sums[-1]))
        yield rows(row[start[:-1]], sums[:-1])
    if waiting is not None:
        yield rows([waiting[0]], [waiting[3]])


def whole(
    batches: Iterable[pa.RecordBatch], group: str, rows: int, size: int | None = None
) -> Iterator[pa.Table]:
    """Yield a partition's rows, sorted by the column ``group``, in tables of whole groups.

    A table ends with the group in whose rows it gets ``rows`` rows, or ``size`` bytes. group: of whole numbers.
    """
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        if not len(batch):
            continue
        many = sum(map(len, waiting)) + len(batch)
        if many >= rows or (size is not None and sum(each.nbytes for each in (*waiting, batch)) >= size):
            groups = to_numpy(batch.column(group))
            # The group before goes on where the batch does not begin with another one.
            border = int(np.searchsorted(groups, groups[-1]))
            ended = border or not waiting or waiting[-1].column(group)[-1].as_py() != groups[0]
            if ended and (border or waiting):
                yield pa.Table.from_batches([*waiting, batch.slice(0, border)]).combine_chunks()
                waiting, batch = [], batch.slice(border)
        waiting.append(batch)
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()
