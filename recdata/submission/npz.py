"""NumPy archives (.npz): arrays by the names of the columns, lists as arrays of two dimensions; never a pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.submission.block import ROWS, Block, Value
from recdata.submission.columns import Layout
from recdata.submission.file import DAMAGED, File, OfFile
from recdata.submission.finding import Findings, StopReadingError, Unit
from recdata.submission.memory import USED

if TYPE_CHECKING:
    import pyarrow as pa

_BYTES = 1 << 26
"""About how many bytes of all arrays are in memory at a time."""


def is_npz(file: File) -> bool:
    """Say whether a zip file has arrays in it."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (*DAMAGED, ValueError, IndexError):
        return False


class _Array(NamedTuple):
    """What the head of an array says. rows, width: its shape, of one dimension with width 1. lists: whether it has two."""

    member: zipfile.ZipInfo
    rows: int
    width: int
    lists: bool
    dtype: np.dtype[Any]
    fortran: bool

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.width * self.dtype.itemsize

    def kind(self) -> pa.DataType:
        """Return the type of the column that it becomes. Raises ArrowNotImplementedError where it becomes none."""
        import pyarrow as pa

        plain = self.dtype.newbyteorder("=")
        inside = pa.string() if self.dtype.kind in "SU" else pa.from_numpy_dtype(plain)
        return pa.list_(inside, self.width) if self.lists else inside


class NpzReader(OfFile):
    """The arrays of an archive, read side by side, some rows at a time. Rows are numbered from 0.

    An array of two dimensions whose columns stand one after the other (Fortran's order) is read whole.
    """

    unit: Unit = "row"
    format = "npz"

    def __init__(self, file: File, findings: Findings) -> None:
        """Read the arrays' heads. Raises StopReadingError, with the reason in ``findings``."""
        super().__init__(file)
        findings.unit = self.unit
        self.done = 0.0
        names, self._arrays = _heads(file, findings)
        lengths = {array.rows for array in self._arrays.values()}
        if len(lengths) > 1:
            findings.add("column-type", value="arrays of different lengths")
            raise StopReadingError
        self._rows = max(lengths, default=0)
        import pyarrow as pa

        with _reported(findings):
            kinds = {name: array.kind() for name, array in self._arrays.items()}
        self._layout = Layout.of(names, lambda name: kinds.get(name, pa.null()), findings)
        self.value: Value = self._layout.value

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """Yield the rows as blocks."""
        import pyarrow as pa

        arrays = {name: self._arrays[name] for name in self._layout.columns()}
        bytes_a_row = sum(array.row_bytes for array in arrays.values())
        step = max(min(ROWS, _BYTES // max(bytes_a_row, 1)), 1)
        with ExitStack() as stack:
            with _reported(findings):
                archive = stack.enter_context(zipfile.ZipFile(self._file.path))
                takers = {
                    name: _Taker(stack.enter_context(archive.open(array.member)), array)
                    for name, array in arrays.items()
                }
            for first in range(0, self._rows, step):
                many = min(step, self._rows - first)
                with _reported(findings):
                    columns = {name: taker.take(many) for name, taker in takers.items()}
                self.done = (first + many) / self._rows
                yield from self._layout.blocks(pa.table(columns), first, findings)


def _heads(file: File, findings: Findings) -> tuple[list[str], dict[str, _Array]]:
    """Return the names of all arrays, and of those that are used what their heads say."""
    names: list[str] = []
    arrays: dict[str, _Array] = {}
    with _reported(findings, names), zipfile.ZipFile(file.path) as archive:
        members = archive.infolist()
        file.limits.check("columns", len(members), findings)
        file.limits.check_unpacked(sum(member.file_size for member in members), file.size(), findings)
        for member in members:
            names.append(member.filename.removesuffix(".npy"))
            if names[-1] in USED:
                with archive.open(member) as stream:
                    shape, fortran, dtype = _head(stream)
                if dtype.hasobject:
                    findings.add(
                        "column-type", column=names[-1], value="Python objects, which are never loaded"
                    )
                    raise StopReadingError
                if len(shape) not in (1, 2):
                    raise ValueError(f"an array of {len(shape)} dimensions; 1, or 2 for lists, were expected")
                lists = len(shape) == 2
                array = _Array(member, shape[0], shape[1] if lists else 1, lists, dtype, fortran and lists)
                file.limits.check("rows", array.rows * array.width, findings)
                file.limits.check("bytes", array.rows * array.row_bytes, findings)
                arrays[names[-1]] = array
    return names, arrays


def _head(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read what stands before an array's data: its shape, whether in Fortran's order, its type. Raises ValueError."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"an array of format {version}, which only tables in one array need")


class _Taker:
    """Takes the rows of one array, in order."""

    def __init__(self, stream: IO[bytes], array: _Array) -> None:
        """Read the head, and all of what is in Fortran's order. Raises ValueError at a premature end."""
        _head(stream)
        self._stream, self._array = stream, array
        self._first = 0
        self._whole: npt.NDArray[Any] | None = None
        if array.fortran:
            data = _read(stream, array.rows * array.row_bytes)
            self._whole = np.ndarray((array.rows, array.width), array.dtype, data, order="F")

    def take(self, many: int) -> Any:
        """Return the next rows as an Arrow array. Raises ValueError at a premature end."""
        self._first += many
        if self._whole is not None:
            return _column(self._whole[self._first - many : self._first], self._array)
        shape = (many, self._array.width) if self._array.lists else (many,)
        data = _read(self._stream, many * self._array.row_bytes)
        return _column(np.ndarray(shape, self._array.dtype, data), self._array)


def _read(stream: IO[bytes], size: int) -> bytes:
    """Read ``size`` bytes, however few come at a time. Raises ValueError where there are not so many."""
    parts = []
    left = size
    while left:
        part = stream.read(min(left, _BYTES))
        if not part:
            raise ValueError("an array ends before its data do")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _column(array: npt.NDArray[Any], head: _Array) -> Any:
    import pyarrow as pa

    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    flat = pa.array(np.ascontiguousarray(array.ravel(), array.dtype.newbyteorder("=")))
    return pa.FixedSizeListArray.from_arrays(flat, head.width) if head.lists else flat


@contextmanager
def _reported(findings: Findings, names: list[str] | None = None) -> Iterator[None]:
    """Turn what is raised for damaged archives into a finding, and StopReadingError. names: the last is the column's."""
    import pyarrow as pa

    try:
        yield
    except (*DAMAGED, ValueError, LookupError, TypeError, SyntaxError, pa.ArrowException) as error:
        findings.add("unreadable", column=names[-1] if names else None, value=error or type(error).__name__)
        raise StopReadingError from None
