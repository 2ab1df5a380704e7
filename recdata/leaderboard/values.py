"""Values of each user as the ledger keeps them: metrics alone, in the order of the population's sorted ids.

The ids themselves are not there, so that no row of a corpus is passed on; a hash of them says who the rows are.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.protocol.task import Task
from recdata.store.fingerprint import ids_digest

if TYPE_CHECKING:
    import pyarrow as pa


def write_values(table: pa.Table, path: Path) -> None:
    """Write a result's table of users to ``path`` as Parquet, without the ids."""
    import pyarrow.parquet as pq

    pq.write_table(
        table.drop_columns(["user_id"]), path, compression="zstd", compression_level=19, store_schema=False
    )


def content(table: pa.Table) -> str:
    """Return the SHA-256 of names and values: for each column its name, a line feed, and float64, little-endian."""
    from recdata.store.arrays import to_numpy

    total = hashlib.sha256()
    for name in table.column_names:
        if name != "user_id":
            total.update(f"{name}\n".encode() + to_numpy(table.column(name)).astype("<f8").tobytes())
    return total.hexdigest()


def about(task: Task, part: str, table: pa.Table, path: Path) -> dict[str, Any]:
    """Return what an entry says of the values in ``path``, which ``write_values`` wrote of ``table``."""
    from recdata.store.files import sha256_of

    rating = task.protocol["task"] == "rating"
    ids = table.column("user_id").combine_chunks()
    relevant = len(task.rows(part).user) if rating else len(task.truth(part).user)
    return {
        "sha256": sha256_of(path),
        "content": content(table),
        "users": ids_digest(ids),
        "rows": table.num_rows,
        "relevant": relevant,
    }
