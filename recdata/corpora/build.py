"""Building a corpus: raw files to canonical tables, checked, in canonical order, with codes and fingerprints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.corpora.check import check_counts, check_tables
from recdata.engines.base import UNIT, name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.schema.kinds import KINDS, SCHEMA_VERSION, Column, Kind
from recdata.sources.cards import CARD, Card
from recdata.sources.fetch import RawFiles, obtain
from recdata.store.atomic import atomic_folder
from recdata.store.files import file_entry
from recdata.store.fingerprint import TableHasher, bucket_of, digest, ids_digest
from recdata.store.lock import locked
from recdata.store.manifest import read_manifest, write_manifest
from recdata.store.paths import corpora
from recdata.version import __version__

Reader = Callable[[Card, RawFiles, DuckEngine], Mapping[str, str]]
"""What a family module exports as ``read``: record kind to the SELECT of its canonical columns."""

CODES = (
    Column("row", "int64", False, "place in canonical order"),
    Column("user", "int32", False, "place of user_id in the sorted list of ids"),
    Column("item", "int32", False, "place of item_id in the sorted list of ids"),
)
"""What the store keeps beside the canonical columns of interactions: protocols work on these integers."""

_NARROW, _WIDE = 1 << 20, 1 << 16
_DUCK_TYPES = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
}


def build(
    card: Card,
    from_path: Path | None = None,
    *,
    allow_partial: bool = False,
    rebuild: bool = False,
    skip_bad_rows: int = 0,
    folder: Path | None = None,
    threads: int | None = None,
) -> Path:
    """Build the corpus of ``card`` into the store (or ``folder``), unless it is there, and return its folder.

    from_path: a folder or archive of raw files. allow_partial: accept counts other than the card's (samples); the
    manifest says so. rebuild: build again, in place of what is there. skip_bad_rows: how many rows that cannot be read
    may be left out; the manifest lists them, and says that the corpus is partial where there are any. Raises
    MissingError where raw files cannot be had, InputError where they are wrong, MismatchError where counts or checksums
    are not the card's.
    """
    folder = folder or corpora() / f"{card.name}@{card.version}"
    with locked(folder):
        if not rebuild and (folder / "manifest.json").is_file() and _same_card(card, folder):
            return folder
        with (
            obtain(card, from_path) as raw,
            DuckEngine(threads, skip_bad_rows) as engine,
            atomic_folder(folder, replace=True) as work,
        ):
            _build_tables(card, raw, engine, work, allow_partial)
            if not card.shipped:
                shutil.copyfile(card.source, work / CARD)
    return folder


def _same_card(card: Card, folder: Path) -> bool:
    """Say whether what stands in ``folder`` was built from this card: one outside the package may have been edited."""
    kept = folder / CARD
    return card.shipped or (kept.is_file() and kept.read_bytes() == card.source.read_bytes())


def kind_of(card: Card, kind: str) -> Kind:
    """Return a record kind with the columns that the corpus adds to it. Raises InputError for an unknown kind."""
    if kind not in KINDS:
        raise InputError(f"card {card.name}: {kind!r} is not a record kind of schema {SCHEMA_VERSION}")
    extended = KINDS[kind].with_extra(card.extra_columns(kind))
    return replace(extended, key=card.key(kind) or extended.key)


def _build_tables(card: Card, raw: RawFiles, engine: DuckEngine, work: Path, allow_partial: bool) -> None:
    reader: Reader = import_module(f"recdata.corpora.{card.family}").read
    kinds = {}
    for kind_name, select in reader(card, raw, engine).items():
        kind = kinds[kind_name] = kind_of(card, kind_name)
        casts = ", ".join(
            f"CAST({name(c.name)} AS {duck_type(c.type)}) AS {name(c.name)}" for c in kind.columns
        )
        engine.keep(f"raw {kind_name}", f"SELECT {casts} FROM ({select})")
    if not kinds:
        raise InputError(f"card {card.name}: family {card.family} gave no record kind")
    left_out = engine.bad_rows.documents()
    allow_partial = allow_partial or bool(left_out)
    check_tables(card, kinds, engine, allow_partial)

    tables = {}
    for kind_name, kind in kinds.items():
        write = _write_interactions if kind_name == "interactions" else _write_table
        tables[kind_name] = write(engine, kind, work)
    counts = {kind: table["rows"] for kind, table in tables.items()}
    entities = ("user", "item") if "interactions" in kinds else ()
    for entity in entities:
        counts[f"interacting_{entity}s"] = tables["interactions"].pop(f"{entity}s")
    if entities:
        counts["pairs"] = _count_pairs(engine, counts["interactions"], card.unique("interactions"))
    edition, differences = check_counts(card, counts, allow_partial)
    if left_out:
        differences.append(f"rows that could not be read and were left out: {len(left_out):,}")
    write_manifest(
        work,
        {
            "document": "corpus",
            "name": f"{card.name}@{card.version}",
            "corpus": card.name,
            "version": card.version,
            "edition": edition,
            "partial": bool(differences),
            "schema_version": SCHEMA_VERSION,
            "fingerprint": digest({kind: table["fingerprint"] for kind, table in tables.items()}),
            "counts": counts,
            "tables": tables,
            "ids": {f"{entity}_ids": file_entry(work / f"{entity}_ids.parquet") for entity in entities},
            "provenance": list(raw.provenance),
            "notes": differences,
            "skipped": left_out,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "recdata": __version__,
        },
    )


def _count_pairs(engine: DuckEngine, rows: int, unique: tuple[str, ...]) -> int:
    """Count the distinct (user, item) pairs; where the card promises that none repeats, that was checked."""
    if set(unique) == {"user_id", "item_id"}:
        return rows
    pairs = (
        'SELECT DISTINCT user, item FROM "raw interactions" '
        'JOIN "user codes" USING (user_id) JOIN "item codes" USING (item_id)'
    )
    return int(engine.fetch(f"SELECT count(*) FROM ({pairs})")[0][0])


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


def _write_interactions(engine: DuckEngine, kind: Kind, work: Path) -> dict[str, Any]:
    """Number users and items in sorted id order, put the rows in canonical order, write and fingerprint them.

    Canonical order: by user, timestamp (unknown first), the corpus's own ``position`` where it has one, the first 15
    hex digits of the MD5 of (user id, item id), item, then the remaining columns as declared.
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
    rest = [f"{name(c)} NULLS FIRST" for c in own if c not in ("user_id", "item_id", "timestamp", "position")]
    order = ["user", "timestamp NULLS FIRST"]
    order += ["position NULLS FIRST"] if "position" in own else []
    order += [f"('0x' || {tie})::BIGINT", "item", *rest]
    select = (
        f'SELECT {", ".join(map(name, own))}, user, item FROM "raw interactions" '
        f'JOIN "user codes" USING (user_id) JOIN "item codes" USING (item_id) ORDER BY {", ".join(order)}'
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
    for table in _write(path, whole, map(numbered, engine.batches(select, _size(kind)))):
        bucket = bucket_of(table.column("user").to_numpy(), totals["user"])
        hasher.update(bucket, [table.column(column[0]) for column in hashed])
    entry = _entry(path, whole, hasher, user_ids=digests["user"], item_ids=digests["item"])
    return entry | {"users": totals["user"], "items": totals["item"]}


def _write_table(engine: DuckEngine, kind: Kind, work: Path) -> dict[str, Any]:
    """Sort a table by its key and then by every column, write and fingerprint it."""
    names = [column.name for column in kind.columns]
    order = ", ".join(f"{name(c)} NULLS FIRST" for c in dict.fromkeys((*kind.key, *names)))
    relation = name(f"raw {kind.name}")
    total = int(engine.fetch(f"SELECT count(*) FROM {relation}")[0][0])
    select = f"SELECT {', '.join(map(name, names))} FROM {relation} ORDER BY {order}"
    hasher = TableHasher([(c.name, c.type, c.nullable) for c in kind.columns])
    path = work / f"{kind.name}.parquet"
    batches = ([batch.column(c) for c in names] for batch in engine.batches(select, _size(kind)))
    for table in _write(path, kind, batches):
        bucket = bucket_of(np.arange(hasher.rows, hasher.rows + len(table)), total)
        hasher.update(bucket, table.columns)
    return _entry(path, kind, hasher)


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


def open_corpus(card_name: str, version: str) -> Mapping[str, Any] | None:
    """Return the manifest of a built corpus, None where it is not built."""
    folder = corpora() / f"{card_name}@{version}"
    return read_manifest(folder) if (folder / "manifest.json").is_file() else None
