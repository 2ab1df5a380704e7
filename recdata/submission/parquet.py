"""Parquet files, read in row groups, ids as the dictionaries that the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from recdata.submission.block import ROWS, Block
from recdata.submission.columns import Layout
from recdata.submission.file import File
from recdata.submission.finding import Findings, StopReadingError, Unit

if TYPE_CHECKING:
    import pyarrow.parquet as pq


class ParquetReader:
    """A Parquet file on disk. Rows are numbered from 0."""

    unit: Unit = "row"
    format = "parquet"

    def __init__(self, file: File, findings: Findings) -> None:
        """Read the footer of ``file``. Raises StopReadingError, with the reason in ``findings``."""
        self.name = file.name
        self.size, self.digest, self.digest_of = file.size, file.digest, file.digest_of
        self.limits = file.limits
        self._path = file.path
        findings.unit = self.unit
        with _reported(findings), self._open([]) as parquet:
            self.rows = parquet.metadata.num_rows
            schema = parquet.schema_arrow
            file.limits.check("columns", len(schema.names), findings)
            self._layout = Layout.of(list(schema.names), lambda name: schema.field(name).type, findings)
        self.value = self._layout.value

    def _open(self, dictionaries: list[str]) -> pq.ParquetFile:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self._path, read_dictionary=dictionaries, pre_buffer=False)

    def blocks(self, findings: Findings, first: int = 0) -> Iterator[Block]:
        """Yield the row groups, small ones together, large ones in parts. first: the number of the first row."""
        dictionaries = [] if self._layout.lists else [self._layout.user, self._layout.item]
        with _reported(findings), self._open(dictionaries) as parquet:
            for table in self._tables(parquet):
                yield from self._layout.blocks(table, first, findings)
                first += table.num_rows

    def _tables(self, parquet: pq.ParquetFile) -> Iterator[Any]:
        import pyarrow as pa

        columns = self._layout.columns()
        most = ROWS // 100 if self._layout.lists else ROWS
        together: list[int] = []
        rows = 0
        for group in range(parquet.num_row_groups):
            here = parquet.metadata.row_group(group).num_rows
            if together and rows + here > most:
                yield parquet.read_row_groups(together, columns=columns)
                together, rows = [], 0
            if here > 2 * most:
                for batch in parquet.iter_batches(most, row_groups=[group], columns=columns):
                    yield pa.Table.from_batches([batch])
            else:
                together.append(group)
                rows += here
        if together:
            yield parquet.read_row_groups(together, columns=columns)


@contextmanager
def _reported(findings: Findings) -> Iterator[None]:
    """Turn what pyarrow raises for damaged files into a finding, and StopReadingError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        findings.add("unreadable", value=error)
        raise StopReadingError from None
