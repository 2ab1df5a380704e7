"""Fingerprints of rows as anyone holds them: ids in columns, whatever tool read the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recdata.errors import InputError, MismatchError
from recdata.protocol import described
from recdata.protocol.task import PARTS
from recdata.schema.kinds import arrow_type
from recdata.store.arrays import filled
from recdata.store.fingerprint import Content, TableHasher, bucket_of, ids_digest

if TYPE_CHECKING:
    import datasets

HASHED = (("timestamp", "timestamp", True), ("rating", "float64", True))
"""What the fingerprint of a task's part covers beside the codes of user and item."""


def kind_fingerprint(kind: str, table: pa.Table, columns: Sequence[Mapping[str, Any]]) -> str:
    """Return the fingerprint of a record kind's rows, which stand in canonical order.

    columns: name, canonical type and whether null may occur, of each of the table's columns, in order.
    """
    hashed = [(str(c["name"]), str(c["type"]), bool(c["nullable"])) for c in columns]
    if kind != "interactions":
        return _hash_placed(table, hashed).fingerprint()
    users, items = (_ids([table.column(f"{entity}_id")]) for entity in ("user", "item"))
    rest = [column for column in hashed if column[0] not in ("user_id", "item_id")]
    content = _hash_coded(table, users, items, rest)
    return content.fingerprint(user_ids=ids_digest(users), item_ids=ids_digest(items))


def task_fingerprint(
    parts: Mapping[str, pa.Table],
    candidates: pa.Table | None = None,
    hashed: Sequence[Sequence[Any]] = HASHED,
) -> str:
    """Return the fingerprint of a task whose parts have the columns user_id, item_id and those ``hashed``.

    parts: name to rows in canonical order; a part that is not given is taken to be empty. candidates: the fixed pairs
    (user_id, item_id), where there are any. hashed: (name, canonical type, nullable) of what is hashed beside the ids.
    """
    tables = [*parts.values(), *([candidates] if candidates is not None else [])]
    if not tables:
        raise InputError("a task has at least a train and a test part; none was given")
    users, items = (_ids([table.column(f"{entity}_id") for table in tables]) for entity in ("user", "item"))
    columns = [(str(name), str(kind), bool(nullable)) for name, kind, nullable in hashed]
    names = [*dict.fromkeys(["train", "valid", "test", *parts])]
    contents = {
        name: _hash_coded(parts.get(name, tables[0].slice(0, 0)), users, items, columns) for name in names
    }
    if candidates is not None:
        contents["candidates"] = _hash_coded(candidates, users, items, [])
    return described.task_fingerprint(
        contents, {"user_ids": ids_digest(users), "item_ids": ids_digest(items)}
    )


def answers_fingerprint(parts: Mapping[str, pa.Table], task: Mapping[str, Any]) -> str:
    """Return the fingerprint of a task over examples, whose parts' rows stand in canonical order.

    parts: name to rows; a part that is not given is taken to be empty. task: what manifest.json says of it under ``tasks``.
    """
    columns = [(str(name), str(kind), bool(nullable)) for name, kind, nullable in task["hashed"]]
    contents = {name: _hash_placed(parts.get(name), columns) for name in PARTS}
    return described.answers_fingerprint(contents, task["answers"])


