"""Canonical tables: loaded by the engine, put in canonical order, given codes, written and fingerprinted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.corpora.ahead import ahead
from recdata.corpora.ordering import Order, in_order
from recdata.corpora.progress import bar
from recdata.engines.base import UNIT, name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.schema.kinds import KINDS, Column, Kind
from recdata.store.files import file_entry
from recdata.store.fingerprint import TableHasher, bucket_of, ids_digest

CODES = (
    Column("row", "int64", False, "place in canonical order"),
    Column("user", "int32", False, "place of user_id in the sorted list of ids"),
    Column("item", "int32", False, "place of item_id in the sorted list of ids"),
)
"""What the store keeps beside the canonical columns of interactions: protocols work on these integers."""

_LONG = ("input", "profile", "target", "next_title")
"""The standard columns that hold texts of any length."""

_NARROW, _WIDE = 1 << 20, 1 << 16
_DUCK_TYPES = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
}


def load(engine: DuckEngine, kind: Kind, select: str, unique: tuple[str, ...]) -> Kind:
    """Name ``raw <kind>`` the rows of ``select``, computed once, and return the kind of what it holds.

    Long texts are left out of it where the table can be ordered without them: ``whole <kind>`` has them, computed
    where it is used.
    """

    def casts(columns: tuple[Column, ...]) -> str:
        cast = (f"CAST({name(c.name)} AS {duck_type(c.type)}) AS {name(c.name)}" for c in columns)
        return f"SELECT {', '.join(cast)} FROM ({select})"

    short = tuple(column for column in kind.columns if not _long(kind, column, unique))
    engine.keep(f"raw {kind.name}", casts(short))
    if len(short) < len(kind.columns):
        engine.view(f"whole {kind.name}", casts(kind.columns))
    else:
        engine.view(f"whole {kind.name}", f"SELECT * FROM {name(f'raw {kind.name}')}")
    return Kind(kind.name, kind.about, short, kind.key)


def _long(kind: Kind, column: Column, unique: tuple[str, ...]) -> bool:
    """Say whether a column may hold long texts, which the order and the checks of its table do not need."""
    if not (kind.key or kind.name == "interactions") or column.name in (*kind.key, *unique):
        return False
    if column.name in {standard.name for standard in KINDS[kind.name].columns}:
        return column.name in _LONG
    return column.type.startswith(("string", "list", "struct")) and not column.name.endswith("_id")


def duck_type(text: str) -> str:
    """Return DuckDB's name of a canonical type.

    >>> duck_type("list<struct<word: string, weight: float64>>")
    'STRUCT("word" VARCHAR, "weight" DOUBLE)[]'
    """
    from recdata.schema.kinds import arrow_type

    def spell(kind: pa.DataType) -> str:
        if pa.types.is_list(kind):
            return spell(kind.value_type) + "[]"
        if pa.types.is_struct(kind):
            return "STRUCT(" + ", ".join(f"{name(field.name)} {spell(field.type)}" for field in kind) + ")"
        if pa.types.is_timestamp(kind):
            return "TIMESTAMPTZ"
        names = {pa.float32(): "FLOAT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN", pa.string(): "VARCHAR"}
        return names.get(kind) or _DUCK_TYPES[str(kind)]

    return spell(arrow_type(text))


def write_interactions(
    engine: DuckEngine, kind: Kind, work: Path, long: bool, unique: tuple[str, ...]
) -> dict[str, Any]:
    """Number users and items in sorted id order, put the rows in canonical order, write and fingerprint them.

    Canonical order: by user, timestamp (unknown first), the corpus's own ``position`` where it has one, the first 15
    hex digits of the MD5 of (user id, item id), item, then the remaining columns as declared. long: whether the table
    has long texts, which do not fit into memory. unique: the columns whose combination was found to occur once.
    """
    digests, totals = {}, {}
    for entity in ("user", "item"):
        engine.keep(
            f"{entity} codes",
            f"SELECT {entity}_id, CAST(row_number() OVER (ORDER BY {entity}_id) - 1 AS INTEGER) AS {entity} "
            f'FROM (SELECT DISTINCT {entity}_id FROM "raw interactions")',
        )
        ids = engine.connection.sql(
            f'SELECT {entity}_id FROM "{entity} codes" ORDER BY {entity}'
        ).to_arrow_table()
        ids = ids.column(0).combine_chunks().cast(pa.string())
        totals[entity], digests[entity] = len(ids), ids_digest(ids)
        pq.write_table(pa.table({f"{entity}_id": ids}), work / f"{entity}_ids.parquet", compression="zstd")
    own = [column.name for column in kind.columns]
    tie = f"substr(md5(user_id || {quote(UNIT)} || item_id), 1, 15)"
    first = ["user", "timestamp NULLS FIRST"]
    first += ["position NULLS FIRST"] if "position" in own else []
    first += [f"('0x' || {tie})::BIGINT", "item"]
    rest = [f"{name(c)} NULLS FIRST" for c in own if c not in ("user_id", "item_id", "timestamp", "position")]
    select = (
        f'SELECT {", ".join(map(name, own))}, user, item FROM "whole interactions" '
        'JOIN "user codes" USING (user_id) JOIN "item codes" USING (item_id)'
    )
    hashed = [("user", "int32", False), ("item", "int32", False)]
    hashed += [(c.name, c.type, c.nullable) for c in kind.columns if c.name not in ("user_id", "item_id")]
    hasher = TableHasher(hashed)
    whole = Kind(kind.name, kind.about, (*kind.columns, *CODES))
    place = 0

    def numbered(batch: pa.RecordBatch) -> list[pa.Array]:
        nonlocal place
        arrays = [batch.column(c.name) for c in (*kind.columns, *CODES) if c.name != "row"]
        arrays.insert(len(kind.columns), pa.array(np.arange(place, place + len(batch))))
        place += len(batch)
        return arrays

    path = work / "interactions.parquet"
    total = _count(engine, kind)
    pairs = _count_pairs(engine, total, unique)
    if long:
        engine.drop("raw interactions")  # its memory is of more use to the texts
    if long:
        batches = in_order(engine, select, Order(first, rest), "user", totals["user"], total)
    else:
        batches = engine.batches(f"{select} ORDER BY {Order(first, rest)}", _NARROW)
    for table in _written(path, whole, map(numbered, ahead(batches)), total):
        bucket = bucket_of(table.column("user").to_numpy(), totals["user"])
        hasher.update(bucket, [table.column(column[0]) for column in hashed])
    entry = _entry(path, whole, hasher, user_ids=digests["user"], item_ids=digests["item"])
    return entry | {"users": totals["user"], "items": totals["item"], "pairs": pairs}


def _count_pairs(engine: DuckEngine, rows: int, unique: tuple[str, ...]) -> int:
    """Count the distinct (user, item) pairs; where the card promises that none repeats, that was checked."""
    if set(unique) == {"user_id", "item_id"}:
        return rows
    pairs = (
        'SELECT DISTINCT user, item FROM "raw interactions" '
        'JOIN "user codes" USING (user_id) JOIN "item codes" USING (item_id)'
    )
    return int(engine.fetch(f"SELECT count(*) FROM ({pairs})")[0][0])


def write_table(
    engine: DuckEngine, kind: Kind, work: Path, long: bool, unique: tuple[str, ...]
) -> dict[str, Any]:
    """Sort a table by its key and then by every column, write and fingerprint it; as ``write_interactions``."""
    del unique
    names = [column.name for column in kind.columns]
    columns, total = ", ".join(map(name, names)), _count(engine, kind)
    if long:
        key = ", ".join(map(name, kind.key))
        raw, places = name(f"raw {kind.name}"), name(f"{kind.name} places")
        engine.keep(
            f"{kind.name} places", f"SELECT {key}, row_number() OVER (ORDER BY {key}) - 1 AS place FROM {raw}"
        )
        select = f"SELECT {columns}, place FROM {name(f'whole {kind.name}')} JOIN {places} USING ({key})"
        batches = in_order(engine, select, Order(["place"]), "place", total, total)
    else:
        order = ", ".join(f"{name(c)} NULLS FIRST" for c in dict.fromkeys((*kind.key, *names)))
        select = f"SELECT {columns} FROM {name(f'raw {kind.name}')} ORDER BY {order}"
        batches = engine.batches(select, _size(kind))
    hasher = TableHasher([(c.name, c.type, c.nullable) for c in kind.columns])
    path = work / f"{kind.name}.parquet"
    for table in _written(path, kind, ([b.column(c) for c in names] for b in ahead(batches)), total):
        bucket = bucket_of(np.arange(hasher.rows, hasher.rows + len(table)), total)
        hasher.update(bucket, table.columns)
    return _entry(path, kind, hasher)


def _count(engine: DuckEngine, kind: Kind) -> int:
    return int(engine.fetch(f"SELECT count(*) FROM {name(f'raw {kind.name}')}")[0][0])


def _written(
    path: Path, kind: Kind, batches: Iterator[list[pa.Array]], total: int
) -> Iterator[pa.RecordBatch]:
    """Write a table in a thread of its own, and hand on what was written, with a bar on standard error if that is seen.

    Raises InputError where the rows are not ``total``: what gave them gave others the second time.
    """
    with bar(f"writing {kind.name}", total) as shown:
        rows = 0
        for batch in ahead(_write(path, kind, batches)):
            rows += len(batch)
            shown.update(len(batch))
            yield batch
    if rows != total:
        raise InputError(
            f"{kind.name}: {total:,} rows were read first and {rows:,} then; did a raw file change?"
        )


def _size(kind: Kind) -> int:
    """Return how many rows a row group holds: fewer where columns hold texts of any length."""
    wide = any(
        c.type.startswith(("string", "list", "struct")) and not c.name.endswith("_id") for c in kind.columns
    )
    return _WIDE if wide and kind.name != "interactions" else _NARROW


def _write(path: Path, kind: Kind, batches: Iterator[list[pa.Array]]) -> Iterator[pa.RecordBatch]:
    """Write batches as Parquet in the kind's own types, and hand each on as it was written."""
    schema = kind.arrow_schema()
    light = {"row", "user", "item", "timestamp", "rating"}
    codecs = {c.name: "lz4" if c.name in light else "zstd" for c in kind.columns if not _nested(c.type)}
    options: dict[str, Any] = {"use_dictionary": True, "compression": "zstd"}
    if kind.name == "interactions":
        # Codes and times are read on every split: encodings that decode at the speed of memory.
        plain = [
            c.name for c in kind.columns if c.name not in ("row", "item", "timestamp") and not _nested(c.type)
        ]
        options = {"use_dictionary": plain, "column_encoding": {"row": "DELTA_BINARY_PACKED"}}
        options["compression"] = codecs if len(codecs) == len(kind.columns) else "zstd"
    with pq.ParquetWriter(path, schema, store_schema=False, **options) as writer:
        for arrays in batches:
            cast = [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)]
            for array, field in zip(cast, schema, strict=True):
                if array.null_count and not field.nullable:
                    raise InputError(
                        f"{kind.name}: {array.null_count:,} or more rows where {field.name} is null"
                    )
            batch = pa.record_batch(cast, schema=schema)
            writer.write_batch(batch, row_group_size=max(len(batch), 1))
            yield batch


def _nested(type_text: str) -> bool:
    return type_text.startswith(("list", "struct"))


def _entry(path: Path, kind: Kind, hasher: TableHasher, **more: str) -> dict[str, Any]:
    """Return what the manifest says of a table."""
    columns = [
        {"name": c.name, "type": c.type, "nullable": c.nullable, "about": c.about} for c in kind.columns
    ]
    return {
        **file_entry(path),
        "rows": hasher.rows,
        "columns": columns,
        "fingerprint": hasher.fingerprint(**more),
        "buckets": hasher.buckets(),
    }
