"""What changed between two builds of a corpus or task: columns, rows, users and items, and rows that changed parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from recdata.corpora.corpus import CODED
from recdata.engines.base import name as quoted
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.schema.kinds import KINDS
from recdata.store.manifest import read_manifest

_SIDES = ("before", "after")


def diff_corpora(before: Path, after: Path, limit: int = 10) -> dict[str, Any]:
    """Compare two built corpora, in their folders, and return a document of what differs.

    same: whether the fingerprints are equal. kinds: for each record kind that differs, whether it was added or removed; else
    columns added, removed and changed, rows added and removed (rows counted as often as they occur), with up to ``limit``
    examples of each, and for kinds with a key how many of these are one row changed. users, items: ids that were added and
    removed among the interactions.
    """
    manifests = read_manifest(before), read_manifest(after)
    tables = [manifest["tables"] for manifest in manifests]
    document: dict[str, Any] = {
        **_named(*manifests),
        "kinds": {},
    }
    with DuckEngine() as engine:
        for kind in dict.fromkeys([*tables[0], *tables[1]]):
            if kind not in tables[0] or kind not in tables[1]:
                state = "added" if kind in tables[1] else "removed"
                rows = (tables[1] if kind in tables[1] else tables[0])[kind]["rows"]
                document["kinds"][kind] = {"state": state, "rows": rows}
                continue
            old, new = tables[0][kind], tables[1][kind]
            if old["fingerprint"] == new["fingerprint"]:
                continue
            columns = _columns(old["columns"], new["columns"])
            common = [c["name"] for c in new["columns"] if c["name"] in columns["common"]]
            for side, folder, entry in zip(_SIDES, (before, after), (old, new), strict=True):
                engine.read(side, [folder / entry["file"]], common)
            key = [column for column in KINDS[kind].key if column in common] if kind in KINDS else []
            entry = {k: columns[k] for k in ("columns_added", "columns_removed", "columns_changed")}
            document["kinds"][kind] = {"state": "changed", **entry, **_rows(engine, common, limit, key)}
        if all("interactions" in each for each in tables):
            for entity in ("user", "item"):
                for side, folder in zip(_SIDES, (before, after), strict=True):
                    engine.read(side, [folder / f"{entity}_ids.parquet"], [f"{entity}_id"])
                document[f"{entity}s"] = _ids(engine, f"{entity}_id", limit)
    return document


def diff_tasks(before: AnyTask, after: AnyTask, limit: int = 10) -> dict[str, Any]:
    """Compare two built tasks of one kind and return a document of what differs; over examples see ``diff_answers``.

    parts: for each part that differs, rows (user_id, item_id, timestamp, rating) added and removed. moved: pairs of user and
    item that went from one part to another, by "from -> to". users, items: ids added and removed. candidates: pairs.
    """
    if isinstance(before, AnswerTask) or isinstance(after, AnswerTask):
        both_tasks(before, after)
        return diff_answers(cast("AnswerTask", before), cast("AnswerTask", after), limit)
    document: dict[str, Any] = {
        **_named(before.manifest, after.manifest),
        "parts": {},
        "moved": {},
    }
    columns = ["user_id", "item_id", "timestamp", "rating"]
    parts = list(dict.fromkeys([*before.manifest["parts"], *after.manifest["parts"]]))
    with DuckEngine() as engine:
        for side, task in zip(_SIDES, (before, after), strict=True):
            for entity, ids in (("user", task.user_ids), ("item", task.item_ids)):
                codes = pa.array(np.arange(len(ids), dtype=np.int32))
                engine.add(f"{side} {entity}", pa.table({entity: codes, f"{entity}_id": ids}))
            for part in (*parts, "candidates"):
                _view(engine, side, task, part, columns)
        for part in parts:
            for side in _SIDES:
                engine.view(side, f'SELECT * FROM "{side} {part}"')
            found = _rows(engine, columns, limit, [])
            if found["added"] or found["removed"]:
                document["parts"][part] = found
        for old in parts:
            for new in parts:
                if old == new:
                    continue
                moved = (
                    f'SELECT DISTINCT user_id, item_id FROM "before {old}" SEMI JOIN "after {new}" USING (user_id, item_id) '
                    f'ANTI JOIN "after {old}" USING (user_id, item_id)'
                )
                ((count,),) = engine.fetch(f"SELECT count(*) FROM ({moved})")
                if count:
                    document["moved"][f"{old} -> {new}"] = int(count)
        for entity in ("user", "item"):
            for side in _SIDES:
                engine.view(side, f'SELECT {entity}_id FROM "{side} {entity}"')
            document[f"{entity}s"] = _ids(engine, f"{entity}_id", limit)
        for side in _SIDES:
            engine.view(side, f'SELECT user_id, item_id FROM "{side} candidates"')
        document["candidates"] = _rows(engine, ["user_id", "item_id"], limit, [])
    return document


def diff_answers(before: AnswerTask, after: AnswerTask, limit: int = 10) -> dict[str, Any]:
    """Compare two built tasks over examples and return a document of what differs.

    parts: for each part that differs, rows (id, question, target, the places of the entries that are shown, and the MD5 of
    what stands in them) added and removed, and how many of these are one example changed.
    """
    document: dict[str, Any] = {
        **_named(before.manifest, after.manifest),
        "parts": {},
    }
    columns = ["example_id", "input", "target", "picked"]
    with DuckEngine() as engine:
        for part in before.parts:
            for side, task in zip(_SIDES, (before, after), strict=True):
                engine.read(f"{side} part", [task.folder / f"{part}.parquet"], [*columns, "profile"])
                listed = ", ".join(map(quoted, columns))
                engine.view(
                    side, f'SELECT {listed}, md5(CAST(profile AS VARCHAR)) AS shown FROM "{side} part"'
                )
            found = _rows(engine, [*columns, "shown"], limit, ["example_id"])
            if found["added"] or found["removed"]:
                document["parts"][part] = found
    return document


def _view(engine: DuckEngine, side: str, task: Task, part: str, columns: Sequence[str]) -> None:
    """Name a part's rows, with ids, ``side part``; a part that is not there has none."""
    path = task.folder / f"{part}.parquet"
    if not path.is_file():
        types = {"timestamp": "TIMESTAMPTZ", "rating": "DOUBLE"}
        nothing = ", ".join(f"CAST(NULL AS {types.get(c, 'VARCHAR')}) AS {c}" for c in columns)
        engine.view(f"{side} {part}", f"SELECT {nothing} WHERE false")
        return
    wanted = ["user", "item"] if part == "candidates" else ["user", "item", "timestamp", "rating"]
    engine.read(f"{side} {part} coded", [path], wanted)
    rest = "" if part == "candidates" else ", timestamp, rating"
    engine.view(
        f"{side} {part}",
        f'SELECT user_id, item_id{rest} FROM "{side} {part} coded" JOIN "{side} user" USING (user) '
        f'JOIN "{side} item" USING (item)',
    )


