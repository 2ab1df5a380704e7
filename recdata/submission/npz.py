"""NumPy archives (.npz): arrays by the names of the columns, lists as arrays of two dimensions; never a pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.submission.block import ROWS, Block, Value
from recdata.submission.columns import Layout
from recdata.submission.file import DAMAGED, File
from recdata.submission.finding import Findings, StopReadingError, Unit
from recdata.submission.memory import USED

if TYPE_CHECKING:
    import pyarrow as pa


def is_npz(file: File) -> bool:
    """Say whether a zip file has arrays in it."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


class NpzReader:
    """The arrays of an archive, all in memory. Rows are numbered from 0."""

    unit: Unit = "row"
    format = "npz"

    def __init__(self, file: File, findings: Findings) -> None:
        """Read the arrays. Raises StopReadingError, with the reason in ``findings``."""
        self.name = file.name
        self.size, self.digest, self.digest_of = file.size, file.digest, file.digest_of
        findings.unit = self.unit
        self.limits = file.limits
        self._table = _read(file, findings)
        schema = self._table.schema
        self._layout = Layout.of(self._table.column_names, lambda name: schema.field(name).type, findings)
        self.value: Value = self._layout.value

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """Yield the rows as blocks."""
        for first in range(0, self._table.num_rows, ROWS):
            yield from self._layout.blocks(self._table.slice(first, ROWS), first, findings)


def _read(file: File, findings: Findings) -> pa.Table:
    import pyarrow as pa

    names: list[str] = []
    columns: list[Any] = []
    rows = 0
    try:
        with np.load(file.path, allow_pickle=False) as archive:
            file.limits.check_unpacked(
                sum(entry.file_size for entry in archive.zip.infolist()), file.size(), findings
            )
            for name in archive.files:
                names.append(name)
                if name in USED:
                    columns.append(_column(archive[name]))
                    rows = len(columns[-1])
                else:
                    columns.append(None)
    except (*DAMAGED, ValueError, KeyError, pa.ArrowException) as error:
        pickled = "allow_pickle" in str(error)
        findings.add(
            "column-type" if pickled else "unreadable",
            column=names[-1] if names else None,
            value="Python objects, which are never loaded" if pickled else error,
        )
        raise StopReadingError from None
    columns = [pa.nulls(rows) if column is None else column for column in columns]
    if len({len(column) for column in columns}) > 1:
        findings.add("column-type", value="arrays of different lengths")
        raise StopReadingError
    return pa.Table.from_arrays(columns, names=names)


def _column(array: Any) -> Any:
    import pyarrow as pa

    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.ndim == 1:
        return pa.array(array)
    if array.ndim != 2:
        raise ValueError(f"an array of {array.ndim} dimensions; 1, or 2 for lists, were expected")
    return pa.FixedSizeListArray.from_arrays(pa.array(array.ravel()), array.shape[1])
