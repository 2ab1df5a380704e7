"""Published rows into the store: the tables as a build would have left them, proved equal by their fingerprints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recdata.corpora.tables import CODES
from recdata.errors import MismatchError
from recdata.schema.kinds import SCHEMA_VERSION, arrow_type
from recdata.store.arrays import filled
from recdata.store.atomic import atomic_folder
from recdata.store.files import file_entry
from recdata.store.fingerprint import TableHasher, bucket_of, digest, ids_digest
from recdata.store.lock import locked
from recdata.store.manifest import read_manifest, write_manifest
from recdata.store.paths import corpora
from recdata.version import __version__

_BATCH = 1 << 16
_GROUP = 1 << 20
_WIDE_GROUP = 1 << 16


def stored(manifest: Mapping[str, Any]) -> Path | None:
    """Return the folder of the store that has the corpus of an export's manifest already; None where none has.

    Raises MismatchError where the store has another build under that name.
    """
    corpus = manifest["corpus"]
    folder = corpora() / f"{corpus['name']}@{corpus['version']}"
    if not (folder / "manifest.json").is_file():
        return None
    here = read_manifest(folder)["fingerprint"]
    if here != corpus["fingerprint"]:
        raise MismatchError(
            f"the store has another build of {corpus['name']}@{corpus['version']} in {folder}: fingerprint {here[:12]}, "
            f"published {corpus['fingerprint'][:12]}; remove that folder, or set RECDATA_HOME to another one"
        )
    return folder


def install(
    manifest: Mapping[str, Any], files: Mapping[str, Sequence[Path]], provenance: Sequence[Mapping[str, Any]]
) -> Path:
    """Write the corpus of an export's manifest to the store from its Parquet files, and return the folder.

    files: record kind to its shards in order. Nothing is left in the store where a fingerprint differs from the
    manifest's: that raises MismatchError.
    """
    corpus = manifest["corpus"]
    folder = corpora() / f"{corpus['name']}@{corpus['version']}"
    with locked(folder):
        there = stored(manifest)
        if there is not None:
            return there
        with atomic_folder(folder) as work:
            tables: dict[str, Any] = {}
            ids: dict[str, Any] = {}
            for kind, entry in corpus["kinds"].items():
                if kind == "interactions":
                    tables[kind], ids = _interactions(work, files[kind], entry["columns"])
                else:
                    tables[kind] = _table(work, kind, files[kind], entry["columns"], entry["rows"])
                found = tables[kind]["fingerprint"]
                if found != entry["fingerprint"]:
                    raise MismatchError(
                        f"{manifest['name']}, {kind}: the published rows have the fingerprint {found[:12]}, the manifest "
                        f"says {entry['fingerprint'][:12]}: these are not the rows that were published"
                    )
            fingerprint = digest({kind: table["fingerprint"] for kind, table in tables.items()})
            if fingerprint != corpus["fingerprint"]:
                raise MismatchError(
                    f"{manifest['name']}: its tables give the fingerprint {fingerprint[:12]}, not "
                    f"{corpus['fingerprint'][:12]} as its manifest says"
                )
            write_manifest(
                work,
                {
                    "document": "corpus",
                    "name": f"{corpus['name']}@{corpus['version']}",
                    "corpus": corpus["name"],
                    "version": corpus["version"],
                    "edition": corpus["edition"],
                    "partial": corpus["partial"],
                    "schema_version": SCHEMA_VERSION,
                    "fingerprint": fingerprint,
                    "counts": corpus["counts"],
                    **({"answers": corpus["answers"]} if "answers" in corpus else {}),
                    "tables": tables,
                    "ids": ids,
                    "provenance": [*manifest["provenance"], *provenance],
                    "notes": corpus["notes"],
                    "skipped": [],
                    "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                    "recdata": __version__,
                },
            )
    return folder


def _batches(files: Sequence[Path], columns: list[str], size: int = _BATCH) -> Iterator[pa.RecordBatch]:
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(size, columns=columns):
                yield batch.select(columns)


def _schema(columns: Sequence[Mapping[str, Any]]) -> pa.Schema:
    return pa.schema([pa.field(c["name"], arrow_type(c["type"]), nullable=c["nullable"]) for c in columns])


def _table(
    work: Path, kind: str, files: Sequence[Path], columns: Sequence[Mapping[str, Any]], rows: int
) -> dict[str, Any]:
    """Write a record kind as it comes, since published rows stand in canonical order, and fingerprint it."""
    hasher = TableHasher([(c["name"], c["type"], c["nullable"]) for c in columns])
    schema = _schema(columns)
    path = work / f"{kind}.parquet"
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for batch in _batches(files, schema.names, _WIDE_GROUP):
            whole = pa.record_batch(
                [c.cast(f.type) for c, f in zip(batch, schema, strict=True)], schema=schema
            )
            place = np.minimum(np.arange(hasher.rows, hasher.rows + len(whole)), max(rows - 1, 0))
            hasher.update(bucket_of(place, rows), whole.columns)
            writer.write_batch(whole)
    return _entry(path, hasher, columns)


def _interactions(
    work: Path, files: Sequence[Path], columns: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write interactions with the store's integer codes beside the ids, and the lists of ids."""
    ids, entries = {}, {}
    for entity in ("user", "item"):
        chunks = [pc.unique(batch.column(0)) for batch in _batches(files, [f"{entity}_id"])]
        found = pc.unique(pa.chunked_array(chunks, pa.string()))
        ids[entity] = found.take(pc.array_sort_indices(found))
        path = work / f"{entity}_ids.parquet"
        pq.write_table(pa.table({f"{entity}_id": ids[entity]}), path, compression="zstd")
        entries[f"{entity}_ids"] = file_entry(path)
    codes = [{"name": c.name, "type": c.type, "nullable": c.nullable, "about": c.about} for c in CODES]
    whole = [*columns, *codes]
    schema = _schema(whole)
    rest = [(c["name"], c["type"], c["nullable"]) for c in columns if c["name"] not in ("user_id", "item_id")]
    hasher = TableHasher([("user", "int32", False), ("item", "int32", False), *rest])
    path = work / "interactions.parquet"
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for batch in _batches(files, [c["name"] for c in columns], _GROUP):
            arrays = {c["name"]: batch.column(c["name"]).cast(arrow_type(c["type"])) for c in columns}
            for entity in ("user", "item"):
                arrays[entity] = pc.index_in(arrays[f"{entity}_id"], ids[entity]).cast(pa.int32())
            arrays["row"] = pa.array(np.arange(hasher.rows, hasher.rows + len(batch)))
            bucket = bucket_of(filled(arrays["user"], -1), len(ids["user"]))
            if len(bucket) and bool((np.diff(bucket) < 0).any()):
                raise MismatchError("the published interactions do not stand in canonical order")
            hasher.update(bucket, [arrays["user"], arrays["item"], *(arrays[name] for name, _, _ in rest)])
            writer.write_batch(pa.record_batch([arrays[name] for name in schema.names], schema=schema))
    digests = {f"{entity}_ids": ids_digest(values) for entity, values in ids.items()}
    return _entry(path, hasher, whole, **digests), entries


def _entry(
    path: Path, hasher: TableHasher, columns: Sequence[Mapping[str, Any]], **more: str
) -> dict[str, Any]:
    return {
        **file_entry(path),
        "rows": hasher.rows,
        "columns": [dict(column) for column in columns],
        "fingerprint": hasher.fingerprint(**more),
        "buckets": hasher.buckets(),
    }
