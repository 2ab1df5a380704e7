"""Exporting a corpus or task as a dataset repository: a folder that the Hub and ``load_dataset`` read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from recdata.corpora.corpus import CODED, Corpus
from recdata.corpora.plots import charts, picture
from recdata.corpora.stats import stats
from recdata.errors import InputError
from recdata.hub.card import PLOTS, card_text
from recdata.hub.configs import exported_columns, task_columns, write_recipe, write_rows
from recdata.hub.croissant import croissant
from recdata.hub.manifest import SUMS, content_of, write_export
from recdata.hub.metadata import evaluation
from recdata.hub.shards import SHARD_BYTES
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.document import protocol_files
from recdata.schema.kinds import SCHEMA_VERSION
from recdata.sources.cards import CARD, Card, load_card, read_card
from recdata.store.atomic import atomic_folder
from recdata.store.fingerprint import hashed_columns
from recdata.version import __version__


def export(
    corpus: Corpus,
    tasks: Sequence[AnyTask],
    folder: Path,
    *,
    of: AnyTask | None = None,
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
        configs = write_rows(corpus, tasks, work, shard_bytes) if rows else write_recipe(corpus, tasks, work)
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
            "tasks": {str(task.protocol["name"]): _task_entry(corpus, task) for task in tasks},
            "default": protocol or ("interactions" if "interactions" in configs else next(iter(configs), "")),
            "configs": configs,
        }
        document["content"] = content_of(document)
        manifest = write_export(work, document)
        _write_words(card, manifest, corpus, repo, work)
    return manifest


def _corpus_entry(corpus: Corpus) -> dict[str, Any]:
    manifest = corpus.manifest
    kinds = {
        kind: {
            "rows": manifest["tables"][kind]["rows"],
            "fingerprint": manifest["tables"][kind]["fingerprint"],
            "columns": exported_columns(manifest["tables"][kind]["columns"], kind),
        }
        for kind in corpus.kinds
    }
    known = ("version", "edition", "partial", "fingerprint", "counts")
    return {
        "name": manifest["corpus"],
        **{key: manifest[key] for key in known},
        "notes": manifest.get("notes", []),
        "kinds": kinds,
        **({"answers": manifest["answers"]} if "answers" in manifest else {}),
    }


def _task_entry(corpus: Corpus, task: AnyTask) -> dict[str, Any]:
    """Return what a reader needs to know of a task in order to make it again and prove it equal."""
    tables = task.manifest["tables"]
    more: dict[str, Any] = {}
    if isinstance(task, AnswerTask):
        more = {"answers": dict(task.manifest["answers"])}
        hashed = [[c["name"], c["type"], c["nullable"]] for c in task_columns(corpus, task)]
    else:
        with pq.ParquetFile(task.folder / tables["train"]["file"]) as file:
            hashed = [list(column) for column in hashed_columns(file.schema_arrow) if column[0] not in CODED]
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
        "hashed": hashed,
        **more,
    }


def _write_words(card: Card, manifest: Mapping[str, Any], corpus: Corpus, repo: str, work: Path) -> None:
    """Write what is read by people and other machines: card, Croissant, eval.yaml, protocol files, checksums."""
    import yaml

    from recdata.store.files import sha256_of

    numbers = stats(corpus)
    (work / "README.md").write_text(card_text(card, manifest, numbers, repo), encoding="utf-8", newline="\n")
    if drawn := list(charts(numbers)):
        (work / PLOTS).write_text(picture(drawn), encoding="utf-8", newline="\n")
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
