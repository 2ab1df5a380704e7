"""Predictions as they are given to Spark: files on any path that it reads, a table by name, or a DataFrame."""

from __future__ import annotations

import hashlib
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from recdata.engines import open_engine
from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.scoring.spark.files import Files
from recdata.submission.finding import Findings, Unit, escape
from recdata.submission.limits import Limits
from recdata.submission.spool import Given

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

ORDER_BITS = 41
"""A row's place in the order of all: its number or, where the format has none, its file's number above a hash of its ids."""


class Source(ABC):
    """What a result says of predictions, as an Identity does, and their rows, which do not come here.

    rows: a DataFrame, with row (bigint, see ORDER_BITS). hashed: the columns that say what a row is, ids first. numbered:
    whether rows have numbers.
    """

    unit: Unit = "row"
    hashed: tuple[str, ...]
    numbered: bool
    rows: DataFrame

    def __init__(self, engine: SparkEngine, findings: Findings, limits: Limits) -> None:
        """Name what is to be found; nothing is read."""
        self._engine, self._findings = engine, findings
        self.limits = limits
        self.name = findings.file
        self._files: Files | None = None
        self.format = "table"
        self.count: int | None = None

    def _find(self, given: Any) -> DataFrame:
        """Return what is there as a DataFrame, its columns as they are called there."""
        session = self._engine.session
        if not isinstance(given, str | Path):
            if not hasattr(given, "createGlobalTempView"):
                raise InputError(
                    f"the engine spark reads a path, a table by name or a DataFrame of Spark's, not {type(given).__name__}"
                )
            # Another session's rows are views of this one's.
            name = f"recdata_{uuid4().hex}"
            given.createGlobalTempView(name)
            frame = session.table(f"global_temp.{name}")
            session.catalog.dropGlobalTempView(name)
            return frame
        text = str(given)
        if (
            not Path(text).exists()
            and re.fullmatch(r"\w+(\.\w+){0,2}", text)
            and session.catalog.tableExists(text)
        ):
            return session.table(text)
        files = self._files = Files(self._engine, text, self.limits, self._findings)
        self.format = files.format
        with told():
            return self._read(files)

    @abstractmethod
    def _read(self, files: Files) -> DataFrame:
        """Return the rows of files, their columns as they are called there."""

    def _metadata(self, frame: DataFrame) -> list[Column]:
        found = []
        if self._files is not None and len(self._files.parts) > 1:
            found.append(frame["_metadata.file_path"].alias("_file"))
        if self.numbered:
            found.append(frame["_metadata.row_index"].alias("_index"))
        return found

    def _ordered(self, made: DataFrame) -> DataFrame:
        """Put each row's place in the order of all in the place of its file and number."""
        from pyspark.sql import functions as f

        hashed = f.pmod(f.xxhash64(*self.hashed[:2]), f.lit(1 << ORDER_BITS))
        row = f.col("_index") if self.numbered else hashed
        if self._files is not None and len(self._files.parts) > 1:
            parts = self._files.parts
            starts = self._starts() if self.numbered else [n << ORDER_BITS for n in range(len(parts))]
            table = [(part.key, start) for part, start in zip(parts, starts, strict=True)]
            files = self._engine.session.createDataFrame(table, "_path string, _start bigint")
            made = made.join(f.broadcast(files), made["_file"] == files["_path"])
            row = row + f.col("_start")
        kept = [column for column in made.columns if not column.startswith("_")]
        return made.select(*map(quoted, kept), row.cast("bigint").alias("row"))

    def _starts(self) -> list[int]:
        """Return the number of the first row of each Parquet file."""
        if self._files is None:
            return []
        frame = self._engine.session.read.parquet(*self._files.paths)
        counted = frame.groupBy(frame["_metadata.file_path"].alias("key")).count()
        many = dict(map(tuple, counted.collect()))
        starts, total = [], 0
        for part in self._files.parts:
            starts.append(total)
            total += many.get(part.key, 0)
        self.count = total
        return starts

    def place(self, row: int) -> tuple[str | None, int | None]:
        """Return the file (None: that is said already) and the number of the row with a place in the order of all."""
        if self.numbered:
            return None, row
        if self._files is None or len(self._files.parts) == 1:
            return None, None
        return escape(self._files.parts[row >> ORDER_BITS].name), None

    def size(self) -> int:
        """Return the size of the files in bytes; of a table 0."""
        return 0 if self._files is None else self._files.size()

    def digest(self) -> str:
        """Return the SHA-256 that ``digest_of`` describes."""
        if self._files is not None:
            return self._files.digest()
        from pyspark.sql import functions as f

        text = f.concat_ws("\x1f", *(f.col(column).cast("string") for column in self.hashed))
        hashed = self.rows.select(f.sha2(text, 256).alias("h"))
        lanes = [
            f.expr(f"sum(CAST(conv(substr(h, {1 + 8 * lane}, 8), 16, 10) AS DECIMAL(20, 0)))")
            for lane in range(8)
        ]
        with told():
            (sums,) = hashed.agg(*lanes).collect()
        whole = sum(int(lane or 0) << (32 * (7 - at)) for at, lane in enumerate(sums)) % (1 << 256)
        return hashlib.sha256(str(whole).encode()).hexdigest()

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        if self._files is not None:
            return self._files.digest_of()
        return (
            f"the decimal text of the sum, modulo 2**256, of the SHA-256 of each row: {', '.join(self.hashed)}, numbers "
            "as Spark writes them, with U+001F between them"
        )


def begin(given: Any, limit: int) -> tuple[Any, Limits, Findings]:
    """Return what is given, the limits that it is read within, and the findings that it gets, still without any."""
    limits = Limits()
    if isinstance(given, Given):
        given, limits, _ = given
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else f"<{type(given).__name__}>"
    return given, limits, Findings(escape(text, 200), "row", limit)


@contextmanager
def opened(engine: Any, keep: bool = False) -> Iterator[SparkEngine]:
    """Open Spark for a block; keep: let it be where the block ends well, for values that are fetched later."""
    spark = open_engine(engine)
    if not isinstance(spark, SparkEngine):
        raise TypeError("this reads and scores on Spark")
    try:
        yield spark
    except BaseException:
        spark.close()
        raise
    if not keep:
        spark.close()


def arrow_types(frame: DataFrame) -> dict[str, pa.DataType]:
    """Return the type of each column, null for those that Arrow does not have."""
    import pyarrow as pa
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type

    found = {}
    for field in frame.schema:
        try:
            found[field.name] = to_arrow_type(field.dataType)
        except PySparkException:
            found[field.name] = pa.null()
    return found


def quoted(column: str) -> str:
    """Return a column's name as Spark's methods take it, whatever letters it has."""
    return "`" + column.replace("`", "``") + "`"
