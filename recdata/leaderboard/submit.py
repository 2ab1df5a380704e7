"""Submitting: predictions are scored here, and what comes out becomes an entry, unless they are there already."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from recdata.errors import InputError, RecdataError
from recdata.leaderboard import consistency
from recdata.leaderboard.facts import write_facts
from recdata.leaderboard.ledger import SCHEMA_VERSION, Entry, Ledger
from recdata.leaderboard.sketch import NEAR, overlap, sketch
from recdata.leaderboard.values import about, write_values
from recdata.protocol.answers import AnyTask
from recdata.submission.spool import Given

BESIDE = ("Coverage", "EPC")
"""What an entry of a ranking task has besides the protocol's metrics, so that a board shows what accuracy costs."""


_ADDRESS = re.compile(r"https?://[^\s\"'<>`]+")


class Submitted(NamedTuple):
    """path: the entry's file. document: what stands in it. warnings: near copies and the like, in words."""

    path: Path
    document: Mapping[str, Any]
    warnings: list[str]


def read_card(source: str | os.PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return a model card from a YAML or JSON file, or as it is given; checked by its schema."""
    from recdata.leaderboard.ledger import read
    from recdata.schema.documents import check, read_yaml

    if isinstance(source, Mapping):
        card, name = dict(source), "this model card"
    else:
        path = Path(source)
        card, name = (read(path) if path.suffix == ".json" else read_yaml(path)), str(path)
    check(card, "model", name)
    return card


def check_where(where: str | None) -> None:
    """Raise InputError where ``where`` is no address at which a file can be had."""
    if where is not None and not _ADDRESS.fullmatch(where):
        raise InputError(
            f"{where!r} is not where a file can be had; expected an address, https://..., without spaces and quotes"
        )


def submit(
    task: AnyTask,
    predictions: str | os.PathLike[str] | Given,
    card: str | os.PathLike[str] | Mapping[str, Any],
    ledger: Ledger,
    *,
    where: str | None = None,
    metrics: str | None = None,
) -> Submitted:
    """Score a prediction file for ``task`` and write an entry to ``ledger``.

    It is for the test part; of a task over examples whose publisher keeps the test part's targets, for the validation part.

    predictions: a path, or one with limits. where: an address at which the file can be had. metrics: None is the protocol's
    and, of a ranking task, coverage and novelty at the cutoff of its primary one. Raises InputError where the predictions or
    the card are wrong, ``where`` is no address, the same predictions are there already (under whatever name), or the result
    contradicts itself.
    """
    from recdata.scoring.score import score

    model = read_card(card)
    check_where(where)
    entries = [entry for entry in ledger.entries() if "result" in entry.document]
    part = task.compared_part
    result = score(task, predictions, metrics=metrics or _metrics(task), part=part)
    given = result.document["predictions"]
    _refuse_copies([entry for entry in entries if entry.fingerprint == task.fingerprint], given["sha256"])
    drawn = sketch(task, predictions, part)
    table = result.per_user()
    with tempfile.TemporaryDirectory() as folder:
        values = Path(folder) / "values.parquet"
        write_values(table, values)
        document = {
            "document": "entry",
            "schema_version": SCHEMA_VERSION,
            "status": "verified",
            "task": {"name": task.name, "fingerprint": task.fingerprint, "part": part},
            "model": model,
            "predictions": {
                "sha256": given["sha256"],
                "bytes": given["bytes"],
                "rows": given["rows"],
                "where": where,
                "sketch": drawn,
            },
            "result": dict(result.document),
            "per_user": about(task, part, table, values),
            "submitted": result.document["created"],
        }
        one = document["per_user"]["relevant"] == document["per_user"]["rows"]
        wrong = consistency.faults(result.document["metrics"], one)
        if wrong:
            raise InputError("the result contradicts itself, so it is not entered:\n  " + "\n  ".join(wrong))
        warnings = [
            f"near copy: {share:.0%} of what is recommended is that of entry {other.id} ({other.label})"
            for other, share in near_copies(document, entries)
        ]
        # Facts first: an entry that stands is refused when it is submitted again, and would never get them.
        write_facts(ledger, task, task.compared_part)
        path = ledger.add(document, task.name, values)
    return Submitted(path, document, warnings)


def _metrics(task: AnyTask) -> str:
    """Return the protocol's metrics, and coverage and novelty where they have a meaning, as one list."""
    from recdata.metrics.spelling import parse
    from recdata.scoring.plan import choose_measures

    names = [str(measure) for measure in choose_measures(task, None)]
    cutoff = parse(task.primary).cutoff if task.protocol["task"] == "ranking" else None
    # Novelty is counted in the training part, which a task of test sessions alone does not have.
    if cutoff is not None and task.manifest["parts"]["train"]["rows"]:
        names += [f"{name}@{cutoff}" for name in BESIDE]
    return ",".join(dict.fromkeys(names))


def report(
    task: AnyTask, claim: Mapping[str, Any], card: str | os.PathLike[str] | Mapping[str, Any], ledger: Ledger
) -> Submitted:
    """Write an entry of status "reported": numbers copied from a paper, shown apart from verified ones.

    claim: ``{"source": {"title", "place", "url"}, "metrics": {"Recall@20": 0.1}}``. Raises InputError where it
    is not that, a metric does not fit the task, or the numbers contradict each other.
    """
    from recdata.scoring.plan import choose_measures

    model = read_card(card)
    if not isinstance(claim.get("metrics"), Mapping) or set(claim) != {"source", "metrics"}:
        raise InputError("a reported result has the keys source (title, place, url) and metrics (by name)")
    measures = [str(choose_measures(task, name)[0]) for name in claim["metrics"]]
    document = {
        "document": "entry",
        "schema_version": SCHEMA_VERSION,
        "status": "reported",
        "task": {"name": task.name, "fingerprint": task.fingerprint, "part": task.compared_part},
        "model": model,
        "metrics": dict(zip(measures, claim["metrics"].values(), strict=True)),
        "source": dict(claim["source"]),
        "submitted": now(),
    }
    for other in ledger.entries():
        if all(other.document.get(key) == document[key] for key in ("task", "model", "metrics", "source")):
            raise InputError(f"these numbers are there already: entry {other.id} ({other.label})")
    numbers = {name: {"mean": mean} for name, mean in zip(measures, claim["metrics"].values(), strict=True)}
    wrong = consistency.faults(numbers, tolerance=consistency.ROUNDED)
    if wrong:
        raise InputError("the numbers contradict each other:\n  " + "\n  ".join(wrong))
    write_facts(ledger, task, task.compared_part)
    path = ledger.add(document, task.name)
    return Submitted(path, document, [])


def withdraw(ledger: Ledger, entry: Entry, reason: str, by: str) -> Path:
    """Add a note that ``entry`` is withdrawn; it stays, and is shown apart. Raises InputError where it is already."""
    if entry.withdrawn is not None:
        raise InputError(f"entry {entry.id} was withdrawn before: {entry.withdrawn}")
    note = {"document": "withdrawal", "schema_version": SCHEMA_VERSION, "about": entry.id}
    return ledger.add({**note, "by": by, "reason": reason, "submitted": now()}, entry.task)


def reproduce(
    ledger: Ledger, entry: Entry, task: AnyTask, predictions: str | os.PathLike[str], by: str
) -> Path:
    """Score an entry's predictions again and add a note that it was reproduced.

    Raises InputError where the file is another one, or where the numbers differ in a bit.
    """
    differences = rescore(entry, task, predictions)
    if differences:
        raise InputError(f"entry {entry.id} is not reproduced:\n  " + "\n  ".join(differences))
    import platform

    note = {
        "document": "reproduction",
        "schema_version": SCHEMA_VERSION,
        "about": entry.id,
        "by": by,
        "versions": versions(),
        "environment": {
            "platform": f"{platform.system()} {platform.release()}",
            "machine": platform.machine(),
        },
        "submitted": now(),
    }
    return ledger.add(note, entry.task)


def rescore(
    entry: Entry, task: AnyTask, predictions: str | os.PathLike[str], same_file: bool = True
) -> list[str]:
    """Score predictions as ``entry`` says and return every number that differs, in words; nothing where none does.

    same_file: also demand that the file's SHA-256 is the entry's.
    """
    from recdata.leaderboard.values import content
    from recdata.scoring.score import score

    if task.fingerprint != entry.fingerprint:
        return [
            f"the task here has the fingerprint {task.fingerprint[:12]}, the entry's is {entry.fingerprint[:12]}"
        ]
    try:
        result = score(task, predictions, metrics=list(entry.metrics), part=entry.document["task"]["part"])
    except RecdataError as error:
        return [f"the predictions cannot be scored: {error}"]
    found = []
    sha256 = result.document["predictions"]["sha256"]
    if same_file and sha256 != entry.document["predictions"]["sha256"]:
        found.append(f"the file has the SHA-256 {sha256[:12]}..., the entry's is another")
    for name, here in result.document["metrics"].items():
        for key, value in here.items():
            if entry.metrics[name][key] != value:
                found.append(
                    f"{name}: {key} is {value!r} here, and {entry.metrics[name][key]!r} in the entry"
                )
    if not found and content(result.per_user()) != entry.document["per_user"]["content"]:
        found.append("the values of single users differ, though their means do not")
    return found


def near_copies(document: Mapping[str, Any], entries: list[Entry]) -> list[tuple[Entry, float]]:
    """Return entries of the same task and another model whose recommendations overlap, with the overlap."""
    found = []
    for other in entries:
        same_model = other.model["name"] == document["model"]["name"]
        if other.document["task"] != document["task"] or same_model or other.withdrawn is not None:
            continue
        share = overlap(document["predictions"]["sketch"], other.document["predictions"]["sketch"])
        if share >= NEAR:
            found.append((other, share))
    return found


def _refuse_copies(entries: list[Entry], sha256: str) -> None:
    for entry in entries:
        if entry.document["predictions"]["sha256"] == sha256:
            raise InputError(
                f"these predictions are there already: entry {entry.id} ({entry.label}) of {entry.task}"
            )


def versions() -> dict[str, str]:
    """Return the versions that matter for numbers."""
    import platform

    import numpy as np

    from recdata.version import __version__

    return {"recdata": __version__, "numpy": np.__version__, "python": platform.python_version()}


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
