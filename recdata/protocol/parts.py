"""Writing the parts of a task: rows of the corpus in the task's codes, to Parquet and to hashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.protocol.assign import NUMBERED, Assigned, Codes
from recdata.protocol.task import PARTS
from recdata.store.arrays import parquet_files
from recdata.store.fingerprint import TableHasher, bucket_of, hashed_columns

SCHEMA = pa.schema(
    [
        pa.field("user", pa.int32(), nullable=False),
        pa.field("item", pa.int32(), nullable=False),
        pa.field("timestamp", pa.timestamp("us", tz="UTC")),
        pa.field("rating", pa.float64()),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
"""The columns of a part; ``weight`` is added before ``row`` where the protocol sums weights."""

WEIGHT = pa.field("weight", pa.float64(), nullable=False)
_ROW_GROUP = 1 << 17


def corpus_batches(path: Path, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield (first row, rows) over a corpus's interactions: its row groups, small enough for a processor's cache."""
    start = 0
    for place in parquet_files(path):
        with pq.ParquetFile(place) as file:
            for group in range(file.num_row_groups):
                for batch in file.read_row_group(group, columns=columns).select(columns).to_batches():
                    yield start, batch
                    start += len(batch)


def write_parts(
    path: Path, work: Path, assigned: Assigned, user_map: Codes, item_map: Codes, users: int
) -> dict[str, TableHasher]:
    """Write each part to ``work`` in the order of the corpus's interactions at ``path``; return their hashes.

    user_map, item_map: the task's code of each of the corpus's codes. users: how many the task has. The context part is
    written only where it has rows. Parquet and hashes are made in threads while the next rows are read.
    """
    schema = SCHEMA
    if "weight" in assigned.changed:
        schema = schema.insert(len(SCHEMA) - 1, WEIGHT)
    names = NUMBERED if (assigned.part == len(NUMBERED)).any() else PARTS
    with ExitStack() as files, ThreadPoolExecutor(2) as pool:
        outputs = [files.enter_context(PartFile(work / f"{name}.parquet", schema, users)) for name in names]
        pending: list[Future[None]] = []
        for start, batch in corpus_batches(path, ["user", "item", "timestamp", "rating"]):
            here = assigned.part[start : start + len(batch)]
            ready = []
            for number, output in enumerate(outputs, start=1):
                keep = np.flatnonzero(here == number)
                if len(keep):
                    rows = _part_batch(batch, keep, start, user_map, item_map, assigned.changed, schema)
                    ready.append((output, rows))
            for job in pending:
                job.result()
            pending = [
                pool.submit(use, rows) for output, rows in ready for use in (output.write, output.hash)
            ]
        for job in pending:
            job.result()
    return {name: output.hasher for name, output in zip(names, outputs, strict=True)}


def _part_batch(
    batch: pa.RecordBatch,
    keep: npt.NDArray[np.int64],
    start: int,
    user_map: Codes,
    item_map: Codes,
    changed: Mapping[str, npt.NDArray[np.float64]],
    schema: pa.Schema,
) -> pa.RecordBatch:
    """Return the kept rows of a batch of the corpus in the task's codes, with changed values and row numbers."""
    chosen = batch if len(keep) == len(batch) else batch.take(pa.array(keep))
    arrays: dict[str, pa.Array] = {
        "user": pa.array(user_map[chosen.column("user").to_numpy()]),
        "item": pa.array(item_map[chosen.column("item").to_numpy()]),
        "timestamp": chosen.column("timestamp"),
        "rating": chosen.column("rating"),
        "row": pa.array(start + keep),
    }
    for column, values in changed.items():
        arrays[column] = pa.array(values[start + keep], from_pandas=True)
    return pa.record_batch([arrays[name] for name in schema.names], schema=schema)


class PartFile:
    """A part's Parquet file as it is written, and the hash of its content; the two may run in two threads."""

    def __init__(self, path: Path, schema: pa.Schema, users: int) -> None:
        # Where a row came from is not part of what the task is.
        self._content = pa.schema([field for field in schema if field.name != "row"])
        self.hasher = TableHasher(hashed_columns(self._content))
        self._schema, self._users = schema, users
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="lz4",
            use_dictionary=["user", "rating"],
            column_encoding={"row": "DELTA_BINARY_PACKED"},
            store_schema=False,
        )

    def hash(self, batch: pa.RecordBatch) -> None:
        """Hash the next rows."""
        bucket = bucket_of(batch.column("user").to_numpy(), self._users)
        self.hasher.update(bucket, [batch.column(name) for name in self._content.names])

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the next rows, in row groups of some size even where few come at a time."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema).combine_chunks())
        self._waiting.clear()

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._waiting and failure[0] is None:
            self._flush()
        self._writer.close()
