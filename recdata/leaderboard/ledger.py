"""The ledger: a folder of immutable entries, each a JSON document named by the SHA-256 of its own content.

``<ledger>/<corpus@version>/<protocol@version>/<id>.json`` is an entry, ``<id>.parquet`` beside it has its values of
each user, and ``<note's id>.json`` is a note on an entry (a withdrawal, a reproduction). ``task-<fingerprint>.json``
has facts of the task. An id is the first 16 hex digits. Nothing is edited, nothing deleted: notes are added.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata import resources
from recdata.errors import InputError, MissingError
from recdata.protocol.pins import pinned_task
from recdata.store.atomic import atomic_file, write_json, writing
from recdata.store.fingerprint import digest

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "1.0.0"
ID_DIGITS = 16
TASK_FILE = "task-{}.json"


def id_of(document: Mapping[str, Any]) -> str:
    """Return the id of an entry or note: the beginning of the SHA-256 of its canonical JSON."""
    return digest(document)[:ID_DIGITS]


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry as it stands in a ledger, with the notes about it.

    path: its file. document: its content. notes: withdrawals and reproductions, oldest first.
    """

    path: Path
    document: Mapping[str, Any]
    notes: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        """The id that the file is named by."""
        return self.path.stem

    @property
    def task(self) -> str:
        """The name of the task: ``movielens-100k@1.0.0/loo-last@1``."""
        return str(self.document["task"]["name"])

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the task."""
        return str(self.document["task"]["fingerprint"])

    @property
    def model(self) -> Mapping[str, Any]:
        """The model's card."""
        return self.document["model"]  # type: ignore[no-any-return]

    @property
    def status(self) -> str:
        """``verified``, ``reproduced`` (verified, and scored again elsewhere to the same bits) or ``reported``."""
        again = any(note["document"] == "reproduction" for note in self.notes)
        return (
            "reproduced" if again and self.document["status"] == "verified" else str(self.document["status"])
        )

    @property
    def withdrawn(self) -> str | None:
        """Why it was withdrawn, None where it was not."""
        reasons = [note.get("reason", "") for note in self.notes if note["document"] == "withdrawal"]
        return reasons[0] if reasons else None

    @property
    def label(self) -> str:
        """The model's name and version."""
        return f"{self.model['name']} {self.model['version']}"

    @cached_property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """Mean, standard error and population of each metric; of a reported entry the mean alone."""
        if "result" in self.document:
            return dict(self.document["result"]["metrics"])
        found = self.document["metrics"].items()
        return {name: {"mean": mean, "standard_error": None, "population": None} for name, mean in found}

    @property
    def primary(self) -> str | None:
        """The metric that the task's protocol compares by, None where the entry does not say."""
        return self.document["result"]["primary"] if "result" in self.document else None

    @cached_property
    def pinned(self) -> str | None:
        """The fingerprint that is pinned for the task; None where none is, or the entry does not say which raw files."""
        if "result" not in self.document:
            return None
        corpus, _, protocol = self.task.partition("/")
        pin = pinned_task(corpus, self.document["result"]["task"]["corpus"].get("edition"), protocol)
        return str(pin["fingerprint"]) if pin else None

    @property
    def values_path(self) -> Path:
        """The Parquet file with the values of each user."""
        return self.path.with_suffix(".parquet")

    def values(self, columns: list[str] | None = None) -> pa.Table:
        """Return the values of each user, a column a metric. Raises MissingError where there is no such file."""
        from recdata.store.arrays import read_table

        if not self.values_path.is_file():
            raise MissingError(f"entry {self.id} ({self.label}) has no values of each user beside it")
        return read_table(self.values_path, columns)


class Ledger:
    """A folder of entries. It need not exist before something is added."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: None for the ledger that comes with recdata."""
        self.folder = resources.folder("leaderboard") if folder is None else folder

    def files(self) -> Iterator[Path]:
        """Yield the JSON files of entries and notes, in order of their paths."""
        found = sorted(self.folder.glob("*/*/*.json"))
        yield from (path for path in found if not path.name.startswith("task-"))

    def entries(self) -> list[Entry]:
        """Return every entry with its notes, in order of submission. Raises InputError where a file is not JSON."""
        documents = {path: read(path) for path in self.files()}
        notes = defaultdict(list)
        for document in documents.values():
            if "about" in document:
                notes[document["about"]].append(document)
        found = []
        for path, document in documents.items():
            if document.get("document") == "entry":
                about = sorted(notes[path.stem], key=lambda note: note["submitted"])
                found.append(Entry(path, document, tuple(about)))
        return sorted(found, key=lambda entry: (entry.document["submitted"], entry.id))

    def entry(self, name: str) -> Entry:
        """Return the entry whose id begins with ``name``. Raises MissingError for none, InputError for several."""
        chosen = [entry for entry in self.entries() if entry.id.startswith(name)]
        if len(chosen) > 1:
            raise InputError(
                f"{name} begins {len(chosen)} ids of {self.folder}: {', '.join(e.id for e in chosen)}"
            )
        if not chosen:
            raise MissingError(f"there is no entry {name} in the ledger {self.folder}")
        return chosen[0]

    def place(self, task: str) -> Path:
        """Return the folder of a task's entries; ``task`` is its name without the fingerprint."""
        return self.folder / task

    def facts(self, task: str, fingerprint: str) -> dict[str, Any] | None:
        """Return the facts of a task that stand beside its entries, None where there are none."""
        path = self.place(task) / TASK_FILE.format(fingerprint[:12])
        return read(path) if path.is_file() else None

    def add(self, document: Mapping[str, Any], task: str, values: Path | None = None) -> Path:
        """Write an entry or note of ``task``, with the file of values; return its path. Never replaces one.

        Raises InputError where the document is not what its schema says.
        """
        from recdata.schema.documents import check

        check(document, "entry", "this entry")
        place = self.place(task)
        path = place / f"{id_of(document)}.json"
        with _alone(place):
            if values is not None:
                with atomic_file(path.with_suffix(".parquet")) as temporary:
                    temporary.write_bytes(values.read_bytes())
            # The entry comes last: where it stands, its values do.
            write_json(path, document)
        return path


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let one process at a time add to ``place``, first removing the values that a killed one left without their entry.

    The lock is on the folder itself, so that no file of it is left in what people commit; where folders cannot be locked
    (Windows), nothing is removed either.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems have no locks
                fcntl.flock(handle, fcntl.LOCK_EX)
                for path in place.glob("*.parquet"):
                    if not path.name.startswith("task-") and not path.with_suffix(".json").exists():
                        path.unlink()
            yield
        finally:
            os.close(handle)


def read(path: Path) -> dict[str, Any]:
    """Return the JSON object in ``path``. Raises InputError where there is none."""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise InputError(f"{path} holds no JSON object")
    return document
