"""Parquet files, read in row groups, ids as the dictionaries that the file holds, or plain where users are scattered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from recdata.submission.block import ROWS, USER, Block
from recdata.submission.columns import Layout
from recdata.submission.file import File, OfFile
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


class ParquetReader(OfFile):
    """A Parquet file on disk. Rows are numbered from 0.

    unread: rows of row groups that were passed over in the last reading. done: how much of the file was read, up to 1.
    """

    unit: Unit = "row"
    format = "parquet"

    def __init__(self, file: File, findings: Findings) -> None:
        """Read the footer of ``file``. Raises StopReadingError, with the reason in ``findings``."""
        super().__init__(file)
        self.unread = self.unread_groups = 0
        self.done = 0.0
        self._wanted: Wanted | None = None
        findings.unit = self.unit
        with reported(findings), self._open([]) as parquet:
            self.rows = parquet.metadata.num_rows
            schema = parquet.schema_arrow
            file.limits.check("columns", len(schema.names), findings)
            self._layout = Layout.of(list(schema.names), lambda name: schema.field(name).type, findings)
            check_sizes(parquet.metadata, file, findings)
            self._user = schema.field(self._layout.user).type
        self.value, self.places = self._layout.value, self._layout.places

    def restrict(self, wanted: Wanted) -> None:
        """Pass over row groups that, by the statistics in the file, have none of the users of ``wanted``.

        What begins in the first million rows is read in any case: it is held against other tasks too.
        """
        self._wanted = None if self.places is not None else wanted

    def _open(self, dictionaries: list[str], metadata: Any = None) -> pq.ParquetFile:
        import pyarrow.parquet as pq

        return pq.ParquetFile(
            self._file.path, metadata=metadata, read_dictionary=dictionaries, pre_buffer=False
        )

    def blocks(self, findings: Findings, first: int = 0) -> Iterator[Block]:
        """Yield the row groups, small ones together, large ones in parts. first: the number of the first row."""
        dictionaries = [] if self._layout.lists else [self._layout.user, self._layout.item]
        layout = self._layout.begin()
        self.unread = self.unread_groups = 0
        self.done = 0.0
        with reported(findings):
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
        first = rows = at = 0
        step = max(ROWS // 100, 1) if self._layout.lists else ROWS
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            here = group.num_rows
            passed = before + at >= ROWS and self._cannot_matter(number)
            if together and (passed or rows + here > step):
                yield _Groups(first, together, rows, step)
                together, rows = [], 0
            if passed:
                self.unread += here
                self.unread_groups += 1
            elif here:
                first = first if together else at
                together.append(number)
                rows += here
            at += here
        if together:
            yield _Groups(first, together, rows, step)

    def _cannot_matter(self, number: int) -> bool:
        if self._wanted is None or number not in self._bounds:
            return False
        return not self._wanted.between(*self._bounds[number])

    @cached_property
    def _bounds(self) -> dict[int, tuple[str, str] | tuple[int, int]]:
        """The lowest and highest user of row groups whose statistics say so, and that there is no null."""
        import duckdb
        import pyarrow as pa

        kind = self._user.value_type if pa.types.is_dictionary(self._user) else self._user
        number = pa.types.is_integer(kind)
        if not (number or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return {}
        # pyarrow would end the process where statistics contradict themselves; DuckDB raises.
        try:
            with duckdb.connect() as connection:
                found = connection.execute(
                    "SELECT row_group_id, stats_min_value, stats_max_value FROM parquet_metadata(?) "
                    "WHERE path_in_schema = ? AND stats_null_count = 0 AND file_name = ? "
                    "AND stats_min_value IS NOT NULL AND stats_max_value IS NOT NULL",
                    [str(self._file.path), self._layout.user, str(self._file.path)],
                ).fetchall()
        except (duckdb.Error, ValueError, RuntimeError):
            return {}
        if number:
            return {group: (int(low), int(high)) for group, low, high in found}
        # What is no UTF-8, such as a text that was cut inside a letter, comes in escapes.
        return {group: (low, high) for group, low, high in found if "\\x" not in low + high}


def find_unread(findings: Findings, reader: Any) -> int:
    """Say what was passed over in the last reading; return how many rows."""
    rows = int(getattr(reader, "unread", 0))
    if rows:
        groups = reader.unread_groups
        findings.add("unread-rows", column=USER, value=f"{rows:,} rows in {groups:,} row groups")
        findings.count("unread-rows", rows - 1)
    return rows


def check_sizes(metadata: pq.FileMetaData, file: File, findings: Findings) -> None:
    """Check what the footer promises of rows and bytes before anything is unpacked."""
    unpacked = 0
    file.limits.check("rows", metadata.num_rows, findings)
    for number in range(metadata.num_row_groups):
        unpacked += metadata.row_group(number).total_byte_size
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
def reported(findings: Findings) -> Iterator[None]:
    """Turn what pyarrow raises for damaged files into a finding, and StopReadingError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        findings.add("unreadable", value=error)
        raise StopReadingError from None
