"""A task's part in the canonical schema of interactions: codes back to ids, the corpus's own columns beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.errors import MismatchError
from recdata.schema.kinds import KINDS
from recdata.store.manifest import read_manifest
from recdata.store.paths import corpora

if TYPE_CHECKING:
    from recdata.protocol.task import Task

_CODES = ("row", "user", "item")


def decode_part(task: Task, part: str) -> pa.Table:
    """Return the rows of ``part`` with ids as strings and every column that the corpus declares.

    The columns that tasks do not copy (event, review texts, ...) are taken from the corpus's built table. Raises
    MissingError where that is not in the store any more, MismatchError where another one stands there.
    """
    rows = task.rows(part)
    origin = task.manifest["corpus"]
    folder = corpora() / f"{origin['name']}@{origin['version']}"
    manifest = read_manifest(folder)
    if manifest["fingerprint"] != origin["fingerprint"]:
        raise MismatchError(
            f"{task.name} was made from another build of {manifest['name']}; run recdata split again"
        )
    own = {"timestamp", "rating", "user_id", "item_id", *_CODES}
    table = manifest["tables"]["interactions"]
    declared = [column["name"] for column in table["columns"] if column["name"] not in own]
    others = _take(folder / table["file"], declared, rows.row)
    arrays = {
        "user_id": task.user_ids.take(pa.array(rows.user)),
        "item_id": task.item_ids.take(pa.array(rows.item)),
        "timestamp": pa.array(rows.timestamp, pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC")),
        "rating": pa.array(rows.rating, from_pandas=True),
        **others,
    }
    core = [column.name for column in KINDS["interactions"].columns]
    return pa.table({name: arrays[name] for name in [*core, *(n for n in declared if n not in core)]})


def _take(path: object, columns: list[str], row: np.ndarray) -> dict[str, pa.ChunkedArray]:
    """Take rows of a Parquet file by their places (rising), one row group in memory at a time."""
    pieces = []
    with pq.ParquetFile(path) as file:
        first = 0
        for group in range(file.num_row_groups):
            last = first + file.metadata.row_group(group).num_rows
            low, high = np.searchsorted(row, [first, last])
            if high > low:
                pieces.append(
                    file.read_row_group(group, columns=columns).take(pa.array(row[low:high] - first))
                )
            first = last
        schema = file.schema_arrow
    if not pieces:
        empty = pa.schema([schema.field(name) for name in columns]).empty_table()
        return {name: empty.column(name) for name in columns}
    table = pa.concat_tables(pieces)
    return {name: table.column(name) for name in columns}
