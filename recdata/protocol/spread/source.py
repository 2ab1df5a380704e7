"""The corpus that a task is made of, named to Spark: tables and lists of ids, in the store or wherever Spark reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recdata.engines.base import name
from recdata.engines.spark_places import inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recdata.engines.spark import SparkEngine
    from recdata.protocol.origin import Origin

ENTITIES = ("user", "item")


def name_corpus(engine: SparkEngine, origin: Origin) -> None:
    """Name the tables of a corpus by their kinds, and its ids ``user_ids`` (user, user_id) and ``item_ids``."""
    for kind, columns in origin.types().items():
        if kind in ("interactions", "items", "users"):
            engine.read(kind, [inside(origin.folder, origin.manifest["tables"][kind]["file"])], list(columns))
    name_ids(
        engine, origin.folder, {entity: f"{entity}_ids" for entity in ENTITIES}, ("user_ids", "item_ids")
    )


def name_ids(
    engine: SparkEngine, folder: Path | str, files: Mapping[str, str], relations: tuple[str, str]
) -> None:
    """Name lists of ids in a built folder: relations of (code, id) for users and items.

    files: their names by entity, without ".parquet". In a file the code is the row's place; in a folder of files, which
    Spark wrote, it stands beside the id.
    """
    for (entity, file), relation in zip(files.items(), relations, strict=True):
        rows = engine.parquet(inside(folder, f"{file}.parquet"))
        code = name(entity) if entity in rows.columns else "_metadata.row_index"
        engine.call(relation, rows.selectExpr(f"CAST({code} AS INT) AS {name(entity)}", f"{entity}_id"))
