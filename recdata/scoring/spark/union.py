"""All that a score reads as rows of one schema, partitioned by user and sorted: the task's parts and the predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import inside
from recdata.protocol.task import Task
from recdata.scoring.spark.reading import Predictions
from recdata.scoring.spark.share import BAD, KIND_BITS, PART_KINDS, UNKNOWN_USERS, Kind
from recdata.submission.block import ITEM, USER

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

ROWS = 4_000_000
"""A partition has about so many rows, where there are not more partitions than that for another reason."""


BROADCAST = 20_000_000
"""So many items at most are sent to all workers to be looked up in; the ids of more are joined like those of users."""


class Relations:
    """A task's tables as DataFrames of codes."""

    def __init__(self, engine: SparkEngine, task: Task) -> None:
        self._engine, self._task = engine, task
        self._tables: dict[str, DataFrame] = {}

    def ids(self, entity: str) -> DataFrame:
        """Return the ids of "user" or "item" with their codes: the columns ``{entity}_id``, ``{entity}``."""
        frame = self._table(f"{entity}s")
        # A table of one file has no codes: they are its rows' places.
        code = frame[entity if entity in frame.columns else "_metadata.row_index"]
        return frame.select(f"{entity}_id", code.cast("int").alias(entity))

    def part(self, name: str) -> DataFrame:
        """Return the rows of a part: user, item, timestamp, rating, row."""
        return self._table(name)

    def candidates(self) -> DataFrame:
        """Return the fixed candidates: user, item."""
        return self._table("candidates")

    @property
    def items(self) -> int:
        """How many items the task has."""
        return len(self._task.item_ids)

    def texts(self, entity: str, codes: Iterable[int]) -> dict[int, str]:
        """Return the ids of a few codes."""
        wanted = sorted(codes)
        if not wanted:
            return {}
        ids = self.ids(entity)
        return {row[1]: row[0] for row in ids.where(ids[entity].isin(wanted)).collect()}

    def count(self, name: str) -> int:
        """Return how many rows a part has."""
        return int(self._task.manifest["parts"].get(name, {}).get("rows", 0))

    def _table(self, name: str) -> DataFrame:
        if name not in self._tables:
            self._tables[name] = self._engine.parquet(inside(self._task.folder, f"{name}.parquet"))
        return self._tables[name]


def union(
    relations: Relations,
    predictions: Predictions,
    parts: Sequence[str],
    candidates: bool,
    slices: DataFrame | None = None,
) -> DataFrame:
    """Return the rows of ``share.Rows``, each user's in one partition, sorted by key.

    parts: those of the task that are sent. slices: user, row, number: which rows of the part stand in which slice.
    """
    from pyspark.sql import functions as f

    frames = [_coded(relations, predictions)]
    for name in parts:
        rows = relations.part(name)
        frames.append(_tagged(rows, PART_KINDS.index(name), f.col("item"), f.col("rating"), f.col("row")))
    if candidates:
        frames.append(_tagged(relations.candidates(), Kind.CANDIDATE, f.col("item")))
    if slices is not None:
        frames.append(_tagged(slices, Kind.SLICE, f.col("number"), row=f.col("row")))
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionAll(frame)
    rows = (predictions.count or 0) + sum(relations.count(name) for name in parts)
    number = partitions(whole.sparkSession, rows)
    return whole.repartition(number, f.shiftright("key", KIND_BITS)).sortWithinPartitions("key")


def partitions(session: SparkSession, rows: int) -> int:
    """Return in how many partitions so many rows are brought: as the session is set, more where they would be large."""
    return max(int(session.conf.get("spark.sql.shuffle.partitions") or 1), -(-rows // ROWS))


def _coded(relations: Relations, predictions: Predictions) -> DataFrame:
    """Return the predictions with codes in place of ids, with the ids where there are no codes."""
    from pyspark.sql import functions as f

    rows = predictions.rows
    users, items = relations.ids("user"), relations.ids("item")
    if relations.items <= BROADCAST:
        items = f.broadcast(items)
    joined = rows.join(users, USER, "left").join(items, ITEM, "left")
    right = f.col("wrong") == 0
    unknown = f.lit(UNKNOWN_USERS) + f.pmod(f.xxhash64(USER), f.lit(UNKNOWN_USERS))
    user = f.when(right, f.coalesce(f.col("user").cast("bigint"), unknown))
    user = user.otherwise(f.lit(BAD) + f.pmod(f.col("row"), f.lit(1 << 20)))
    kind = f.when(right, int(Kind.PREDICTION)).otherwise(int(Kind.BAD))
    return joined.select(
        (f.shiftleft(user, KIND_BITS) + kind).alias("key"),
        f.when(right, f.coalesce("item", f.lit(-1))).otherwise(f.col("wrong")).cast("int").alias("item"),
        "value",
        "row",
        f.when(~right, f.col("written")).when(f.col("user").isNull(), f.col(USER)).alias(USER),
        f.when(right & f.col("item").isNull(), f.col(ITEM)).alias(ITEM),
    )


def _tagged(
    frame: DataFrame, kind: int, item: Column, value: Column | None = None, row: Column | None = None
) -> DataFrame:
    from pyspark.sql import functions as f

    nothing = f.lit(None).cast("string")
    return frame.select(
        (f.shiftleft(f.col("user").cast("bigint"), KIND_BITS) + f.lit(int(kind))).alias("key"),
        item.cast("int").alias("item"),
        (f.lit(None) if value is None else value).cast("double").alias("value"),
        (f.lit(0) if row is None else row).cast("bigint").alias("row"),
        nothing.alias(USER),
        nothing.alias(ITEM),
    )
