"""Values of each user, or example, as the ledger keeps them: metrics alone, in the order of the population's sorted ids.

The ids themselves are not there, so that no row of a corpus is passed on; a hash of them says who the rows are.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.store.fingerprint import ids_digest

if TYPE_CHECKING:
    import pyarrow as pa


KEYS = ("user_id", "example_id")
"""The columns that say whose the values of a row are: a user's, or an example's of a task over examples."""


def key_of(table: pa.Table) -> str:
    """Return which of KEYS a table of values has. Raises InputError where it has none."""
    for key in KEYS:
        if key in table.column_names:
            return key
    raise InputError(f"values of single users or examples have a column {' or '.join(KEYS)}")


def write_values(table: pa.Table, path: Path) -> None:
    """Write a result's table of users to ``path`` as Parquet, without the ids."""
    import pyarrow.parquet as pq

    pq.write_table(
        table.drop_columns([key_of(table)]),
        path,
        compression="zstd",
        compression_level=19,
        store_schema=False,
    )


def content(table: pa.Table) -> str:
    """Return the SHA-256 of names and values: for each column its name, a line feed, and float64, little-endian.

    A null, which is a user over whom the metric is not averaged, is the quiet NaN 0x7ff8000000000000.
    """
    import pyarrow.compute as pc

    from recdata.store.arrays import to_numpy

    total = hashlib.sha256()
    for name in table.column_names:
        if name not in KEYS:
            total.update(
                f"{name}\n".encode()
                + to_numpy(pc.fill_null(table.column(name), math.nan)).astype("<f8").tobytes()
            )
    return total.hexdigest()


def about(task: AnyTask, part: str, table: pa.Table, path: Path) -> dict[str, Any]:
    """Return what an entry says of the values in ``path``, which ``write_values`` wrote of ``table``."""
    from recdata.store.files import sha256_of

    ids = table.column(key_of(table)).combine_chunks()
    if isinstance(task, AnswerTask):
        relevant = task.rows(part)
    else:
        relevant = len((task.rows if task.protocol["task"] == "rating" else task.truth)(part).user)
    return {
        "sha256": sha256_of(path),
        "content": content(table),
        "users": ids_digest(ids),
        "rows": table.num_rows,
        "relevant": relevant,
    }
