"""Answers in Parquet files and in tables that a program holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.store.arrays import validity
from recdata.submission.answers.rows import ANSWER, ID, ROWS, Batch, find_columns
from recdata.submission.block import is_text
from recdata.submission.file import OfFile
from recdata.submission.finding import Findings, StopReadingError, Unit
from recdata.submission.limits import Limits
from recdata.submission.parquet import check_sizes, reported
from recdata.submission.places import LOCALE, Places

if TYPE_CHECKING:
    import pyarrow as pa


class ParquetAnswers(OfFile):
    """A Parquet file. Rows are numbered from 0."""

    unit: Unit = "row"
    format = "parquet"
    task: str | None = None
    places: Places | None = None

    def batches(self, findings: Findings) -> Iterator[Batch]:
        """Yield the rows. Raises StopReadingError where the file is damaged or columns are not what they must be."""
        import pyarrow.parquet as pq

        first = 0
        with reported(findings), pq.ParquetFile(self._file.path) as file:
            self.limits.check("columns", len(file.schema_arrow.names), findings)
            check_sizes(file.metadata, self._file, findings)
            columns = find_columns(file.schema_arrow.names, findings)
            self.places = Places() if columns[0] == LOCALE else None
            for batch in file.iter_batches(ROWS, columns=list(columns)):
                yield _batch(batch, columns, first, findings, self.places)
                first += len(batch)


class TableAnswers:
    """A table in memory: pandas, polars, pyarrow, datasets, a dictionary of columns or of ids. Rows are numbered from 0."""

    unit: Unit = "row"
    format = "table"
    task: str | None = None
    places: Places | None = None

    def __init__(self, name: str, table: pa.Table, limits: Limits, findings: Findings) -> None:
        self.name, self.limits = name, limits
        self._columns = find_columns(table.column_names, findings)
        self._table = table.select(list(self._columns))

    @classmethod
    def of(cls, predictions: Any, limit: int) -> tuple[TableAnswers | None, Findings]:
        """Return the reader of a table, or None where the findings say why not. Raises InputError for no table."""
        import pyarrow as pa

        from recdata.submission.memory import as_table

        name = f"<{type(predictions).__name__}>"
        findings = Findings(name, "row", limit)
        try:
            if isinstance(predictions, Mapping) and not isinstance(
                next(iter(predictions.values()), ""), list
            ):
                predictions = {ID: list(predictions), ANSWER: list(predictions.values())}
            if isinstance(predictions, Mapping):
                try:
                    predictions = pa.table({str(key): pa.array(each) for key, each in predictions.items()})
                except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
                    findings.add("column-type", value=error)
                    raise StopReadingError from None
            elif hasattr(predictions, "to_dict") and hasattr(predictions, "columns"):
                predictions = _pandas(predictions, findings)
            return cls(name, as_table(predictions, findings), Limits(), findings), findings
        except StopReadingError:
            return None, findings

    def batches(self, findings: Findings) -> Iterator[Batch]:
        """Yield the rows. Raises StopReadingError where columns are not what they must be."""
        first, places = 0, Places() if self._columns[0] == LOCALE else None
        self.places = places
        for batch in self._table.to_batches(ROWS):
            yield _batch(batch, self._columns, first, findings, places)
            first += len(batch)

    def size(self) -> int:
        """Return the size of the columns in memory, in bytes."""
        return int(self._table.nbytes)

    def digest(self) -> str:
        """Return the SHA-256 of the rows in their order, in one way of writing that does not depend on types.

        Hashed are the line "recdata answers 1", then for each row the id and the answer, each as its length in bytes
        (int64, little-endian; -1 for null) and its UTF-8 bytes.
        """
        whole = hashlib.sha256(b"recdata answers 1\n")
        for batch in self.batches(Findings(self.name, "row", 0)):
            for pair in zip(batch.id.to_pylist(), batch.answer.to_pylist(), strict=True):
                for text in pair:
                    data = b"" if text is None else text.encode("utf-8")
                    whole.update(
                        (-1 if text is None else len(data)).to_bytes(8, "little", signed=True) + data
                    )
        return whole.hexdigest()

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        return "the rows in their order, serialised as 'recdata answers 1'"


def _pandas(frame: Any, findings: Findings) -> pa.Table:
    """Return the two columns of a data frame."""
    import pyarrow as pa

    names = [str(name) for name in frame.columns]
    columns = find_columns(names, findings)
    made = {}
    for name in columns:
        try:
            made[name] = pa.array(frame.iloc[:, names.index(name)], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            findings.add("column-type", column=name, value=error)
            raise StopReadingError from None
    return pa.table(made)


def _batch(
    batch: pa.RecordBatch, columns: tuple[str, str], first: int, findings: Findings, places: Places | None
) -> Batch:
    import pyarrow as pa

    row = np.arange(first, first + len(batch))
    id_column, answer = (text_of_column(batch.column(name), name, findings) for name in columns)
    if places is not None:
        id_column = places.keys(pa.chunked_array([id_column]), first, findings).cast(pa.large_string())
        # Rows of nobody are found there.
        there = id_column.is_valid()
        row, id_column, answer = row[validity(id_column)], id_column.filter(there), answer.filter(there)
    return Batch(row, id_column, answer)


def text_of_column(column: pa.Array, name: str, findings: Findings) -> pa.Array:
    """Return a column as large strings; numbers as Arrow writes them.

    Raises StopReadingError, with the column in ``findings``, where its type cannot be what it is for.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    whole = pa.types.is_integer(kind) or pa.types.is_null(kind)
    if not (is_text(kind) or whole or (pa.types.is_floating(kind) and name not in (ID, "id"))):
        findings.add(
            "column-type", column=name, value=kind, expected="texts", remedy="write the column as text"
        )
        raise StopReadingError
    try:
        made = column.cast(pa.large_string())
        made.validate(full=True)
    except pa.ArrowInvalid as error:
        findings.add("bad-encoding", column=name, value=error)
        raise StopReadingError from None
    return made
