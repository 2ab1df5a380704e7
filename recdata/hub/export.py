"""Exporting a corpus or task as a dataset repository: a folder that the Hub and ``load_dataset`` read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recdata.corpora.corpus import Corpus
from recdata.errors import InputError
from recdata.hub.card import card_text
from recdata.hub.croissant import croissant
from recdata.hub.manifest import content_of, write_export
from recdata.hub.membership import membership, membership_key
from recdata.hub.metadata import evaluation
from recdata.hub.shards import ROW_GROUP, SHARD_BYTES, WIDE_GROUP, write_shards
from recdata.hub.statistics import statistics
from recdata.protocol.document import protocol_files
from recdata.protocol.task import Task
from recdata.schema.kinds import KINDS, SCHEMA_VERSION, arrow_type
from recdata.sources.cards import CARD, Card, load_card, read_card
from recdata.store.atomic import atomic_folder
from recdata.store.fingerprint import hashed_columns
from recdata.version import __version__

SUMS = "SHA256SUMS"
_CODES = ("row", "user", "item")
_ID = {"type": "string", "nullable": False}
_MEMBER = [{"name": "pair", **_ID, "about": "keyed hash of a distinct (user, item) pair of the part"}]
_CANDIDATE = [
    {"name": "user_id", **_ID, "about": "who is asked about"},
    {"name": "item_id", **_ID, "about": "what is ranked for the user"},
]


def export(
    corpus: Corpus,
    tasks: Sequence[Task],
    folder: Path,
    *,
    of: Task | None = None,
    permission: str | None = None,
    repo: str = "ORG/NAME",
    shard_bytes: int = SHARD_BYTES,
) -> dict[str, Any]:
    """Write ``corpus`` and its ``tasks`` to ``folder`` as a dataset repository, and return its manifest.

    of: the task that the folder is about; None where it is about the corpus. permission: who allowed rows of a corpus to be
    published whose licence does not; without it such a corpus is written as a recipe, without rows. repo: where the folder
    will stand on the Hub, as its card tells readers. A folder that was exported before
    is replaced. Raises InputError where ``folder`` holds something else.
    """
    own = corpus.folder / CARD
    card = read_card(own) if own.is_file() else load_card(corpus.manifest["corpus"])
    if card.version != corpus.manifest["version"]:
        raise InputError(f"{corpus.name} is built, but its card is at version {card.version}; build that one")
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMS).is_file():
        raise InputError(f"{folder} is not empty and was not exported by recdata; choose another folder")
    licence = card.licence
    rows = licence.may_redistribute or permission is not None
    with atomic_folder(folder, replace=True) as work:
        configs = (
            _write_rows(corpus, tasks, work, shard_bytes) if rows else _write_recipe(corpus, tasks, work)
        )
        name = (of or corpus).name
        fingerprint = (of or corpus).fingerprint
        protocol = str(of.protocol["name"]) if of else None
        document = {
            "document": "export",
            "name": name,
            "title": card.title,
            "version": card.version,
            "tag": f"v{card.version}" + (f"-{protocol}.{of.protocol['version']}" if of else ""),
            "schema_version": SCHEMA_VERSION,
            "recdata": __version__,
            "fingerprint": fingerprint,
            "rows": rows,
            "permission": None if licence.may_redistribute else permission,
            "licence": {k: v for k, v in dataclasses.asdict(licence).items() if v is not None},
            "corpus": _corpus_entry(corpus),
            "changes": [dict(change) for change in card.changes],
            "provenance": [dict(entry) for entry in corpus.manifest["provenance"]],
            "tasks": {str(task.protocol["name"]): _task_entry(task) for task in tasks},
            "default": protocol or ("interactions" if "interactions" in configs else next(iter(configs), "")),
            "configs": configs,
        }
        document["content"] = content_of(document)
        manifest = write_export(work, document)
        _write_words(card, manifest, corpus, repo, work)
    return manifest


def _write_rows(
    corpus: Corpus, tasks: Sequence[Task], work: Path, shard_bytes: int
) -> dict[str, dict[str, Any]]:
    configs = {}
    for kind in corpus.kinds:
        entry = corpus.manifest["tables"][kind]
        columns = _columns(entry["columns"], kind)
        batches = _batches(corpus.folder / entry["file"], [c["name"] for c in columns])
        configs[kind] = _config(work, kind, "kind", kind, columns, {"full": batches}, shard_bytes)
    declared = {c["name"]: c for c in corpus.manifest["tables"].get("interactions", {}).get("columns", ())}
    declared |= {
        c.name: dataclasses.asdict(c) for c in KINDS["interactions"].optional if c.name not in declared
    }
    for task in tasks:
        name = str(task.protocol["name"])
        parts = [part for part, entry in task.manifest["parts"].items() if entry["rows"]]
        columns = [dict(declared[column]) for column in task.to_arrow(parts[-1]).schema.names]
        splits = {part: _part(task, part) for part in parts}
        configs[name] = _config(work, name, "parts", name, columns, splits, shard_bytes)
        pairs = task.candidates()
        if pairs is not None:
            table = pa.table(
                {
                    "user_id": task.user_ids.take(pa.array(pairs.user)),
                    "item_id": task.item_ids.take(pa.array(pairs.item)),
                }
            )
            fixed = {"test": table.to_batches()}
            configs[f"{name}-candidates"] = _config(
                work, f"{name}-candidates", "candidates", name, _CANDIDATE, fixed, shard_bytes
            )
    return configs


def _write_recipe(corpus: Corpus, tasks: Sequence[Task], work: Path) -> dict[str, dict[str, Any]]:
    configs = {}
    key = membership_key(corpus.folder / corpus.manifest["tables"]["interactions"]["file"]) if tasks else b""
    for task in tasks:
        name = str(task.protocol["name"])
        parts = [part for part, entry in task.manifest["parts"].items() if entry["rows"]]
        splits = {part: membership(task, part, key).to_batches() for part in parts}
        configs[name] = _config(work, name, "membership", name, _MEMBER, splits, SHARD_BYTES)
    return configs


def _config(
    work: Path,
    name: str,
    holds: str,
    of: str,
    columns: Sequence[Mapping[str, Any]],
    splits: Mapping[str, Any],
    shard_bytes: int,
) -> dict[str, Any]:
    schema = pa.schema([pa.field(c["name"], arrow_type(c["type"]), nullable=c["nullable"]) for c in columns])
    texts = any(c["type"].startswith(("list", "struct")) for c in columns) or (
        holds == "kind" and of != "interactions"
    )
    written = {
        split: write_shards(
            work,
            f"data/{name}/{split}",
            schema,
            batches,
            shard_bytes=shard_bytes,
            group_rows=WIDE_GROUP if texts else ROW_GROUP,
        )
        for split, batches in splits.items()
    }
    return {"holds": holds, "of": of, "columns": [dict(column) for column in columns], "splits": written}


def _part(task: Task, part: str) -> Iterator[pa.RecordBatch]:
    """Yield a part's rows; it is decoded only when it is written, so that one part is in memory at a time."""
    yield from task.to_arrow(part).to_batches()


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1 << 16, columns=columns):
            yield batch.select(columns)


