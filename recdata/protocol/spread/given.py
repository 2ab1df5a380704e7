"""A corpus that is given as a table of Spark's or a folder of Parquet files: its canonical table, codes and fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.corpora.corpus import CODED
from recdata.engines.base import UNIT, name, quote
from recdata.engines.spark_places import inside
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.protocol.spread.digests import BUCKET, contents, ids_digests, in_buckets
from recdata.protocol.spread.source import ENTITIES
from recdata.protocol.spread.tables import interaction_columns
from recdata.schema.kinds import KINDS, SCHEMA_VERSION
from recdata.store.fingerprint import digest
from recdata.version import __version__

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from recdata.engines.spark import SparkEngine

VERSION = "1.0.0"
_SQL = {
    "string": "STRING",
    "bool": "BOOLEAN",
    "int32": "INT",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "timestamp": "TIMESTAMP",
}
_CANONICAL = {"string": "string", "boolean": "bool", "int": "int32", "bigint": "int64", "double": "float64"}
_CANONICAL |= {"timestamp": "timestamp", "array<string>": "list<string>"}


def open_given(engine: SparkEngine, source: str | Path) -> DataFrame:
    """Return what ``source`` names: a folder of Parquet files where it has a slash or is a Path, else a table of Spark's.

    Raises MissingError where Spark finds none.
    """
    if isinstance(source, Path) or "/" in source:
        return engine.parquet(source)
    with told():
        return engine.session.table(source)


def write_corpus(engine: SparkEngine, source: str | Path, corpus: str, folder: Path | str) -> dict[str, Any]:
    """Write the interactions of ``source`` to ``folder`` as those of a built corpus; return its manifest, not yet written.

    The table has the columns user_id and item_id, and timestamp, rating and event where they are known; further columns of
    texts, numbers, truths, times and lists of texts are the corpus's own, in the table's order. Its fingerprint is that of
    a corpus that ``recdata build`` makes of the same rows and columns. Raises InputError where an id is missing, a column
    cannot be used, or there are no rows.
    """
    columns = _name_rows(engine, open_given(engine, source), str(source))
    totals, ids = {}, {}
    for entity in ENTITIES:
        listed = engine.running(f"SELECT DISTINCT {entity}_id FROM given", [f"{entity}_id"])
        coded = f"SELECT CAST(until - 1 AS INT) AS {entity}, {entity}_id FROM ({listed}) AS listed"
        engine.keep(f"{entity} codes", coded)
        ((totals[entity],),) = engine.fetch(f'SELECT count(*) FROM "{entity} codes"')
        frame = engine.frame(f'SELECT * FROM "{entity} codes"')
        ids[f"{entity}_ids"] = in_buckets(engine, frame, entity, totals[entity], [entity]).drop(BUCKET)
    own = [column for column, _, _ in columns]
    tie = f"CAST(conv(substr(md5(user_id || {quote(UNIT)} || item_id), 1, 15), 16, 10) AS BIGINT)"
    rest = [c for c in own if c not in ("user_id", "item_id", "timestamp", "position")]
    placed = ["timestamp", *(["position"] if "position" in own else []), '"tie"', "item", *map(name, rest)]
    select = (
        f'SELECT g.*, u.user, i.item, {tie} AS "tie" FROM given AS g JOIN "user codes" AS u USING (user_id) '
        'JOIN "item codes" AS i USING (item_id)'
    )
    numbered = engine.running(select, ["user", *placed])
    chosen = ", ".join(map(name, own))
    rows = engine.frame(
        f"SELECT {chosen}, until - 1 AS row, user, item, 0 AS part FROM ({numbered}) AS numbered"
    )
    frame = engine.checkpoint(in_buckets(engine, rows, "user", totals["user"], ["row"]))
    found = contents(engine, frame, interaction_columns(columns)).get(0)
    if found is None:
        raise InputError(f"{source}: there are no rows")
    digests = dict(
        zip(
            ids,
            ids_digests(engine, [engine.frame(f'SELECT * FROM "{e} codes"') for e in ENTITIES]),
            strict=True,
        )
    )
    ((pairs,),) = engine.fetch(
        f"SELECT count(*) FROM (SELECT DISTINCT user, item FROM ({numbered}) AS n) AS pairs"
    )
    tables = {"interactions": frame.select(*own, *CODED), **ids}
    for table, written in tables.items():
        engine.write(written, inside(folder, f"{table}.parquet"))
    files = engine.storage.entries(folder, [f"{table}.parquet" for table in tables])
    entries = {table: files[f"{table}.parquet"] for table in tables}
    types = [*columns, ("row", "int64", False), ("user", "int32", False), ("item", "int32", False)]
    counts = {"interactions": found.rows, "pairs": pairs}
    counts |= {f"interacting_{entity}s": totals[entity] for entity in ENTITIES}
    fingerprint = found.fingerprint(**digests)
    entries["interactions"] |= {
        "rows": found.rows,
        "columns": [
            {"name": c, "type": kind, "nullable": nullable, "about": ""} for c, kind, nullable in types
        ],
        "fingerprint": fingerprint,
        "buckets": found.buckets,
    }
    return {
        "document": "corpus",
        "name": f"{corpus}@{VERSION}",
        "corpus": corpus,
        "version": VERSION,
        "edition": None,
        "partial": False,
        "schema_version": SCHEMA_VERSION,
        "fingerprint": digest({"interactions": fingerprint}),
        "counts": counts,
        "tables": {"interactions": entries["interactions"]},
        "ids": {table: entries[table] for table in ids},
        "provenance": [],
        "notes": [f"interactions were given as {source}; nothing but their form was checked"],
        "skipped": [],
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "recdata": __version__,
    }


def _name_rows(engine: SparkEngine, frame: DataFrame, source: str) -> list[tuple[str, str, bool]]:
    """Name ``given`` the rows in canonical columns; return those as (name, canonical type, nullable)."""
    standard = {column.name: column for column in KINDS["interactions"].columns}
    there: Mapping[str, str] = dict(frame.dtypes)
    for column in ("user_id", "item_id"):
        if column not in there:
            raise InputError(f"{source}: there is no column {column!r}; there are {', '.join(there)}")
    engine.call("rows given", frame)
    columns, chosen = [], []
    default = {
        "timestamp": "CAST(NULL AS TIMESTAMP)",
        "rating": "CAST(NULL AS DOUBLE)",
        "event": "'interaction'",
    }
    for column, known in standard.items():
        columns.append((column, known.type, known.nullable))
        value = name(column) if column in there else default[column]
        chosen.append(f"CAST({value} AS {_SQL[known.type]}) AS {name(column)}")
    for column, kind in there.items():
        if column in standard or column in CODED:
            continue
        if kind not in _CANONICAL:
            raise InputError(
                f"{source}: the column {column!r} is of type {kind}, which interactions do not have"
            )
        columns.append((column, _CANONICAL[kind], True))
        chosen.append(name(column))
    engine.keep("given", f'SELECT {", ".join(chosen)} FROM "rows given"')
    required = [column for column, _, nullable in columns if not nullable]
    missing = ", ".join(f"count(*) - count({name(column)})" for column in required)
    for column, rows in zip(required, engine.fetch(f"SELECT {missing} FROM given")[0], strict=True):
        if rows:
            raise InputError(f"{source}: {rows:,} rows have no {column}")
    return columns
