"""A corpus's tables hashed by Spark, as the build hashed them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.corpora.corpus import CODED
from recdata.engines.spark_places import inside
from recdata.protocol.spread.digests import contents, empty, ids_digests, in_buckets
from recdata.protocol.spread.source import ENTITIES, name_ids
from recdata.store.fingerprint import Content

if TYPE_CHECKING:
    from recdata.engines.spark import SparkEngine


def table_content(
    engine: SparkEngine, folder: Path | str, kind: str, entry: Mapping[str, Any]
) -> tuple[Content, dict[str, str]]:
    """Return what a table of a built corpus is, and what its fingerprint is made of besides. entry: its manifest's."""
    from pyspark.sql import functions as f

    columns = [(c["name"], c["type"], c["nullable"]) for c in entry["columns"]]
    frame = engine.parquet(inside(folder, entry["file"]))
    more: dict[str, str] = {}
    if kind == "interactions":
        columns = interaction_columns(columns)
        name_ids(engine, folder, {e: f"{e}_ids" for e in ENTITIES}, ("user_ids", "item_ids"))
        lists = [engine.frame(f"SELECT {entity}, {entity}_id FROM {entity}_ids") for entity in ENTITIES]
        more = dict(zip(("user_ids", "item_ids"), ids_digests(engine, lists), strict=True))
        ((users,),) = engine.fetch("SELECT count(*) FROM user_ids")
        placed = in_buckets(engine, frame, "user", users, ["row"])
    else:
        frame = frame.withColumn("_place", f.expr("_metadata.row_index"))
        placed = in_buckets(engine, frame, "_place", entry["rows"], ["_place"])
    return contents(engine, placed, columns, part=None).get(0) or empty(columns), more


def interaction_columns(columns: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    """Return what is hashed of interactions that have ``columns``: codes in the place of ids."""
    own = [column for column in columns if column[0] not in ("user_id", "item_id", *CODED)]
    return [("user", "int32", False), ("item", "int32", False), *own]
