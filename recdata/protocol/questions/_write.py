"""Writing the parts that questions are asked in: validation, test and the context, rows by question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from recdata.protocol.assign import Assigned, Codes
from recdata.protocol.origin import Groups, Origin
from recdata.protocol.parts import SCHEMA, WEIGHT, PartFile
from recdata.protocol.questions._held import Places, Questions
from recdata.protocol.task import Pairs
from recdata.store.fingerprint import TableHasher

_ROWS = 1 << 20


def write_questions(
    origin: Origin,
    work: Path,
    questions: Questions,
    assigned: Assigned,
    code: Codes,
    item_map: Codes,
    users: int,
) -> dict[str, TableHasher]:
    """Write the parts of ``questions`` to ``work``, sorted by question and row; return their hashes.

    code: the task's code of each question, int32. item_map: of each of the corpus's items. users: how many the task has.
    """
    schema = SCHEMA.insert(len(SCHEMA) - 1, WEIGHT) if "weight" in assigned.changed else SCHEMA
    hashers = {}
    for name, (question, row) in questions.rows.items():
        with PartFile(work / f"{name}.parquet", schema, users) as output:
            for start in range(0, len(row), _ROWS):
                here = slice(start, start + _ROWS)
                batch = _batch(origin, code[question[here]], row[here], assigned, item_map, schema)
                output.write(batch)
                output.hash(batch)
        hashers[name] = output.hasher
    return hashers


def _batch(
    origin: Origin, user: Codes, row: Places, assigned: Assigned, item_map: Codes, schema: pa.Schema
) -> pa.RecordBatch:
    distinct, place = np.unique(row, return_inverse=True)
    taken = origin.take(["item", "timestamp", "rating"], distinct).combine_chunks().take(pa.array(place))
    item = taken.column("item").combine_chunks().to_numpy(zero_copy_only=False)
    arrays: dict[str, pa.Array] = {
        "user": pa.array(user),
        "item": pa.array(item_map[item]),
        "timestamp": taken.column("timestamp").combine_chunks(),
        "rating": taken.column("rating").combine_chunks(),
        "row": pa.array(row),
    }
    for column, values in assigned.changed.items():
        arrays[column] = pa.array(values[row], from_pandas=True)
    return pa.record_batch([arrays[name] for name in schema.names], schema=schema)


def met_by(questions: Questions, code: Codes, user: Codes, item: Codes) -> Pairs:
    """Return the pairs of questions with what their users ever met: ``user`` are the corpus's codes, ``item`` the task's."""
    last = int(max(user.max(initial=0), questions.user.max(initial=0)))
    groups = Groups.make(user, item, last + 1)
    whose, met = groups.spread(questions.user)
    return Pairs(code[whose].astype(np.int32), met.astype(np.int32))
