"""The configs of an exported folder: Parquet files of each record kind and each task, or of a recipe's hashes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recdata.corpora.corpus import CODED, Corpus
from recdata.hub.membership import MEMBERS, membership, membership_key
from recdata.hub.shards import ROW_GROUP, SHARD_BYTES, WIDE_GROUP, write_shards
from recdata.protocol.answers import PICKED, AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.schema.kinds import KINDS, arrow_type

_ID = {"type": "string", "nullable": False}
_CANDIDATE = [
    {"name": "user_id", **_ID, "about": "who is asked about"},
    {"name": "item_id", **_ID, "about": "what is ranked for the user"},
]
_PICKED = {
    "name": PICKED,
    "type": "list<int32>",
    "nullable": False,
    "about": "the places, from 0, that the entries of profile have in the publisher's profile",
}

Configs = dict[str, dict[str, Any]]


def write_rows(corpus: Corpus, tasks: Sequence[AnyTask], work: Path, shard_bytes: int) -> Configs:
    """Write a config for each record kind, called by its name, and for each task, called by its protocol's."""
    configs = {}
    for kind in corpus.kinds:
        entry = corpus.manifest["tables"][kind]
        columns = exported_columns(entry["columns"], kind)
        batches = _batches(corpus.folder / entry["file"], [c["name"] for c in columns])
        configs[kind] = _config(work, kind, "kind", kind, columns, {"full": batches}, shard_bytes)
    for task in tasks:
        name = str(task.protocol["name"])
        splits = {part: _part(task, part) for part in filled_parts(task)}
        configs[name] = _config(work, name, "parts", name, task_columns(corpus, task), splits, shard_bytes)
        if isinstance(task, Task) and (pairs := task.candidates()) is not None:
            table = pa.table(
                {
                    "user_id": task.user_ids.take(pa.array(pairs.user)),
                    "item_id": task.item_ids.take(pa.array(pairs.item)),
                }
            )
            fixed, place = {"test": table.to_batches()}, f"{name}-candidates"
            configs[place] = _config(work, place, "candidates", name, _CANDIDATE, fixed, shard_bytes)
    return configs


def write_recipe(corpus: Corpus, tasks: Sequence[AnyTask], work: Path) -> Configs:
    """Write a config for each task, called by its protocol's name, that holds the hashes of what is in each part."""
    configs = {}
    keys = {}
    for task in tasks:
        name, kind = (
            str(task.protocol["name"]),
            "examples" if isinstance(task, AnswerTask) else "interactions",
        )
        if kind not in keys:
            keys[kind] = membership_key(corpus.folder / corpus.manifest["tables"][kind]["file"], kind)
        splits = {part: membership(task, part, keys[kind]).to_batches() for part in filled_parts(task)}
        column, about = MEMBERS[kind]
        columns = [{"name": column, **_ID, "about": about}]
        configs[name] = _config(work, name, "membership", name, columns, splits, SHARD_BYTES)
    return configs


def filled_parts(task: AnyTask) -> list[str]:
    """Return the parts of a task that have rows: a split of no rows has no file."""
    return [part for part, entry in task.manifest["parts"].items() if entry["rows"]]


def exported_columns(columns: Sequence[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return those of a built table's columns that are exported."""
    return [dict(column) for column in columns if kind != "interactions" or column["name"] not in CODED]


def task_columns(corpus: Corpus, task: AnyTask) -> list[dict[str, Any]]:
    """Return the columns of a task's parts in order, with what the corpus says of them."""
    kind = "examples" if isinstance(task, AnswerTask) else "interactions"
    declared = {c["name"]: dict(c) for c in corpus.manifest["tables"].get(kind, {}).get("columns", ())}
    if isinstance(task, AnswerTask):
        return [*(column for name, column in declared.items() if name != "part"), _PICKED]
    optional = {c.name: dataclasses.asdict(c) for c in KINDS[kind].optional}
    names = task.to_arrow(filled_parts(task)[-1]).schema.names
    return [(optional | declared)[name] for name in names]


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


def _part(task: AnyTask, part: str) -> Iterator[pa.RecordBatch]:
    """Yield a part's rows; it is decoded only when it is written, so that one part is in memory at a time."""
    if isinstance(task, AnswerTask):
        yield from task.examples(part)
    else:
        yield from task.to_arrow(part).to_batches()


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1 << 16, columns=columns):
            yield batch.select(columns)
