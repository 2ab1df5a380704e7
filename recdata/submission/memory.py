"""Predictions that a program holds become an Arrow table: data frames, datasets, runs of ranx, dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.submission.block import ITEM, USER
from recdata.submission.columns import plain_names
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.listform import ITEMS, SCORES
from recdata.submission.places import LOCALE, PREDICTED

if TYPE_CHECKING:
    import pyarrow as pa

USED = {USER, ITEM, "score", "rank", *ITEMS, *SCORES, LOCALE, PREDICTED}


def as_table(predictions: Any, findings: Findings) -> pa.Table:
    """Return ``predictions`` as a table: columns, or the list form where it is a dictionary of users.

    pandas and polars frames, pyarrow tables, batches and readers, ``datasets.Dataset``, ``ranx.Run``, and dictionaries:
    of columns, of {user: {item: score}} or of {user: [items, best first]}. Raises StopReadingError, the column in
    ``findings``, where a column cannot be converted, InputError where ``predictions`` is none of these.
    """
    import pyarrow as pa

    if isinstance(predictions, pa.RecordBatchReader):
        return predictions.read_all()
    if isinstance(predictions, pa.RecordBatch):
        return pa.Table.from_batches([predictions])
    if isinstance(predictions, pa.Table):
        return predictions
    package = type(predictions).__module__.partition(".")[0]
    if package == "pandas" and hasattr(predictions, "columns"):
        names = [str(name) for name in predictions.columns]
        return _table(names, [predictions.iloc[:, place] for place in range(len(names))], findings)
    if package == "datasets" and hasattr(predictions, "with_format"):
        return predictions.with_format("arrow")[:]
    if package == "ranx" and hasattr(predictions, "to_dict"):
        return _of_users(predictions.to_dict(), findings)
    if isinstance(predictions, Mapping):
        if USER in predictions:
            return _table([str(name) for name in predictions], list(predictions.values()), findings)
        return _of_users(predictions, findings)
    if hasattr(predictions, "__arrow_c_stream__"):
        return pa.table(predictions)
    raise InputError(
        "predictions are a path or a table (pandas, pyarrow, polars, datasets, ranx, dict), not "
        f"{escape(type(predictions).__name__)}"
    )


def _table(names: list[str], columns: list[Any], findings: Findings) -> pa.Table:
    """Convert the columns that are used; the others keep their names and lose what they hold."""
    import pyarrow as pa

    used = [name in USED for name in plain_names(names)]
    arrays = [
        _array(name, column, findings)
        for name, column, is_used in zip(names, columns, used, strict=True)
        if is_used
    ]
    if len({len(array) for array in arrays}) > 1:
        findings.add("column-type", value="columns of different lengths")
        raise StopReadingError
    rows = len(arrays[0]) if arrays else 0
    made = iter(arrays)
    return pa.Table.from_arrays([next(made) if is_used else pa.nulls(rows) for is_used in used], names=names)


def _array(name: str, column: Any, findings: Findings) -> Any:
    import pyarrow as pa

    try:
        array = pa.array(column)
        return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        findings.add("column-type", column=name, value=error)
        raise StopReadingError from None


def _of_users(lists: Mapping[Any, Any], findings: Findings) -> pa.Table:
    """Return {user: {item: score}} or {user: [items]} in the list form."""
    wrong = next(
        (user for user, items in lists.items() if isinstance(items, str) or not hasattr(items, "__iter__")),
        None,
    )
    if wrong is not None:
        findings.add(
            "unknown-format",
            value=f"{wrong}: {type(lists[wrong]).__name__}",
            expected="{user: {item: score}}, {user: [items]} or {column: values}",
        )
        raise StopReadingError
    columns = {USER: list(lists), "items": [list(items) for items in lists.values()]}
    if any(isinstance(items, Mapping) for items in lists.values()):
        columns["scores"] = [
            list(items.values()) if isinstance(items, Mapping) else [] for items in lists.values()
        ]
    return _table(list(columns), list(columns.values()), findings)
