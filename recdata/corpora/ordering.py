"""Putting the rows of a table into canonical order.

Narrow rows are sorted by the engine. Rows with long texts are dealt to files by where in the order they will stand, each
file small enough to be sorted in memory, so that memory is bounded whatever the texts' size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recdata.corpora.ahead import ahead
from recdata.corpora.progress import bar
from recdata.engines.base import name
from recdata.engines.duck import DuckEngine

_BATCH = 1 << 11  # DuckDB's own vectors: rows may have a few hundred bytes or a megabyte
_DEALT = 8 * 2**20
_FILE = 32 * 2**20
_MOST_FILES = 256
_BUFFER = 1 << 16  # a batch is written in pieces of a few bytes, a batch and file in some sixty of them


class Order(NamedTuple):
    """Canonical order as SQL. first: what orders nearly all rows. rest: what orders those that are equal by it."""

    first: Sequence[str]
    rest: Sequence[str] = ()

    def __str__(self) -> str:
        """Return the whole ORDER BY list."""
        return ", ".join([*self.first, *self.rest])


def in_order(
    engine: DuckEngine, select: str, order: Order, place: str, places: int, rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of ``select`` in ``order``, in batches, holding few of them in memory.

    place: a column of ``select``, an integer in [0, places) that never falls in ``order``; rows: how many there are. Where
    ``select`` joins, its first table is the large one.
    """
    for path in _deal(engine, select, place, max(places, 1), rows):
        table = _read(path)
        path.unlink()
        yield from table.take(_permutation(engine, table, order)).combine_chunks().to_batches()


def _deal(engine: DuckEngine, select: str, place: str, places: int, rows: int) -> list[Path]:
    """Deal rows to files, all rows of one place to the same, and return the files by place."""
    folder = engine.scratch("dealt").parent
    writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
    share = 0
    with ExitStack() as opened, bar("reading texts", rows) as shown:
        for batch in _large(ahead(engine.stream(select, _BATCH))):
            shown.update(len(batch))
            if not share:
                size = batch.nbytes / max(len(batch), 1) * rows
                share = int(min(max(size // _FILE, 1), _MOST_FILES, places))
            file = batch.column(place).to_numpy().astype(np.int64) * share // places
            if share > 1:
                by_file = np.argsort(file, kind="stable")
                batch, file = batch.take(pa.array(by_file)), file[by_file]
            starts = np.flatnonzero(np.diff(file, prepend=-1))
            for start, end in zip(starts, [*starts[1:], len(file)], strict=True):
                number = int(file[start])
                if number not in writers:
                    raw = opened.enter_context(pa.OSFile(str(folder / str(number)), "wb"))
                    sink = opened.enter_context(pa.BufferedOutputStream(raw, _BUFFER))
                    writers[number] = opened.enter_context(pa.ipc.new_stream(sink, batch.schema))
                writers[number].write_batch(batch.slice(int(start), int(end - start)))
    return [folder / str(number) for number in sorted(writers)]


def _large(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Join batches up to a size that is worth dealing."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size >= _DEALT:
            yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()
            waiting, size = [], 0
    if waiting:
        yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()


def _read(path: Path) -> pa.Table:
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as reader:
        return reader.read_all()


def _permutation(engine: DuckEngine, table: pa.Table, order: Order) -> npt.NDArray[np.int64]:
    """Return the places of the rows of ``table`` in ``order``; long texts are only looked at where all else is equal."""
    numbered = table.append_column("nr", pa.array(np.arange(len(table))))
    keys = ", ".join(f"{key.removesuffix(' NULLS FIRST')} AS k{n}" for n, key in enumerate(order.first))
    by = ", ".join(f"k{n} NULLS FIRST" for n in range(len(order.first)))
    engine.add("dealt rows", numbered)
    try:
        found = engine.columns(
            f'SELECT nr, rank() OVER (ORDER BY {by}) AS r FROM (SELECT nr, {keys} FROM "dealt rows") ORDER BY r'
        )
    finally:
        engine.connection.unregister("dealt rows")
    at, equal = found["nr"], np.diff(found["r"]) == 0
    if order.rest and equal.any():
        among = np.append(equal, False) | np.append(False, equal)
        at = at.copy()
        at[among] = _fully_sorted(engine, numbered.take(pa.array(at[among])), order)
    return at


def _fully_sorted(engine: DuckEngine, rows: pa.Table, order: Order) -> npt.NDArray[Any]:
    engine.add("equal rows", rows)
    try:
        return engine.columns(f"SELECT nr FROM {name('equal rows')} ORDER BY {order}")["nr"]
    finally:
        engine.connection.unregister("equal rows")
