"""Parquet as everybody reads it: no foreign schema metadata, zstd, row groups fit for streaming, cut into shards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recdata.store.files import sha256_of

SHARD_BYTES = 300 * 2**20
"""A shard is closed at the first row group that takes it beyond this: small enough to send again, to stream in parallel."""
ROW_GROUP = 1 << 17
WIDE_GROUP = 1 << 14
"""Rows in a group where columns hold texts or lists, so that a reader of one group holds megabytes, not gigabytes."""


def write_shards(
    folder: Path,
    place: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    shard_bytes: int = SHARD_BYTES,
    group_rows: int = ROW_GROUP,
) -> dict[str, Any]:
    """Write rows to ``folder/place-00000-of-0000N.parquet`` and return ``{"rows", "bytes", "files"}``.

    place: ``config/split``. bytes: those of the rows in Arrow's memory. files: name in the repository, rows, bytes and
    SHA-256 of each shard. The same rows give the same files with the same pyarrow, however the batches are cut.
    """
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[Path, int]] = []
    writer: pq.ParquetWriter | None = None
    size = 0
    for group in _groups(schema, batches, group_rows):
        if writer is None:
            parts.append((folder / f"{place}-{len(parts):05d}.part", 0))
            sink = parts[-1][0].open("wb")
            writer = pq.ParquetWriter(
                sink, schema, compression="zstd", store_schema=False, write_page_index=True
            )
        writer.write_table(group, row_group_size=max(len(group), 1))
        size += sum(column.nbytes for column in group.columns)
        parts[-1] = parts[-1][0], parts[-1][1] + len(group)
        if sink.tell() >= shard_bytes:
            writer.close()
            sink.close()
            writer = None
    if writer is not None:
        writer.close()
        sink.close()
    files = []
    for number, (path, rows) in enumerate(parts):
        name = f"{place}-{number:05d}-of-{len(parts):05d}.parquet"
        path.rename(folder / name)
        whole = folder / name
        files.append({"file": name, "rows": rows, "bytes": whole.stat().st_size, "sha256": sha256_of(whole)})
    return {"rows": sum(rows for _, rows in parts), "bytes": size, "files": files}


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch], rows: int) -> Iterable[pa.Table]:
    """Cut batches into tables of exactly ``rows`` rows, the last one shorter."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        waiting.append(batch.cast(schema) if batch.schema != schema else batch)
        held += len(batch)
        while held >= rows:
            table = pa.Table.from_batches(waiting, schema)
            yield table.slice(0, rows).combine_chunks()
            waiting, held = table.slice(rows).to_batches(), held - rows
    if held:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()