def _named(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the document of a comparison begins: which two are compared, and whether they are the same."""
    sides = zip(_SIDES, (before, after), strict=True)
    named = {side: {key: manifest[key] for key in ("name", "fingerprint")} for side, manifest in sides}
    return {**named, "same": before["fingerprint"] == after["fingerprint"]}


def _columns(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    types = [{c["name"]: c["type"] for c in columns if c["name"] not in CODED} for columns in (old, new)]
    return {
        "columns_added": [c for c in types[1] if c not in types[0]],
        "columns_removed": [c for c in types[0] if c not in types[1]],
        "columns_changed": [c for c in types[0] if c in types[1] and types[0][c] != types[1][c]],
        "common": [c for c in types[0] if types[1].get(c) == types[0][c]],
    }


def _rows(engine: DuckEngine, columns: Sequence[str], limit: int, key: Sequence[str]) -> dict[str, Any]:
    """Compare the relations "before" and "after" row by row, as bags."""
    listed = ", ".join(map(quoted, columns))
    found: dict[str, Any] = {}
    for word, one, other in (("added", "after", "before"), ("removed", "before", "after")):
        engine.keep(word, f"SELECT {listed} FROM {one} EXCEPT ALL SELECT {listed} FROM {other}")
        ((count,),) = engine.fetch(f"SELECT count(*) FROM {word}")
        found[word] = int(count)
        # As Arrow: DuckDB's own tuples need another package for times with a zone.
        batches = engine.batches(f"SELECT * FROM {word} ORDER BY ALL LIMIT {int(limit)}", max(limit, 1))
        examples = [row for batch in batches for row in batch.to_pylist()]
        found[f"{word}_examples"] = [[_shown(value) for value in row.values()] for row in examples]
    if key:
        keys = ", ".join(map(quoted, key))
        ((both,),) = engine.fetch(
            f"SELECT count(*) FROM (SELECT {keys} FROM added INTERSECT SELECT {keys} FROM removed)"
        )
        found["changed"] = int(both)
    return found


def _ids(engine: DuckEngine, column: str, limit: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word, one, other in (("added", "after", "before"), ("removed", "before", "after")):
        rows = engine.fetch(f"SELECT {column} FROM {one} EXCEPT SELECT {column} FROM {other} ORDER BY 1")
        found[word] = len(rows)
        found[f"{word}_examples"] = [row[0] for row in rows[:limit]]
    return found


def _shown(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    return str(value)


def both_tasks(before: Any, after: Any) -> bool:
    """Say whether two things are tasks. Raises InputError where one is and the other is a corpus."""
    kinds = []
    for each in (before, after):
        over = {Task: "a task over interactions", AnswerTask: "a task over examples"}
        kinds.append(over.get(type(each), "a corpus"))
    if kinds[0] != kinds[1]:
        raise InputError(f"one of the two is {kinds[0]} and the other {kinds[1]}; like is compared with like")
    return kinds[0] != "a corpus"
