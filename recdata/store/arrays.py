"""Arrow columns as numpy arrays, straight from their buffers: pyarrow's own ``to_numpy`` imports pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 1 << 20


def parquet_files(path: Path) -> list[Path]:
    """Return the files of a table: the one at ``path``, or those in the folder there, in the order of their names."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.glob("*.parquet") if not file.name.startswith(("_", ".")))


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return columns of a Parquet file of our own, or of a folder of them as Spark writes; all if None.

    ``pyarrow.parquet.read_table`` would first import its dataset module, which takes longer than most reads.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for place in parquet_files(path):
        with pq.ParquetFile(place) as file:
            tables.append(file.read(columns=columns))
    # What Spark writes beside the schema differs by file, and says nothing here.
    return (
        tables[0]
        if len(tables) == 1
        else pa.concat_tables(table.replace_schema_metadata() for table in tables)
    )


def read_batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of a Parquet file of our own, or of a folder of them, a million rows or so at a time."""
    import pyarrow.parquet as pq

    for place in parquet_files(path):
        with pq.ParquetFile(place, pre_buffer=False) as file:
            yield from file.iter_batches(_BATCH, columns=list(columns), use_threads=False)


def to_numpy(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column of integers, floats or timestamps as one array; of one chunk without nulls, a view.

    A null becomes NaN among floats and NaT among timestamps (datetime64 of the column's unit, UTC).
    Raises ValueError for nulls among integers and for other types.
    """
    parts = [_chunk(chunk) for chunk in getattr(column, "chunks", [column])]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, _dtype(column.type))


def filled(array: pa.Array, null: int) -> npt.NDArray[Any]:
    """Return an array of integers with ``null`` in the place of nulls; without any, a view."""
    data = array.buffers()[1]
    values = np.frombuffer(data or b"", _dtype(array.type))[array.offset : array.offset + len(array)]
    return np.where(validity(array), values, values.dtype.type(null)) if array.null_count else values


def validity(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Return for each place of an Arrow array whether it holds a value."""
    bits = array.buffers()[0]
    if bits is None or array.null_count == 0:
        return np.ones(len(array), dtype=bool)
    places = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return places[array.offset : array.offset + len(array)].astype(bool)


def _chunk(array: pa.Array) -> npt.NDArray[Any]:
    dtype = _dtype(array.type)
    data = array.buffers()[1]
    if data is None:
        return np.empty(0, dtype)
    values = np.frombuffer(data, dtype)[array.offset : array.offset + len(array)]
    if array.null_count:
        if dtype.kind not in "fM":
            raise ValueError(f"{array.null_count} nulls in a column of {array.type}")
        values = values.copy()
        values[~validity(array)] = np.nan if dtype.kind == "f" else np.array("NaT", dtype)
    return values


def _dtype(kind: pa.DataType) -> np.dtype[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return np.dtype(f"datetime64[{kind.unit}]")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.dtype(
            {"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(kind), str(kind))
        )
    raise ValueError(f"a column of {kind} has no numpy type here")
