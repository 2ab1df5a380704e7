"""Questions where the users are: operators run over blocks of users, and SQL makes of what they say ids, codes and rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from recdata.engines.base import name
from recdata.engines.spark_workers import whole
from recdata.errors import InputError
from recdata.protocol import questions
from recdata.protocol.operators import call
from recdata.protocol.questions._held import Asked, Held
from recdata.store.arrays import to_numpy

if TYPE_CHECKING:
    import numpy.typing as npt

    from recdata.engines.spark import SparkEngine
    from recdata.protocol.origin import Origin

_BLOCK = 1 << 20
"""Rows of held-out users that are worked on together, about; all rows of a user are."""
_HELD = "part IN (2, 3)"
Spec = Mapping[str, Mapping[str, Any]]


class _Block(Held):
    """The rows of some users of whom something is asked; a stand-in for their corpus too."""

    def __init__(self, table: pa.Table, types: Mapping[str, Mapping[str, str]]) -> None:
        self.user, self.row = to_numpy(table.column("user")), to_numpy(table.column("row"))
        self.part = to_numpy(table.column("part")).astype(np.uint8)
        self._table, self._types = table, types
        self.origin = self  # type: ignore[assignment]

    def types(self) -> Mapping[str, Mapping[str, str]]:
        """Return the types of the corpus's columns."""
        return self._types

    def take(self, columns: Sequence[str], row: npt.NDArray[np.int64]) -> pa.Table:
        """Return columns at rows of the corpus, which are in the block and rise."""
        return self._table.select(list(columns)).take(pa.array(np.searchsorted(self.row, row)))


def code_users(
    engine: SparkEngine, origin: Origin, spec: Spec, where: str, assigned: str
) -> tuple[int, bool]:
    """Name ``user codes`` (code, id, corpus_code: null for questions) and ``questions`` (code, user, label, first).

    user: the corpus's code. label: what the operator calls the question among the user's. first: the question's first row.
    ``asked rows`` are (user, row, label). Returns how many users the task has, and whether questions see those before
    them. Raises InputError where the operator does not fit the corpus, or two of the task's users would have one id.
    """
    ((arguments,),) = (spec.values(),)
    types = {kind: dict(columns) for kind, columns in origin.types().items()}
    column = arguments.get("column")
    nothing: dict[str, pa.Array] = {"user": pa.array([], pa.int32()), "row": pa.array([], pa.int64())}
    nothing["part"] = pa.array([], pa.int32())
    tested = f"SELECT user FROM {name(assigned)} WHERE {_HELD}"
    held = f"SELECT a.user, a.row, a.part FROM {name(assigned)} AS a WHERE user IN ({tested})"
    if isinstance(column, str) and column in types["interactions"]:
        nothing[column] = pa.array([], pa.string())
        value = f"CAST(i.{name(column)} AS STRING) AS {name(column)}"
        held = f"SELECT h.*, {value} FROM ({held}) AS h JOIN interactions AS i ON h.row = i.row"
    trial: Asked = call(questions, spec, where, _Block(pa.table(nothing), types))
    rows = engine.frame(held).repartition("user").sortWithinPartitions("user", "row")
    ask = partial(_ask, spec=spec, where=where, types=types)
    engine.call(
        "asked rows", engine.checkpoint(engine.mapped(rows, ask, "user int, row bigint, label string"))
    )
    first = 'SELECT user, label, min(row) AS first FROM "asked rows" GROUP BY user, label'
    engine.keep(
        "unnumbered questions",
        f"SELECT q.*, u.user_id || ':' || q.label AS id FROM ({first}) AS q JOIN user_ids AS u ON q.user = u.user",
    )
    trained = f"SELECT u.user, u.user_id FROM user_ids AS u WHERE user IN (SELECT user FROM {name(assigned)} WHERE part = 1)"
    if twice := engine.fetch(
        'SELECT id FROM "unnumbered questions" GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1'
    ):
        raise InputError(f"questions: two have the id {twice[0][0]!r}")
    if engine.fetch(
        f'SELECT t.user FROM ({trained}) AS t JOIN "unnumbered questions" AS q ON t.user_id = q.id LIMIT 1'
    ):
        raise InputError(f"protocol {where}: a question's id is that of a user who is trained on")
    engine.keep(
        "users and questions",
        f"SELECT user_id AS id, user AS corpus_code FROM ({trained}) AS t "
        'UNION ALL SELECT id, CAST(NULL AS INT) AS corpus_code FROM "unnumbered questions"',
    )
    placed = engine.running('SELECT * FROM "users and questions"', ["id"])
    engine.keep(
        "user codes", f"SELECT CAST(until - 1 AS INT) AS code, id, corpus_code FROM ({placed}) AS placed"
    )
    engine.keep(
        "questions",
        'SELECT c.code, q.user, q.label, q.first FROM "unnumbered questions" AS q JOIN "user codes" AS c ON q.id = c.id '
        "WHERE c.corpus_code IS NULL",
    )
    ((count,),) = engine.fetch('SELECT count(*) FROM "user codes"')
    return count, trial.earlier


def asked_rows(assigned: str, columns: Sequence[str], earlier: bool) -> str:
    """Return a SELECT of (code, item, columns, part): the training rows of users, and the rows of questions."""
    chosen = ", ".join(f"a.{name(column)}" for column in ("item", *columns))
    rest = ", ".join(f"a.{name(column)}" for column in ("item", *columns) if column != "part")
    before = "" if earlier else f" AND NOT (a.{_HELD})"
    return (
        f'SELECT u.code, {chosen} FROM {name(assigned)} AS a JOIN "user codes" AS u ON a.user = u.corpus_code '
        f"WHERE part = 1 UNION ALL SELECT q.code, {chosen} FROM {name(assigned)} AS a "
        'JOIN "asked rows" AS k ON a.row = k.row '
        "JOIN questions AS q ON k.user = q.user AND k.label = q.label "
        f"UNION ALL SELECT q.code, {rest}, 4 AS part FROM {name(assigned)} AS a JOIN questions AS q ON a.user = q.user "
        f"AND a.row < q.first{before}"
    )


def _ask(
    batches: Iterator[pa.RecordBatch], spec: Spec, where: str, types: Mapping[str, Mapping[str, str]]
) -> Iterator[pa.RecordBatch]:
    """Run the operator over blocks of whole users."""
    for table in whole(batches, "user", _BLOCK):
        block = _Block(table, types)
        found: Asked = call(questions, spec, where, block)
        yield pa.record_batch(
            {
                "user": pa.array(block.user[block.asked]),
                "row": pa.array(block.row[block.asked]),
                "label": found.label.cast(pa.string()),
            }
        )
