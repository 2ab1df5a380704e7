"""Checking a ledger: every hash is derived again, and what can be scored again is; each fault is named."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recdata.errors import RecdataError, ResourceError
from recdata.leaderboard import consistency
from recdata.leaderboard.ledger import Entry, Ledger, id_of, read
from recdata.leaderboard.sketch import NEAR, overlap, smallest
from recdata.leaderboard.submit import rescore
from recdata.leaderboard.values import content
from recdata.metrics.spelling import parse
from recdata.protocol.answers import AnyTask
from recdata.scoring.conventions import CANONICAL

_HEADS = 8
"""By how many of their smallest hashes near copies are looked for: at an overlap of 0.9 nearly all share one."""
_FILE = re.compile(r"[0-9a-f]{16}\.(json|parquet)|task-[0-9a-f]{12}\.(json|parquet)")


class Fault(NamedTuple):
    """What is wrong. file: relative to the ledger. code: one word. level: "error", or "warning" for near copies."""

    file: str
    code: str
    message: str
    level: str = "error"

    def __str__(self) -> str:
        return f"{self.level}: {self.file}: {self.code}: {self.message}"


def check_ledger(
    ledger: Ledger,
    *,
    load: Callable[[str], AnyTask] | None = None,
    predictions: Mapping[str, Path] | None = None,
    base: str | None = None,
) -> list[Fault]:
    """Return every fault of ``ledger``.

    load: gives a task by its name, to score again what ``predictions`` (files by their SHA-256) has; without it
    nothing is scored. base: a git revision; entries that were there must be there unchanged.
    """
    found = list(_changed(ledger, base)) if base else []
    documents, faults = _documents(ledger)
    found += faults
    entries = [_entry(ledger, path, documents) for path, d in documents.items() if d["document"] == "entry"]
    ids = {entry.id for entry in entries}
    for path, document in documents.items():
        if "about" in document and document["about"] not in ids:
            found.append(
                _fault(ledger, path, "orphan", f"a note about {document['about']}, which is not there")
            )
    for entry in entries:
        found += _check_entry(ledger, entry)
        if load is not None and "result" in entry.document:
            found += _score_again(ledger, entry, load, predictions or {})
    found += _copies(ledger, entries)
    return found


def _entry(ledger: Ledger, path: Path, documents: Mapping[Path, Mapping[str, Any]]) -> Entry:
    return Entry(path, documents[path], tuple(d for d in documents.values() if d.get("about") == path.stem))


def _fault(ledger: Ledger, path: Path, code: str, message: str, level: str = "error") -> Fault:
    return Fault(path.relative_to(ledger.folder).as_posix(), code, message, level)


def _documents(ledger: Ledger) -> tuple[dict[Path, dict[str, Any]], list[Fault]]:
    """Return the documents that are what the schema says and are named by their content; faults of all others."""
    from recdata.schema.documents import check

    documents: dict[Path, dict[str, Any]] = {}
    found: list[Fault] = []
    for path in sorted(ledger.folder.glob("*/*/*")):
        if any(step.startswith(".") for step in path.relative_to(ledger.folder).parts):
            continue
        if not _FILE.fullmatch(path.name):
            found.append(_fault(ledger, path, "stranger", "not a file of a ledger"))
        elif path.suffix == ".parquet" and not path.with_suffix(".json").exists():
            found.append(_fault(ledger, path, "orphan", "values without an entry"))
        elif path.suffix == ".json" and not path.name.startswith("task-"):
            try:
                document = read(path)
                check(document, "entry", path.name)
                if "model" in document:
                    check(document["model"], "model", f"{path.name}, its model")
                if "result" in document:
                    check(document["result"], "result", f"{path.name}, its result")
            except RecdataError as error:
                found.append(_fault(ledger, path, "invalid", str(error)))
                continue
            if id_of(document) != path.stem:
                message = f"its content gives the id {id_of(document)}: it was changed, or renamed, after it was written"
                found.append(_fault(ledger, path, "tampered", message))
            documents[path] = document
    return documents, found


def _check_entry(ledger: Ledger, entry: Entry) -> Iterator[Fault]:
    def fault(code: str, message: str) -> Fault:
        return _fault(ledger, entry.path, code, message)

    place = entry.path.parent.relative_to(ledger.folder).as_posix()
    if place != entry.task:
        yield fault("misplaced", f"it is for {entry.task}, and stands in {place}")
    if entry.pinned is not None and entry.pinned != entry.fingerprint:
        message = f"{entry.task} has the fingerprint {entry.pinned[:12]}, this result was made with {entry.fingerprint[:12]}"
        yield fault("fingerprint", message)
    if "result" in entry.document:
        task, result = entry.document["task"], entry.document["result"]
        if any(result["task"][key] != task[key] for key in ("name", "fingerprint", "part")):
            yield fault("result", "its result is for another task or part than the entry")
        convention = result["choices"]["convention"]
        if convention != CANONICAL.name:
            yield fault(
                "convention", f"its result has the choices of {convention}; only canonical ones are compared"
            )
        for key in ("sha256", "rows", "bytes"):
            if result["predictions"][key] != entry.document["predictions"][key]:
                yield fault("result", f"its result is of other predictions: {key} differs")
        yield from (fault("values", message) for message in _values(entry))
        per_user = entry.document["per_user"]
        wrong = consistency.faults(entry.metrics, per_user["relevant"] == per_user["rows"])
    else:
        wrong = consistency.faults(entry.metrics, tolerance=consistency.ROUNDED)
    for message in wrong:
        yield fault("contradiction", message)


def _values(entry: Entry) -> Iterator[str]:
    """Compare the values of each user with what the entry says of them, and their means with its metrics."""
    import pyarrow as pa

    from recdata.metrics.kernel import summarise
    from recdata.store.arrays import to_numpy
    from recdata.store.files import sha256_of

    said, path = entry.document["per_user"], entry.values_path
    if not path.is_file():
        yield f"{path.name}, its values of each user, is gone"
        return
    if sha256_of(path) != said["sha256"]:
        yield f"{path.name} has another SHA-256 than the entry says: it was changed"
    try:
        table = entry.values()
    except (pa.ArrowException, OSError) as error:
        yield f"{path.name} cannot be read: {error}"
        return
    if table.num_rows != said["rows"] or not set(table.column_names) <= set(entry.metrics):
        yield f"{path.name} has {table.num_rows} rows of {', '.join(table.column_names)}; the entry says otherwise"
        return
    if content(table) != said["content"]:
        yield f"the values in {path.name} are not those that the entry was made with"
    unit = entry.document["result"]["choices"]["unit"]
    if unit in ("users", "examples"):
        for name in table.column_names:
            if unit == "examples" and parse(name).definition.root:
                continue  # An example's value is the root of its own; what is averaged is not.
            number = entry.metrics[name]
            # A null is a user over whom the metric is not averaged.
            mean, spread, _ = summarise(to_numpy(table.column(name).drop_null()))
            if (mean, spread) != (number["mean"], number["standard_error"]):
                yield f"{name} is {number['mean']!r} +- {number['standard_error']!r}, its values give {mean!r} +- {spread!r}"


def _score_again(
    ledger: Ledger, entry: Entry, load: Callable[[str], AnyTask], predictions: Mapping[str, Path]
) -> Iterator[Fault]:
    file = predictions.get(entry.document["predictions"]["sha256"])
    if file is None:
        return
    try:
        differences = rescore(entry, load(entry.task), file)
    except RecdataError as error:
        differences = [f"its task cannot be had here: {error}"]
    for message in differences:
        yield _fault(ledger, entry.path, "numbers", message)


def _copies(ledger: Ledger, entries: list[Entry]) -> Iterator[Fault]:
    """Yield entries with the predictions of an earlier one, and near copies under another model's name."""
    scored = sorted(
        (entry for entry in entries if "result" in entry.document and entry.withdrawn is None),
        key=lambda entry: (entry.document["submitted"], entry.id),
    )
    first: dict[tuple[str, str], Entry] = {}
    heads: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in scored:
        sha256 = entry.document["predictions"]["sha256"]
        other = first.setdefault((entry.fingerprint, sha256), entry)
        if other is not entry:
            message = f"the same predictions as entry {other.id} ({other.label})"
            yield _fault(ledger, entry.path, "copy", message)
            continue
        # Near copies share some of their smallest hashes; the others need not be compared.
        sketch = entry.document["predictions"]["sketch"]
        keys = [(entry.task, entry.fingerprint, word) for word in smallest(sketch, _HEADS)]
        peers = {peer.id: peer for key in keys for peer in heads.get(key, ())}
        for peer in peers.values():
            if peer.model["name"] == entry.model["name"]:
                continue
            share = overlap(sketch, peer.document["predictions"]["sketch"])
            if share >= NEAR:
                message = f"{share:.0%} of what it recommends is that of entry {peer.id} ({peer.label})"
                yield _fault(ledger, entry.path, "near-copy", message, "warning")
        for key in keys:
            heads.setdefault(key, []).append(entry)


def _changed(ledger: Ledger, base: str) -> Iterator[Fault]:
    """Yield files of the ledger that stood there at the git revision ``base`` and were changed or removed since."""
    command = ["git", "diff", "--name-status", "--no-renames", "--relative", "-z", base, "--", "."]
    done = subprocess.run(command, cwd=ledger.folder, capture_output=True, check=False)
    if done.returncode:
        raise ResourceError(
            f"git cannot compare with {base!r}: {done.stderr.decode(errors='replace').strip()}"
        )
    words = done.stdout.decode("utf-8", "replace").split("\0")
    for status, name in zip(words[::2], words[1::2], strict=False):
        if status != "A" and _FILE.fullmatch(name.rpartition("/")[2]):
            done_to = "removed" if status == "D" else "changed"
            yield Fault(name, "immutable", f"was {done_to} since {base}; entries are added, never edited")