def _columns(columns: Sequence[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [dict(column) for column in columns if kind != "interactions" or column["name"] not in _CODES]


def _corpus_entry(corpus: Corpus) -> dict[str, Any]:
    manifest = corpus.manifest
    kinds = {
        kind: {
            "rows": manifest["tables"][kind]["rows"],
            "fingerprint": manifest["tables"][kind]["fingerprint"],
            "columns": _columns(manifest["tables"][kind]["columns"], kind),
        }
        for kind in corpus.kinds
    }
    known = ("version", "edition", "partial", "fingerprint", "counts")
    return {
        "name": manifest["corpus"],
        **{key: manifest[key] for key in known},
        "notes": manifest.get("notes", []),
        "kinds": kinds,
    }


def _task_entry(task: Task) -> dict[str, Any]:
    """Return what a reader needs to know of a task in order to make it again and prove it equal."""
    tables = task.manifest["tables"]
    with pq.ParquetFile(task.folder / tables["train"]["file"]) as file:
        hashed = [list(column) for column in hashed_columns(file.schema_arrow)]
    parts = {
        part: {"rows": tables[part]["rows"], "fingerprint": tables[part]["fingerprint"]}
        for part in (*task.manifest["parts"], *(["candidates"] if "candidates" in tables else []))
    }
    return {
        "name": task.name,
        "fingerprint": task.fingerprint,
        "protocol": dict(task.protocol),
        "parts": parts,
        "counts": dict(task.manifest["counts"]),
        "hashed": [column for column in hashed if column[0] not in _CODES],
    }


def _write_words(card: Card, manifest: Mapping[str, Any], corpus: Corpus, repo: str, work: Path) -> None:
    """Write what is read by people and other machines: card, Croissant, eval.yaml, protocol files, checksums."""
    import yaml

    from recdata.store.files import sha256_of

    facts = statistics(corpus.folder, corpus.manifest)
    (work / "README.md").write_text(card_text(card, manifest, facts, repo), encoding="utf-8", newline="\n")
    if manifest["configs"]:
        document = json.dumps(croissant(card, manifest), indent=2, ensure_ascii=False) + "\n"
        (work / "croissant.json").write_text(document, encoding="utf-8", newline="\n")
    if manifest["tasks"] and manifest["rows"]:
        tasks = evaluation(manifest, card.description)
        text = yaml.safe_dump(tasks, sort_keys=False, allow_unicode=True, width=1000)
        (work / "eval.yaml").write_text(text, encoding="utf-8", newline="\n")
    files = protocol_files()
    for name, task in manifest["tasks"].items():
        version = int(task["protocol"]["version"])
        source = files[name][version]
        (work / "protocols").mkdir(exist_ok=True)
        (work / "protocols" / source.name).write_bytes(source.read_bytes())
    written = sorted(path for path in work.rglob("*") if path.is_file())
    sums = [f"{sha256_of(path)}  {path.relative_to(work).as_posix()}" for path in written]
    (work / SUMS).write_text("\n".join(sums) + "\n", encoding="utf-8", newline="\n")
