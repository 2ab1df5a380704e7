"""Answers as they are given to Spark: columns of Parquet and tables, and texts, of which a task reads a file as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import LOCAL, told
from recdata.errors import InputError
from recdata.scoring.spark.files import Files
from recdata.scoring.spark.noted import Noted
from recdata.scoring.spark.source import ORDER_BITS, Source, arrow_types, quoted
from recdata.store.arrays import to_numpy
from recdata.submission.answers.examine import check_asked
from recdata.submission.answers.opening import reader_of
from recdata.submission.answers.rows import ANSWER, ID, Batch, find_columns
from recdata.submission.answers.table import text_of_column
from recdata.submission.file import File
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.limits import Limits
from recdata.submission.places import LOCALE

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

SCHEMA = f"{ID} string, {ANSWER} string, row bigint, noted string, unit string"
"""What is read. A row with ``noted`` is no answer, but what was found in some rows; ``unit`` has words to be counted: what
those are numbered as, and "stopped" where reading ended early."""
_LARGEST = 2**31 - 1
"""Bytes of a file of texts that is brought to a worker as one value."""
_PIECE = 1 << 25
"""About how many bytes of answers are handed on at a time."""


class GivenAnswers(Source):
    """Answers to examples. rows: see ``SCHEMA``; a row's number is that of its file above its own, where it has one."""

    hashed = (ID, ANSWER)

    def __init__(
        self, engine: SparkEngine, given: Any, findings: Findings, limits: Limits, asks: Sequence[str]
    ) -> None:
        """Find answers and their columns. asks: the names that the task has at its publisher's.

        Raises MissingError where there are none, StopReadingError with the reason in ``findings``, InputError where
        ``given`` is nothing that Spark reads.
        """
        super().__init__(engine, findings, limits)
        self._asks = tuple(asks)
        frame = self._find(given)
        self.numbered = self._files is not None
        if self._texts:
            self.rows = frame
            return
        types = arrow_types(frame)
        limits.check("columns", len(types), findings)
        columns = find_columns(list(types), findings)
        if columns[0] == LOCALE:
            # Rows that are known by their places have no order here.
            shown = " and ".join(columns)
            findings.add("unknown-format", value=shown, remedy="score it without Spark")
            raise StopReadingError
        for column in columns:
            text_of_column(_nothing(types[column]), column, findings)
        named = (frame[quoted(column)].alias(name) for column, name in zip(columns, self.hashed, strict=True))
        with told():
            ordered = self._ordered(frame.select(*named, *self._metadata(frame)))
            self.rows = engine.mapped(ordered, partial(_as_texts, limit=findings.limit, of=columns), SCHEMA)

    @property
    def _texts(self) -> bool:
        return self._files is not None and self._files.kind != "parquet"

    def _read(self, files: Files) -> DataFrame:
        session = self._engine.session
        if files.kind == "parquet":
            return session.read.parquet(*files.paths)
        reader = _TextFiles(self._findings.limit, self.limits, self._asks)
        numbered = [(file.path, number) for number, file in enumerate(files.parts)]
        listed = session.createDataFrame(numbered, "path string, file int")
        if all(path.startswith("file:") for path, _ in numbered) and LOCAL.match(session.sparkContext.master):
            found = listed.selectExpr("path", "file", "CAST(NULL AS BINARY) AS content")
        else:
            if large := [file.name for file in files.parts if file.size > _LARGEST]:
                raise InputError(
                    f"{large[0]} has more than {_LARGEST:,} bytes, and a file of texts is read as a whole: write them "
                    "as Parquet, or in several files"
                )
            content = session.read.format("binaryFile").load(files.paths).select("path", "content")
            found = content.join(listed, "path").select("path", "file", "content")
        return self._engine.mapped(found.repartition(len(numbered), "file"), reader.read, SCHEMA)

    def place(self, row: int) -> tuple[str | None, int | None]:
        """Return the file (None: that is said already) and the number of the row with a place in the order of all."""
        if not self._texts or self._files is None:
            return super().place(row)
        number, inside = row >> ORDER_BITS, row & ((1 << ORDER_BITS) - 1)
        return (escape(self._files.parts[number].name) if len(self._files.parts) > 1 else None), inside


def _nothing(kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    return pa.array([], kind)


def _as_texts(batches: Iterator[pa.RecordBatch], limit: int, of: tuple[str, str]) -> Iterator[pa.RecordBatch]:
    """Turn columns of ids and answers into texts. of: what the columns are called where they were read."""
    for batch in batches:
        noted = Noted(limit)
        try:
            ids, answer = (text_of_column(batch.column(at), name, noted) for at, name in enumerate(of))
        except StopReadingError:
            yield from _noted(noted, "row stopped")
            continue
        yield from _pieces(Batch(to_numpy(batch.column("row")), ids, answer))


@dataclass(frozen=True)
class _TextFiles:
    """Reads files of texts where a partition has them, by their content, as they are read without Spark."""

    limit: int
    limits: Limits
    asks: tuple[str, ...]

    def read(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of each file, then what was found in it."""
        for batch in batches:
            for number, row in enumerate(batch.select(["path", "file"]).to_pylist()):
                with _on_disk(row["path"], batch.column("content"), number) as path:
                    yield from self._file(path, row["file"] << ORDER_BITS)

    def _file(self, path: Path, first: int) -> Iterator[pa.RecordBatch]:
        noted, unit = Noted(self.limit), "line"
        try:
            reader = reader_of(File(path, self.limits), noted)
            unit = reader.unit
            for batch in reader.batches(noted):
                check_asked(self.asks, reader, noted)
                yield from _pieces(batch._replace(row=batch.row + first))
            check_asked(self.asks, reader, noted)
        except StopReadingError:
            unit += " stopped"
        noted.move(first)
        yield from _noted(noted, unit)


@contextmanager
def _on_disk(path: str, contents: pa.Array, at: int) -> Iterator[Path]:
    """Yield the path of a file that this process sees: its own where it has no content here, else a copy for now."""
    if not contents[at].is_valid:
        yield Path(path.removeprefix("file:"))
        return
    with TemporaryDirectory(prefix="recdata-") as folder:
        copy = Path(folder, "answers")
        copy.write_bytes(contents[at].as_buffer())
        yield copy


def _pieces(batch: Batch) -> Iterator[pa.RecordBatch]:
    """Yield rows of ``SCHEMA``, cut so that no column is too long for an array of texts."""
    import pyarrow as pa

    many = len(batch.row)
    if many > 1 and batch.id.nbytes + batch.answer.nbytes > _PIECE:
        half = many // 2
        for some in (slice(0, half), slice(half, None)):
            yield from _pieces(Batch(*(column[some] for column in batch)))
    elif many:
        nothing = pa.nulls(many, pa.string())
        texts = (column.cast(pa.string()) for column in (batch.id, batch.answer))
        columns = [*texts, pa.array(batch.row, pa.int64()), nothing, nothing]
        yield pa.record_batch(columns, [ID, ANSWER, "row", "noted", "unit"])


def _noted(noted: Noted, unit: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    row = {ID: None, ANSWER: None, "row": -1, "noted": str(noted), "unit": unit}
    names = {
        ID: pa.string(),
        ANSWER: pa.string(),
        "row": pa.int64(),
        "noted": pa.string(),
        "unit": pa.string(),
    }
    yield pa.record_batch({name: pa.array([row[name]], kind) for name, kind in names.items()})
