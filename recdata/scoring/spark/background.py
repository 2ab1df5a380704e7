"""What scoring asks of the whole task, computed on Spark: counts of the size of the items, and which rows slices have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.metrics.lists import Training
from recdata.protocol.slices import (
    MOST_VALUES,
    Below,
    Levels,
    by_content,
    interval_starts,
    interval_words,
    units_of,
)
from recdata.protocol.task import Task
from recdata.scoring.lists import features_of
from recdata.scoring.plan import Plan
from recdata.scoring.slicing import SETS
from recdata.scoring.spark.job import Known
from recdata.scoring.spark.share import Share
from recdata.scoring.spark.union import Relations

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_INTERVALS = 4


class Sliced(NamedTuple):
    """The slices that are asked for. words: name and about of each, those by content first. by_content, by_rows: names.

    rows: user, row, number: which rows of the part stand in which slice of ``by_rows``.
    """

    words: list[tuple[str, str]]
    by_content: tuple[str, ...] = ()
    by_rows: tuple[str, ...] = ()
    rows: DataFrame | None = None

    @staticmethod
    def belongs(name: str, asked: str) -> bool:
        """Say whether a slice is one of those that were asked for by a name."""
        return asked == "all" or name.startswith(SETS.get(asked, (f"{asked}=",)))


def known_of(
    engine: SparkEngine, relations: Relations, task: Task, part: str, plans: Sequence[Plan]
) -> Known:
    """Return what the measures and slices of ``plans`` ask of the whole task."""
    measures = [(plan, measure) for plan in plans for measure in plan.measures]
    lists = [measure for _, measure in measures if measure.definition.family == "beyond"]
    training = Training(np.zeros(0, dtype=np.int64), 0, 0)
    if lists or any(plan.convention.cold == "drop" for plan in plans):
        training = _training(engine, relations, len(task.item_ids))
    columns = {
        str(dict(measure.parameters).get("by", measure.definition.parameters["by"]))
        for measure in lists
        if "by" in measure.definition.parameters
    }
    levels = _levels(engine, relations, task, part) if any(plan.by for plan in plans) else None
    return Known(training, {column: features_of(task, column) for column in sorted(columns)}, levels)


def _training(engine: SparkEngine, relations: Relations, items: int) -> Training:
    pairs = engine.fresh("train pairs")
    engine.call(pairs, relations.part("train").select("user", "item").distinct())
    found = engine.columns(f'SELECT item, count(*) AS users FROM "{pairs}" GROUP BY item')
    popularity = np.zeros(items, dtype=np.int64)
    popularity[found["item"]] = found["users"]
    ((users,),) = engine.fetch(f'SELECT count(DISTINCT user) FROM "{pairs}"')
    return Training(popularity, int(users), int(popularity.sum()))


def _levels(engine: SparkEngine, relations: Relations, task: Task, part: str) -> Levels:
    items = np.zeros(len(task.item_ids), dtype=np.int64)
    engine.call("train rows", relations.part("train"))
    found = engine.columns('SELECT item, count(*) AS many FROM "train rows" GROUP BY item')
    items[found["item"]] = found["many"]
    history = relations.part("train").select("user")
    if "context" in task.parts:
        history = history.unionAll(relations.part("context").select("user"))
    engine.call("history", history)
    engine.call("asked users", units(relations, task, part).select("user").distinct())
    levels = engine.columns(
        'SELECT many, count(*) AS users FROM (SELECT a.user, count(h.user) AS many FROM "asked users" AS a '
        "LEFT JOIN history AS h ON a.user = h.user GROUP BY a.user) AS counted GROUP BY many"
    )
    order = np.argsort(levels["many"])
    many, users = levels["many"][order], levels["users"][order]
    return Levels(items, Below.of(items), Below(many, np.cumsum(users) - users, int(users.sum())))


def units(relations: Relations, task: Task, part: str) -> DataFrame:
    """Return the units of a part: user, item, timestamp, row; of a repeated relevant pair its first row."""
    from pyspark.sql import functions as f

    rows = relations.part(part)
    if task.protocol["task"] == "rating":
        return rows.select("user", "item", "timestamp", "row")
    threshold = task.protocol["relevance"].get("min_rating")
    if threshold is not None:
        rows = rows.where(f.col("rating") >= float(threshold))
    first = f.min_by("timestamp", "row").alias("timestamp")
    return rows.groupBy("user", "item").agg(first, f.min("row").alias("row"))


def slices_of(
    engine: SparkEngine, relations: Relations, task: Task, part: str, by: Iterable[str], job: Any
) -> Sliced:
    """Return the slices that a list of names asks for, as ``slicing.choose_slices`` has them, be they empty.

    job: a job of the same task, by which the slices by content are named. Raises InputError where there is nothing of that
    name.
    """
    words = _content_words(job)
    chosen: dict[str, str] = {}
    frames: list[tuple[list[tuple[str, str]], DataFrame]] = []
    for name in dict.fromkeys(by):
        begins = ("",) if name == "all" else SETS.get(name)
        if begins is None:
            frames.append(_by_column(engine, relations, task, part, name))
            continue
        chosen |= {name: about for name, about in words.items() if name.startswith(begins)}
        if any("interval-".startswith(begin) for begin in begins) and not any(
            found[0][0].startswith("interval-") for found, _ in frames if found
        ):
            frames.append(_intervals(engine, relations, task, part))
    rows: DataFrame | None = None
    by_rows: list[tuple[str, str]] = []
    for found, frame in frames:
        shifted = frame.withColumn("number", frame["number"] + len(by_rows))
        rows = shifted if rows is None else rows.unionAll(shifted)
        by_rows += found
    names = tuple(chosen), tuple(name for name, _ in by_rows)
    return Sliced([*chosen.items(), *by_rows], *names, rows if by_rows else None)


def _content_words(job: Any) -> dict[str, str]:
    """Return the names of the slices by content, with what is in them: those of a share of nobody."""
    share = Share.empty(job)
    nothing = Below.of(np.zeros(1, dtype=np.int64))
    levels = Levels(np.zeros(job.items, dtype=np.int64), nothing, nothing)
    return {each.name: each.about for each in by_content(share, job.part, units_of(share, job.part), levels)}


def _intervals(
    engine: SparkEngine, relations: Relations, task: Task, part: str
) -> tuple[list[tuple[str, str]], DataFrame]:
    from pyspark.sql import functions as f

    rows = units(relations, task, part).withColumn("moment", f.unix_micros("timestamp"))
    with told():
        ((oldest, newest),) = rows.agg(f.min("moment"), f.max("moment")).collect()
    if oldest is None:
        return [], rows.where("false").select("user", "row", f.lit(0).alias("number"))
    starts = interval_starts(oldest, newest, _INTERVALS)
    number = sum((f.when(f.col("moment") >= start, 1).otherwise(0) for start in starts[1:]), f.lit(0))
    known = rows.where("moment IS NOT NULL").select("user", "row", number.alias("number"))
    return [interval_words(place, _INTERVALS) for place in range(_INTERVALS)], known


def _by_column(
    engine: SparkEngine, relations: Relations, task: Task, part: str, column: str
) -> tuple[list[tuple[str, str]], DataFrame]:
    """Return a slice for each value of a declared column, as ``protocol.slices.slices_by`` has them."""
    import pyarrow as pa
    from pyspark.sql import functions as f
    from pyspark.sql.types import ArrayType, StructType

    origin, rows = task.origin, units(relations, task, part)
    kind, _, plain = column.rpartition(".")
    types = origin.types()
    if kind not in ("", "items", "users") or plain not in types.get(kind or "interactions", {}):
        known = [*types["interactions"], *(f"{k}.{c}" for k in ("items", "users") for c in types.get(k, {}))]
        raise InputError(f"{task.name} has no column {column!r} to slice by; it has {', '.join(known)}")
    table = engine.parquet(origin.path(kind or "interactions"))
    if kind:
        entity = kind[:-1]
        values = table.select(f"{entity}_id", f.col(f"`{plain}`").alias("value"))
        coded = relations.ids(entity).join(values, f"{entity}_id", "left").select(entity, "value")
        rows = rows.join(coded, entity, "left")
    else:
        row = table["row" if "row" in table.columns else "_metadata.row_index"]
        rows = rows.join(table.select(row.alias("row"), f.col(f"`{plain}`").alias("value")), "row", "left")
    rows = rows.select("user", "row", "value")
    if isinstance(rows.schema["value"].dataType, ArrayType):
        rows = rows.select("user", "row", f.explode_outer("value").alias("value"))
    if isinstance(rows.schema["value"].dataType, ArrayType | StructType):
        raise InputError(
            f"the column {column!r} holds {rows.schema['value'].dataType.simpleString()}; only single values and lists of "
            "them make slices"
        )
    with told():
        found = rows.where("value IS NOT NULL").select("value").distinct().limit(MOST_VALUES + 1).toArrow()
    if len(found) > MOST_VALUES:
        raise InputError(
            f"the column {column!r} has more than {MOST_VALUES} values; slices are made by up to {MOST_VALUES}"
        )
    texts = found.column("value").to_pylist()
    words = [(f"{column}={value}", f"{column} is {value}") for value in texts]
    words.append((f"{column}=", f"{column} is not known"))
    place: npt.NDArray[np.int32] = np.empty(len(words), dtype=np.int32)
    order = sorted(range(len(words)), key=lambda at: words[at][0])
    place[order] = np.arange(len(words))
    numbers = engine.session.createDataFrame(
        pa.table({"of": found.column("value"), "number": pa.array(place[:-1])})
    )
    joined = rows.join(f.broadcast(numbers), rows["value"] == numbers["of"], "left")
    number = f.when(f.col("value").isNull(), int(place[-1])).otherwise(f.col("number"))
    return [words[at] for at in order], joined.select("user", "row", number.alias("number"))
