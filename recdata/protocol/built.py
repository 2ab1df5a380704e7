"""Built tasks in the store: where they stand, and whether one is what a corpus and a protocol make today."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.protocol.task import Task
from recdata.store.paths import tasks


def task_folder(corpus: str, protocol: Mapping[str, Any]) -> Path:
    """Return where the task of a corpus (``name@version``) and a protocol stands in the store."""
    return tasks() / corpus / f"{protocol['name']}@{protocol['version']}"


def open_built(corpus: Mapping[str, Any], protocol: Mapping[str, Any], folder: Path) -> Task | None:
    """Open the task in ``folder`` if it was made from these bytes of the corpus and this text of the protocol.

    corpus: the manifest of the built corpus. Returns None where there is no such task. This module imports no engine, so
    that a task that is there is opened in a few milliseconds.
    """
    if not (folder / "manifest.json").is_file():
        return None
    task = Task.open(folder)
    same = task.manifest["corpus"]["fingerprint"] == corpus["fingerprint"] and task.protocol == dict(protocol)
    return task if same else None
