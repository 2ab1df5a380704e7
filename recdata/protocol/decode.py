"""A task's part in the canonical schema of interactions: codes back to ids, the corpus's own columns beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from recdata.corpora.corpus import CODED
from recdata.schema.kinds import KINDS

if TYPE_CHECKING:
    from recdata.protocol.task import Task


def decode_part(task: Task, part: str) -> pa.Table:
    """Return the rows of ``part`` with ids as strings and every column that the corpus declares.

    The columns that tasks do not copy (event, review texts, ...) are taken from the corpus's built table; weights that the
    protocol summed are the task's own. Raises MissingError where the corpus is not in the store any more, MismatchError
    where another one stands there.
    """
    rows = task.rows(part)
    origin = task.origin
    own = {"timestamp", "rating", "user_id", "item_id", *CODED}
    declared = [column for column in origin.types()["interactions"] if column not in own]
    weight = task.weights(part)
    taken = [column for column in declared if column != "weight" or weight is None]
    others = origin.take(taken, rows.row)
    arrays = {
        "user_id": task.user_ids.take(pa.array(rows.user)),
        "item_id": task.item_ids.take(pa.array(rows.item)),
        "timestamp": pa.array(rows.timestamp, pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC")),
        "rating": pa.array(rows.rating, from_pandas=True),
        **{column: others.column(column) for column in taken},
    }
    if weight is not None:
        arrays["weight"] = pa.array(weight)
    core = [column.name for column in KINDS["interactions"].columns]
    return pa.table({name: arrays[name] for name in dict.fromkeys([*core, *declared, *arrays])})
