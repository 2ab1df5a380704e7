"""Arrow columns come out of their buffers as numpy arrays with the values that pyarrow gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recdata.store.arrays import filled, read_table, to_numpy, validity


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint16", "float32", "float64"])
def test_values_of_sliced_and_chunked_columns(dtype: str) -> None:
    values = np.arange(20).astype(dtype)
    column = pa.chunked_array([pa.array(values[:7]), pa.array(values[7:])])
    assert to_numpy(column).dtype == dtype
    assert to_numpy(column).tolist() == values.tolist()
    assert to_numpy(column.slice(3, 10)).tolist() == values[3:13].tolist()
    assert to_numpy(pa.array(values)[5:9]).tolist() == values[5:9].tolist()


def test_nulls_among_floats_and_timestamps() -> None:
    rating = pa.array([1.0, None, 3.0, None])[1:]
    assert np.array_equal(to_numpy(rating), [np.nan, 3.0, np.nan], equal_nan=True)
    stamp = pa.array([None, 5], pa.timestamp("us", tz="UTC"))
    assert np.isnat(to_numpy(stamp)).tolist() == [True, False]
    assert to_numpy(stamp)[1] == np.datetime64(5, "us")


def test_validity_of_a_slice() -> None:
    array = pa.array([None, 1, None, 3, 4, None])
    assert validity(array).tolist() == [False, True, False, True, True, False]
    assert validity(array[2:5]).tolist() == [False, True, True]
    assert validity(array[3:5]).tolist() == [True, True]


def test_integers_with_something_in_the_place_of_nulls() -> None:
    array = pa.array([7, None, 9, None, 11], pa.int32())
    assert filled(array, -1).tolist() == [7, -1, 9, -1, 11]
    assert filled(array[1:3], -1).tolist() == [-1, 9]
    assert filled(array[4:], -1).tolist() == [11]
    assert filled(array[:0], -1).tolist() == []
    assert filled(array, -1).dtype == np.int32


def test_empty() -> None:
    assert to_numpy(pa.chunked_array([], pa.int32())).dtype == np.int32
    assert to_numpy(pa.array([], pa.float64())).tolist() == []


def test_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="2 nulls"):
        to_numpy(pa.array([1, None, None]))
    with pytest.raises(ValueError, match="string"):
        to_numpy(pa.array(["a"]))


def test_reading_imports_neither_pandas_nor_datasets(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), file)
    assert to_numpy(read_table(file, ["a"]).column("a")).tolist() == [1, 2]
    code = (
        "import sys; from pathlib import Path; from recdata.store.arrays import *; "
        f"to_numpy(read_table(Path({str(file)!r}), ['a']).column('a')); "
        "sys.exit('pandas' in sys.modules or 'pyarrow.dataset' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
