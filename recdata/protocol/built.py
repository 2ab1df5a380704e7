"""Built tasks in the store: where they stand, and whether one is what a corpus and a protocol make today."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.engines.spark_places import place_of
from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.store.manifest import read_manifest
from recdata.store.paths import tasks


def task_folder(corpus: str, protocol: Mapping[str, Any]) -> Path:
    """Return where the task of a corpus (``name@version``) and a protocol stands in the store."""
    return tasks() / corpus / f"{protocol['name']}@{protocol['version']}"


def open_task(folder: Path) -> AnyTask:
    """Open the built task in ``folder``, of whichever kind. Raises MissingError where there is none."""
    manifest = read_manifest(folder)
    if "protocol" not in manifest:
        raise InputError(f"in {folder} is a corpus, no task")
    kind = AnswerTask if manifest["protocol"]["task"] == "answers" else Task
    return kind(folder, manifest)


def open_at(place: str, engine: Any = None) -> AnyTask:
    """Open the built task at a path or URI. engine: Spark, as ``open_engine`` takes it, where it is on another file system.

    Raises MissingError where there is none, InputError where Spark is needed and another engine is asked for.
    """
    folder = place_of(place)
    if isinstance(folder, Path):
        return open_task(folder)
    from recdata.protocol.spread.task import SpreadTask

    return SpreadTask.at(folder, engine)


def open_any(corpus: Mapping[str, Any], protocol: Mapping[str, Any], folder: Path) -> AnyTask | None:
    """Open the task in ``folder`` if it was made from these bytes of the corpus and this text of the protocol.

    corpus: the manifest of the built corpus. Returns None where there is no such task. This module imports no engine, so
    that a task that is there is opened in a few milliseconds.
    """
    if not (folder / "manifest.json").is_file():
        return None
    task = open_task(folder)
    same = task.manifest["corpus"]["fingerprint"] == corpus["fingerprint"] and task.protocol == dict(protocol)
    return task if same else None


def open_built(corpus: Mapping[str, Any], protocol: Mapping[str, Any], folder: Path) -> Task | None:
    """Open the task over interactions in ``folder``; see ``open_any``."""
    task = open_any(corpus, protocol, folder)
    return task if isinstance(task, Task) else None


def open_answers(corpus: Mapping[str, Any], protocol: Mapping[str, Any], folder: Path) -> AnswerTask | None:
    """Open the task over examples in ``folder``, if its answers are still what the corpus says; see ``open_any``."""
    task = open_any(corpus, protocol, folder)
    same = isinstance(task, AnswerTask) and task.manifest["answers"] == corpus.get("answers")
    return task if isinstance(task, AnswerTask) and same else None
