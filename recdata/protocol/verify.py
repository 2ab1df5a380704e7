"""Verifying: computing a corpus's and a task's fingerprints again, and naming the first difference."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from recdata.corpora.corpus import CODED
from recdata.engines import is_spark, open_engine
from recdata.engines.spark_places import is_place, place_of
from recdata.errors import InputError, MismatchError, MissingError
from recdata.protocol.answers import AnyTask
from recdata.protocol.built import open_task, task_folder
from recdata.protocol.document import protocol_of
from recdata.protocol.make import make_task
from recdata.protocol.names import card_of, parse_name
from recdata.protocol.pins import BUCKET_DIGITS, pinned, pinned_task
from recdata.protocol.task import Task
from recdata.store.files import check_files
from recdata.store.fingerprint import BUCKETS, Content, TableHasher, bucket_of, digest, ids_digest
from recdata.store.manifest import read_manifest
from recdata.store.paths import corpora

CheckFiles = Callable[[Any, Mapping[str, Mapping[str, Any]]], None]
"""Compares the files of tables in a folder with what a manifest says of them; MismatchError where they differ."""


class Check(NamedTuple):
    """One comparison: what was compared, whether it is equal, and where it first differs."""

    what: str
    ok: bool
    detail: str


class Again(NamedTuple):
    """A task that was computed again. users: how many it has, None where they have no codes. user_id: the id of a code."""

    fingerprint: str
    buckets: Sequence[str]
    users: int | None
    user_id: Callable[[int], str]


def verify(name: str, engine: str | Any = None) -> list[Check]:
    """Compute a built corpus, and the task if ``name`` is one's, again and compare with manifests and pins.

    name: or the address of either, where Spark reads it. engine: what computes, as ``open_engine`` takes it. Raises
    MissingError where it is not built.
    """
    if is_place(name):
        from recdata.protocol.spread.verify import verify_at

        return verify_at(place_of(name), engine)
    parsed = parse_name(name)
    card = card_of(parsed)
    folder = corpora() / f"{card.name}@{card.version}"
    if not (folder / "manifest.json").is_file():
        raise MissingError(f"{card.name} is not built yet; run recdata build {card.name}")
    manifest = read_manifest(folder)
    checks = compare_corpus(folder, manifest, engine, check_files)
    if parsed.protocol is None:
        return checks
    protocol = protocol_of(parsed)
    place = task_folder(manifest["name"], protocol)
    if not (place / "manifest.json").is_file():
        raise MissingError(f"{name} is not built yet; run recdata split {name}")
    stored = open_task(place)
    checks.append(compare_files(stored.folder, stored.manifest["tables"], "task", check_files))
    # Beside the task, where all of Spark's workers see it.
    beside = place.parent if is_spark(engine) else None
    with tempfile.TemporaryDirectory(prefix=".recdata-verify-", dir=beside) as scratch:
        try:
            made = make_task(folder, protocol, Path(scratch) / "task", engine=engine)
        except MismatchError as error:
            return [*checks, Check("task, computed again", False, str(error))]
        return [*checks, *compare_task(manifest, {**stored.manifest, "protocol": protocol}, _again(made))]


def _again(task: AnyTask) -> Again:
    if not isinstance(task, Task):
        return Again(task.fingerprint, task.manifest["buckets"], None, str)
    ids = task.user_ids
    return Again(task.fingerprint, task.manifest["buckets"], len(ids), lambda code: str(ids[code].as_py()))


def compare_task(corpus: Mapping[str, Any], stored: Mapping[str, Any], again: Again) -> list[Check]:
    """Compare a task that was computed again with its manifest, and with its pin. corpus, stored: the manifests."""
    same = stored["fingerprint"] == again.fingerprint
    detail = "" if same else _first_difference(stored["buckets"], again.buckets, again)
    checks = [Check("task, computed again", same, detail)]
    if not corpus["partial"]:
        key = f"{stored['protocol']['name']}@{stored['protocol']['version']}"
        known = pinned_task(corpus["name"], corpus["edition"], key)
        checks.append(_against_pin("task, pinned fingerprint", again.fingerprint, known))
        if known and not checks[-1].ok:
            short = [bucket[:BUCKET_DIGITS] for bucket in again.buckets]
            checks[-1] = checks[-1]._replace(detail=_first_difference(known["buckets"].split(), short, again))
    return checks


def compare_corpus(
    folder: Path | str, manifest: Mapping[str, Any], engine: str | Any, check: CheckFiles
) -> list[Check]:
    """Compute the fingerprints of a corpus's tables again, and compare them with its manifest and its pin."""
    checks = [compare_files(folder, {**manifest["tables"], **manifest["ids"]}, "corpus", check)]
    fingerprints = {}
    for kind, entry in manifest["tables"].items():
        try:
            content, more = _content(folder, kind, entry, engine)
        except Exception as error:
            if checks[0].ok:
                raise
            checks.append(Check(f"corpus, {kind}", False, f"it cannot be read: {error}"))
            continue
        fingerprints[kind] = content.fingerprint(**more)
        differing = [
            b for b, (x, y) in enumerate(zip(entry["buckets"], content.buckets, strict=True)) if x != y
        ]
        detail = f"bucket {differing[0]} of {BUCKETS}" if differing else ""
        same = fingerprints[kind] == entry["fingerprint"]
        checks.append(Check(f"corpus, {kind}", same, detail or ("" if same else "its ids or columns")))
    same = digest(fingerprints) == manifest["fingerprint"]
    checks.append(Check("corpus, fingerprint", same, "" if same else f"now {digest(fingerprints)[:12]}"))
    if not manifest["partial"]:
        pins = pinned(manifest["name"], manifest["edition"])
        checks.append(_against_pin("corpus, pinned fingerprint", manifest["fingerprint"], pins))
    return checks


