"""Making a task over examples with Spark: partitions pick from the profiles they have, parts are numbered and hashed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from recdata.engines.base import Engine, quote
from recdata.engines.spark_places import inside
from recdata.errors import InputError
from recdata.protocol.answer_build import (
    arrow_schema,
    no_examples,
    picked,
    repeated_id,
    retriever,
    strange_part,
    task_columns,
)
from recdata.protocol.answers import PICKED
from recdata.protocol.described import answers_document
from recdata.protocol.spread.digests import contents, empty, in_buckets
from recdata.protocol.task import PARTS
from recdata.store.manifest import write_manifest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from recdata.engines.spark import SparkEngine


def write_answers(
    engine: Engine, corpus: Path, manifest: Mapping[str, Any], protocol: Mapping[str, Any], folder: Path
) -> None:
    """Make the task of a corpus of examples and a protocol in ``folder``, its manifest last.

    Raises InputError where the corpus's examples cannot be told apart, or the engine is not Spark.
    """
    from pyspark.sql import functions as f

    from recdata.engines.spark import SparkEngine

    if not isinstance(engine, SparkEngine):
        raise InputError(f"tasks are made by DuckDB and Spark, not by {engine.name}")
    examples = engine.parquet(corpus / manifest["tables"]["examples"]["file"])
    engine.call("examples", examples.select("*", f.expr("_metadata.row_index").alias("_row")))
    totals = _count(engine, manifest, protocol)
    tasks = [task for (task,) in engine.fetch("SELECT DISTINCT task FROM examples")]
    if len(tasks) > 1:
        _check_ids(engine, manifest)
    ((users,),) = engine.fetch("SELECT count(DISTINCT user_id) FROM examples")
    columns = task_columns(manifest)
    found, hidden, entries = {}, {}, 0
    for part in PARTS:
        total = totals.get(part, 0)
        shown = _shown(engine, part, protocol, arrow_schema(columns))
        frame = engine.checkpoint(in_buckets(engine, shown, "_place", total, ["_place"]))
        found[part] = contents(engine, frame, columns, part=None).get(0) or empty(columns)
        engine.call("shown", frame)
        counted = f"count(*) - count(target), coalesce(sum(size({PICKED})), 0)"
        ((hidden[part], many),) = engine.fetch(f"SELECT {counted} FROM shown")
        entries += many
        engine.write(frame.select(*(name for name, _, _ in columns)), inside(folder, f"{part}.parquet"))
    counts = {"users": users, "entries": entries, "population": found["test"].rows}
    files = engine.storage.entries(folder, [f"{part}.parquet" for part in PARTS])
    tables = {part: files[f"{part}.parquet"] for part in PARTS}
    document = answers_document(
        manifest, protocol, found, tables, counts, hidden, sorted(tasks), retriever(protocol)
    )
    write_manifest(folder, document)


def _count(engine: SparkEngine, manifest: Mapping[str, Any], protocol: Mapping[str, Any]) -> dict[str, int]:
    """Return how many examples each part has. Raises InputError where there are none, or some in no part."""
    totals = dict(engine.fetch("SELECT part, count(*) FROM examples GROUP BY part"))
    if strange := sorted(set(totals) - set(PARTS), key=str):
        raise strange_part(manifest, strange[0])
    if not totals:
        raise no_examples(manifest, protocol)
    return totals


def _check_ids(engine: SparkEngine, manifest: Mapping[str, Any]) -> None:
    twice = engine.fetch(
        "SELECT example_id, part FROM examples GROUP BY example_id, part HAVING count(*) > 1 "
        "ORDER BY part, example_id LIMIT 1"
    )
    if twice:
        raise repeated_id(manifest, *twice[0])


def _shown(engine: SparkEngine, part: str, protocol: Mapping[str, Any], schema: pa.Schema) -> DataFrame:
    """Return a part's examples with what the setting takes of their profiles, and their places in the part, from 0."""
    from pyspark.sql.pandas.types import from_arrow_schema

    mine = f"FROM examples WHERE part = {quote(part)}"
    rows = schema.append(pa.field("_row", pa.int64()))
    made = from_arrow_schema(rows, prefer_timestamp_ntz=False)
    pick = partial(_pick, protocol=dict(protocol), schema=rows)
    engine.call("picked", engine.mapped(engine.frame(f"SELECT * {mine}"), pick, made))
    placed = engine.running(f"SELECT _row {mine}", ["_row"])
    return engine.frame(
        f"SELECT p.*, n.until - 1 AS _place FROM picked AS p JOIN ({placed}) AS n ON p._row = n._row"
    )


def _pick(
    batches: Iterator[pa.RecordBatch], protocol: Mapping[str, Any], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield picked(batch, protocol, schema)