def check_rows(
    loaded: Mapping[str, datasets.Dataset | pa.Table],
    fingerprint: str,
    candidates: datasets.Dataset | pa.Table | None = None,
    task: Mapping[str, Any] | None = None,
) -> None:
    """Compare what ``datasets.load_dataset`` gave for a protocol's config with the fingerprint that a paper cites.

    loaded: part to rows, as ``load_dataset(REPO, PROTOCOL)`` returns them. fingerprint: 6 hex digits or more. task: what
    manifest.json says of it under ``tasks``, needed of a task over examples. Needed because ``datasets`` gives whatever its
    cache holds, of any revision, where it cannot reach the Hub. Raises MismatchError where the rows are others.
    """
    if not 6 <= len(fingerprint) <= 64 or set(fingerprint) - set("0123456789abcdef"):
        raise InputError(f"{fingerprint!r} is not a fingerprint: 6 to 64 hex digits, as in the name behind #")
    parts = {name: as_arrow(table) for name, table in loaded.items()}
    found = _fingerprints(parts, None if candidates is None else as_arrow(candidates), task)
    if not any(each.startswith(fingerprint) for each in found):
        raise MismatchError(
            f"these rows have the fingerprint {found[0][:12]}, not {fingerprint[:12]}: they are of another revision "
            "(offline, datasets gives whatever is in its cache), of another build, in another order, or the task has fixed "
            "candidates that were not given"
        )


def _fingerprints(
    parts: Mapping[str, pa.Table], fixed: pa.Table | None, task: Mapping[str, Any] | None
) -> list[str]:
    """Return what the fingerprint of these parts may be: where nothing is told of the task, there are ways to read them."""
    if task is not None and "answers" in task:
        return [answers_fingerprint(parts, task)]
    if task is not None:
        return [task_fingerprint(parts, fixed, task["hashed"])]
    names = next(iter(parts.values())).schema.names
    if "user_id" not in names or "item_id" not in names:
        raise InputError(
            "these are not rows of a task over interactions: say what manifest.json says of the task"
        )
    # A weight is part of the task only where the protocol sums weights, which the rows alone do not say.
    ways = [HASHED, *([(*HASHED, ("weight", "float64", False))] if "weight" in names else [])]
    return [task_fingerprint(parts, fixed, way) for way in ways]


def as_arrow(table: datasets.Dataset | pa.Table) -> pa.Table:
    """Return the rows of a ``datasets.Dataset`` or Arrow table as an Arrow table."""
    if isinstance(table, pa.Table):
        return table
    arrow: pa.Table = table.with_format("arrow")[:]
    return arrow


def _ids(columns: Iterable[pa.ChunkedArray]) -> pa.StringArray:
    """Return the distinct ids of all columns, sorted by their UTF-8 bytes."""
    chunks = [chunk.cast(pa.string()) for column in columns for chunk in column.chunks]
    found = pc.unique(pa.chunked_array(chunks, pa.string()))
    return found.take(pc.array_sort_indices(found))


def _hash_coded(
    table: pa.Table, users: pa.StringArray, items: pa.StringArray, columns: list[tuple[str, str, bool]]
) -> Content:
    """Hash rows with their ids as codes, places in the sorted lists of ids."""
    hasher = TableHasher([("user", "int32", False), ("item", "int32", False), *columns])
    coded = [_codes(table.column("user_id"), users), _codes(table.column("item_id"), items)]
    bucket = bucket_of(filled(coded[0], -1), len(users))
    if len(bucket) and bool((np.diff(bucket) < 0).any()):
        raise MismatchError(
            "the rows are not in canonical order: their users do not stand in the order of ids"
        )
    hasher.update(bucket, [*coded, *_arrays(table, columns)])
    return hasher.content()


def _hash_placed(table: pa.Table | None, columns: list[tuple[str, str, bool]]) -> Content:
    """Hash rows whose buckets are by place; None is no rows."""
    hasher = TableHasher(columns)
    if table is not None and len(table):
        hasher.update(bucket_of(np.arange(len(table)), len(table)), _arrays(table, columns))
    return hasher.content()


def _codes(column: pa.ChunkedArray, ids: pa.StringArray) -> pa.Array:
    return _one(pc.index_in(column.cast(pa.string()), ids)).cast(pa.int32())


def _arrays(table: pa.Table, columns: Sequence[tuple[str, str, bool]]) -> list[pa.Array]:
    return [_one(table.column(name).cast(arrow_type(kind))) for name, kind, _ in columns]


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
