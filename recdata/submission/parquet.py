"""Parquet files, read in row groups, ids as the dictionaries that the file holds, or plain where users are scattered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from recdata.submission.block import ROWS, USER, Block
from recdata.submission.columns import Layout
from recdata.submission.file import File
from recdata.submission.finding import Findings, StopReadingError, Unit
from recdata.submission.wanted import Wanted

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_DISTINCT = 4
"""A column in which every fourth value is another one, or more, is read without a dictionary."""


class _Groups(NamedTuple):
    """Row groups that are read together. first: the number of their first row. step: how many rows at a time."""

    first: int
    numbers: list[int]
    rows: int
    step: int


class ParquetReader:
    """A Parquet file on disk. Rows are numbered from 0.

    unread: rows of row groups that were passed over in the last reading. done: how much of the file was read, up to 1.
    """

    unit: Unit = "row"
    format = "parquet"

    def __init__(self, file: File, findings: Findings) -> None:
        """Read the footer of ``file``. Raises StopReadingError, with the reason in ``findings``."""
        self.name = file.name
        self.size, self.digest, self.digest_of = file.size, file.digest, file.digest_of
        self.limits = file.limits
        self.unread = self.unread_groups = 0
        self.done = 0.0
        self._path = file.path
        self._wanted: Wanted | None = None
        findings.unit = self.unit
        with _reported(findings), self._open([]) as parquet:
            self.rows = parquet.metadata.num_rows
            schema = parquet.schema_arrow
            file.limits.check("columns", len(schema.names), findings)
            self._layout = Layout.of(list(schema.names), lambda name: schema.field(name).type, findings)
            self._columns = _leaves(parquet.metadata, self._layout.columns())
            _check_sizes(parquet.metadata, self._columns, file, findings)
        self.value, self.places = self._layout.value, self._layout.places

    def restrict(self, wanted: Wanted) -> None:
        """Pass over row groups that, by the statistics in the file, have none of the users of ``wanted``.

        What begins in the first million rows is read in any case: it is held against other tasks too.
        """
        self._wanted = None if self.places is not None else wanted

    def _open(self, dictionaries: list[str], metadata: Any = None) -> pq.ParquetFile:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self._path, metadata=metadata, read_dictionary=dictionaries, pre_buffer=False)

    def blocks(self, findings: Findings, first: int = 0) -> Iterator[Block]:
        """Yield the row groups, small ones together, large ones in parts. first: the number of the first row."""
        dictionaries = [] if self._layout.lists else [self._layout.user, self._layout.item]
        layout = self._layout.begin()
        self.unread = self.unread_groups = 0
        self.done = 0.0
        with _reported(findings):
            parquet = self._open(dictionaries)
            try:
                for groups in self._plan(parquet.metadata, first):
                    at, wished = groups.first, dictionaries
                    for table in _read(parquet, groups, layout.columns()):
                        yield from layout.blocks(table, first + at, findings)
                        at += table.num_rows
                        self.done = at / max(self.rows, 1)
                        wished = [name for name in dictionaries if not _is_scattered(table.column(name))]
                    if wished != dictionaries:
                        dictionaries, metadata = wished, parquet.metadata
                        parquet.close()
                        parquet = self._open(dictionaries, metadata)
            finally:
                parquet.close()
        self.places = layout.places

    def _plan(self, metadata: pq.FileMetaData, before: int) -> Iterator[_Groups]:
        """Yield the row groups that are read, in order: small ones together where they stand together.

        before: how many rows of other files were passed already.
        """
        together: list[int] = []
        first = rows = step = 0
        at = 0
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            here, most = group.num_rows, self._step(group)
            passed = before + at >= ROWS and self._cannot_matter(group)
            if together and (passed or rows + here > min(step, most)):
                yield _Groups(first, together, rows, step)
                together, rows = [], 0
            if passed:
                self.unread += here
                self.unread_groups += 1
            elif here:
                if not together:
                    first, step = at, most
                together.append(number)
                rows, step = rows + here, min(step, most)
            at += here
        if together:
            yield _Groups(first, together, rows, step)

    def _step(self, group: pq.RowGroupMetaData) -> int:
        """Return how many rows of a group have about ROWS values, however long its lists are."""
        values = max((group.column(column).num_values for column in self._columns), default=0)
        return max(ROWS * group.num_rows // max(values, group.num_rows, 1), 1)

    def _cannot_matter(self, group: pq.RowGroupMetaData) -> bool:
        if self._wanted is None:
            return False
        for column in self._columns:
            chunk = group.column(column)
            if chunk.path_in_schema == self._layout.user:
                found = chunk.statistics if chunk.is_stats_set else None
                if found is None or not found.has_min_max or not found.has_null_count or found.null_count:
                    return False
                try:
                    return not self._wanted.between(found.min, found.max)
                except UnicodeDecodeError:  # a text that was cut inside a letter
                    return False
        return False


def find_unread(findings: Findings, reader: Any) -> int:
    """Say what was passed over in the last reading; return how many rows."""
    rows = int(getattr(reader, "unread", 0))
    if rows:
        groups = reader.unread_groups
        findings.add("unread-rows", column=USER, value=f"{rows:,} rows in {groups:,} row groups")
        findings.count("unread-rows", rows - 1)
    return rows


def _leaves(metadata: pq.FileMetaData, names: list[str]) -> list[int]:
    """Return the numbers of the columns in the file that ``names`` are made of; those in lists have longer paths."""
    paths = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    return [
        number
        for number, path in enumerate(paths)
        if any(path == name or path.startswith(f"{name}.") for name in names)
    ]


def _check_sizes(metadata: pq.FileMetaData, columns: list[int], file: File, findings: Findings) -> None:
    """Check what the footer promises of rows and bytes before anything is unpacked."""
    unpacked = values = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = [group.column(column) for column in columns]
        unpacked += sum(chunk.total_uncompressed_size for chunk in chunks)
        values += max((chunk.num_values for chunk in chunks), default=0)
        file.limits.check("rows", max(values, metadata.num_rows), findings)
        file.limits.check_unpacked(unpacked, file.size(), findings)


def _read(parquet: pq.ParquetFile, groups: _Groups, columns: list[str]) -> Iterator[pa.Table]:
    """Yield the rows of ``groups``, together or in parts."""
    import pyarrow as pa

    if groups.rows <= 2 * groups.step:
        yield parquet.read_row_groups(groups.numbers, columns=columns)
        return
    for batch in parquet.iter_batches(groups.step, row_groups=groups.numbers, columns=columns):
        yield pa.Table.from_batches([batch])


def _is_scattered(column: pa.ChunkedArray) -> bool:
    """Say whether a dictionary is hardly shorter than the column: making it takes longer than it saves."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return False
    return _DISTINCT * sum(len(chunk.dictionary) for chunk in column.chunks) > len(column) > _DISTINCT**6


@contextmanager
def _reported(findings: Findings) -> Iterator[None]:
    """Turn what pyarrow raises for damaged files into a finding, and StopReadingError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        findings.add("unreadable", value=error)
        raise StopReadingError from None