def _content(
    folder: Path | str, kind: str, entry: Mapping[str, Any], engine: str | Any
) -> tuple[Content, dict[str, str]]:
    if not is_spark(engine):
        return _hash_table(Path(folder, entry["file"]), kind, entry)
    from recdata.engines.spark import SparkEngine
    from recdata.protocol.spread.tables import table_content

    with open_engine(engine) as opened:
        if not isinstance(opened, SparkEngine):
            raise InputError(f"corpora are verified by DuckDB and Spark, not by {opened.name}")
        return table_content(opened, folder, kind, entry)


def _hash_table(path: Path, kind: str, entry: Mapping[str, Any]) -> tuple[Content, dict[str, str]]:
    """Hash a built table again, batch by batch, as the build did."""
    columns = [(c["name"], c["type"], c["nullable"]) for c in entry["columns"]]
    more, users = {}, 0
    if kind == "interactions":
        own = [column for column in columns if column[0] not in ("user_id", "item_id", *CODED)]
        columns = [("user", "int32", False), ("item", "int32", False), *own]
        for entity in ("user", "item"):
            ids = pq.read_table(path.parent / f"{entity}_ids.parquet").column(0).combine_chunks()
            more[f"{entity}_ids"] = ids_digest(ids)
            users = len(ids) if entity == "user" else users
    hasher = TableHasher(columns)
    with pq.ParquetFile(path) as file:
        # An example with its profile may have a megabyte.
        size = 1 << 9 if kind == "examples" else 1 << 16
        for batch in file.iter_batches(size, columns=[column[0] for column in columns]):
            if kind == "interactions":
                bucket = bucket_of(batch.column("user").to_numpy(), users)
            else:
                place = np.arange(hasher.rows, hasher.rows + len(batch))
                bucket = bucket_of(place, entry["rows"])
            hasher.update(bucket, [batch.column(column[0]) for column in columns])
    return hasher.content(), more


def compare_files(
    folder: Any, tables: Mapping[str, Mapping[str, Any]], what: str, check: CheckFiles
) -> Check:
    """Compare the files of a "corpus" or "task" with its manifest. check: as ``check_files``, wherever they are."""
    try:
        check(folder, tables)
    except MismatchError as error:
        return Check(f"{what}, files", False, str(error))
    return Check(f"{what}, files", True, "")


def _against_pin(what: str, fingerprint: str, known: Mapping[str, Any] | None) -> Check:
    if known is None:
        return Check(what, True, "none is pinned")
    same = known["fingerprint"] == fingerprint
    return Check(what, same, "" if same else f"pinned {known['fingerprint'][:12]}, here {fingerprint[:12]}")


def _first_difference(expected: Sequence[str], found: Sequence[str], again: Again) -> str:
    """Name the first bucket that differs, and the users it holds."""
    for bucket, (one, other) in enumerate(zip(expected, found, strict=True)):
        if one != other:
            inside = np.flatnonzero(bucket_of(np.arange(again.users or 0), again.users or 1) == bucket)
            if not len(inside):
                return f"bucket {bucket} of {len(found)}"
            first, last = again.user_id(int(inside[0])), again.user_id(int(inside[-1]))
            return f"bucket {bucket} of {len(found)}, users {first!r} to {last!r} in the order of ids"
    return "what its answers are" if again.users is None else "the lists of user or item ids"
