"""A task that stands where Spark reads it: what is asked of it comes here through Spark, and the rest stays there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.engines import is_spark
from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import inside
from recdata.errors import InputError, MissingError
from recdata.protocol.origin import Origin
from recdata.protocol.spread.place import corpus_of, find_manifest, open_spark
from recdata.protocol.task import Pairs, Task
from recdata.store.arrays import to_numpy

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


class SpreadTask(Task):
    """A task on another file system, read as any task is; scores of it are Spark's, which collects none of its parts.

    folder: a URI, as text.
    """

    def __init__(self, folder: str, manifest: Mapping[str, Any], spark: SparkSession) -> None:
        """spark: the session that reads it."""
        super().__init__(folder, manifest)  # type: ignore[arg-type]
        self._spark = spark

    @classmethod
    def at(cls, folder: str, engine: Any) -> SpreadTask:
        """Open the task at a URI. Raises MissingError where none is finished there, InputError where it is none of users.

        engine: Spark, as ``open_engine`` takes it; else InputError.
        """
        with open_spark(engine, f"a task at {folder}") as opened:
            manifest = find_manifest(opened, folder)
            if manifest is None:
                raise MissingError(f"there is no finished task at {folder}: it has no manifest")
            if manifest["document"] != "task":
                raise InputError(f"at {folder} is a corpus; a task of it stands in tasks beside its folder")
            if manifest["protocol"]["task"] == "answers":
                raise InputError(f"{manifest['name']} is a task over examples: copy it to this machine")
            return cls(folder, manifest, opened.session)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that the task has."""
        return tuple(self.manifest["parts"])

    @cached_property
    def origin(self) -> Origin:
        """The corpus that the task was made from, in the same store."""
        with SparkEngine(self._spark) as engine:
            place, manifest = corpus_of(engine, str(self.folder), self.manifest)
        return SpreadOrigin(str(place), manifest, self._spark)

    def tables(self, *parts: str) -> list[Any]:
        """Return the places of the tables of ``parts``, as Spark reads them."""
        return [inside(str(self.folder), f"{part}.parquet") for part in parts]

    def engine(self, asked: Any = None) -> Any:
        """Return the engine that reads the task: its own session, unless another Spark is asked for."""
        if asked is None:
            return self._spark
        if not is_spark(asked):
            raise InputError(f"{self.folder} is read by the engine spark, not by {asked}")
        return asked

    def check_files(self) -> None:
        """Compare the files with the manifest. Raises MismatchError naming the first that differs."""
        with SparkEngine(self._spark) as engine:
            engine.storage.check(str(self.folder), self.manifest["tables"])

    def candidates(self) -> Pairs | None:
        """Return the fixed candidates of each user; None where all items are ranked."""
        if "candidates" not in self.manifest["tables"]:
            return None
        table = self._collected("candidates", ["user", "item"], ["user", "item"])
        return Pairs(to_numpy(table.column("user")), to_numpy(table.column("item")))

    def _ids(self, table: str, column: str) -> pa.StringArray:
        return self._collected(table, [column], [table[:-1]]).column(column).combine_chunks()

    def _table(self, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        self._check(part)
        return self._collected(part, columns, ["user", "row"])

    def _code_batches(self, part: str) -> Iterator[Pairs]:
        for batch in self._table(part, ["user", "item"]).to_batches():
            yield Pairs(to_numpy(batch.column("user")), to_numpy(batch.column("item")))

    def _collected(self, table: str, columns: Sequence[str] | None, order: Sequence[str]) -> pa.Table:
        with SparkEngine(self._spark) as engine:
            return collected(engine, engine.parquet(*self.tables(table)), columns, order)


class SpreadOrigin(Origin):
    """A corpus on another file system. folder: a URI, as text."""

    def __init__(self, folder: str, manifest: Mapping[str, Any], spark: SparkSession) -> None:
        super().__init__(folder, manifest)  # type: ignore[arg-type]
        self._spark = spark

    def path(self, kind: str) -> Any:
        """Return the URI of the Parquet files of a record kind."""
        return inside(str(self.folder), self.manifest["tables"][kind]["file"])

    def read(self, kind: str, columns: Sequence[str]) -> pa.Table:
        """Return columns of a table, its rows in any order."""
        with SparkEngine(self._spark) as engine:
            return collected(engine, engine.parquet(self.path(kind)), columns, [])

    def take(self, columns: Sequence[str], row: npt.NDArray[np.int64]) -> pa.Table:
        """Return columns of the interactions at places ``row``; no other row comes here."""
        import pyarrow as pa

        wanted, back = np.unique(row, return_inverse=True)
        with SparkEngine(self._spark) as engine:
            frame = engine.parquet(self.path("interactions"))
            place = frame["row" if "row" in frame.columns else "_metadata.row_index"].alias("row")
            rows = engine.session.createDataFrame(pa.table({"row": wanted}))
            joined = frame.select(*(frame[f"`{column}`"] for column in columns), place).join(rows, "row")
            return collected(engine, joined, columns, ["row"]).take(pa.array(back))


def collected(
    engine: SparkEngine, frame: DataFrame, columns: Sequence[str] | None, order: Sequence[str]
) -> pa.Table:
    """Return columns of a DataFrame as an Arrow table, in an order. What has no code is in the order of its one file."""
    from recdata.engines.spark_session import told

    keys = [column if column in frame.columns else "_metadata.row_index" for column in order]
    ordered = frame.orderBy(*keys) if keys else frame
    with told():
        return ordered.select(*(f"`{column}`" for column in columns or frame.columns)).toArrow()
