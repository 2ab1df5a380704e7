"""The columns that a prediction file must have: found by name, their types made one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recdata.errors import InputError
from recdata.submission.block import ITEM, USER, Block, Value, id_column, value_column
from recdata.submission.finding import Findings, StopReadingError, escape

if TYPE_CHECKING:
    import pyarrow as pa

_USUAL = {
    USER: ("userid", "user", "uid", "users", "customerid", "sessionid", "queryid", "qid"),
    ITEM: ("itemid", "item", "iid", "items", "productid", "movieid", "docid", "docno", "asin"),
    "score": ("score", "scores", "prediction", "predictions", "pred", "rating", "relevance", "weight"),
    "rank": ("rank", "ranks", "position", "place"),
}
"""Other names of the columns, in small letters without underscores, that are recognised in messages."""


def choose_value(names: Sequence[str], findings: Findings) -> Value:
    """Return which column orders the lists: score, or rank where there is no score.

    Raises StopReadingError, with what is missing or there twice in ``findings``.
    """
    value: Value = "rank" if "rank" in names and "score" not in names else "score"
    there = ", ".join(escape(name, 30) for name in names[:20]) or "none"
    wrong = False
    for name in (USER, ITEM, value):
        if name not in names:
            wanted = "score or rank" if name == "score" else name
            findings.add(
                "missing-column", column=wanted, value=f"the columns are {there}", remedy=_rename(name, names)
            )
            wrong = True
        elif names.count(name) > 1:
            findings.add("repeated-column", column=name, value=f"{names.count(name)} columns")
            wrong = True
    if wrong:
        raise StopReadingError
    return value


def _rename(wanted: str, names: Sequence[str]) -> str | None:
    """Say which column to rename, where one of ``names`` is a usual name of what is wanted."""
    for name in names:
        plain = name.strip("\ufeff \t\"'").partition(":")[0].lower().replace("_", "").replace("-", "")
        if plain in _USUAL[wanted] and name not in _USUAL:
            return f"rename the column {escape(name, 30)} to {wanted}"
    return None


def block_of(table: pa.Table, value: Value, first: int, findings: Findings) -> Block:
    """Return rows of a table as a block; ``first`` is the number of its first row.

    Raises StopReadingError, with the column in ``findings``, where a type cannot be what the column is for.
    """
    import pyarrow as pa

    columns = []
    for name in (USER, ITEM, value):
        convert = value_column if name == value else id_column
        try:
            columns.append(convert(table.column(name)))
        except InputError as error:
            findings.add("column-type", column=name, value=str(error))
            raise StopReadingError from None
        except pa.ArrowInvalid as error:
            findings.add(
                "bad-encoding" if "UTF8" in str(error) else "unreadable", column=name, value=str(error)
            )
            raise StopReadingError from None
    return Block(columns[0], columns[1], columns[2], first)
