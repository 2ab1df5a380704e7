"""The main job in one call: a corpus, a task, two baselines, two scores; what is there already is used again."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from recdata import api, baselines
from recdata.errors import MismatchError, MissingError
from recdata.protocol.answers import of_interactions
from recdata.protocol.task import Task
from recdata.sources.cards import load_card
from recdata.store.files import sha256_of
from recdata.version import __version__

CORPUS, GENERATED, PROTOCOL = "movielens-100k", "synth-small", "loo-last"
BASELINES = ("popularity", "random")

# A server that has not answered by then will not give a pleasant download either.
_PATIENCE = 5.0


class Scored(NamedTuple):
    """One baseline's files, and the document of its result."""

    baseline: str
    predictions: Path
    result: Path
    document: Mapping[str, Any]


def run(out: Path, from_path: Path | None, say: Callable[[str], None]) -> tuple[Task, list[Scored]]:
    """Write predictions and results of two baselines into the folder ``out``; return the task and what was written.

    from_path: folder or archive with MovieLens 100k. ``say`` gets one line for each thing that a person wants to know.
    Without MovieLens, at hand or by download, the generated corpus takes its place.
    """
    task = _task(from_path, say)
    return task, [_scored(name, task, out) for name in BASELINES]


def _task(from_path: Path | None, say: Callable[[str], None]) -> Task:
    """Return the task on MovieLens 100k if that can be had, on the generated corpus otherwise."""
    name = f"{CORPUS}/{PROTOCOL}"
    if from_path is not None:
        return _made(name, from_path=from_path)
    try:
        with _offline():
            return _made(name)
    except MissingError as error:
        if error.__cause__ is None:  # not a download that was not made: something the user set is wrong
            raise
    addresses = [archive.url for archive in load_card(CORPUS).archives if archive.url]
    try:
        if not os.environ.get("RECDATA_OFFLINE") and all(map(_answers, addresses)):
            return _made(name)
        reason = "its archive is not at hand and cannot be downloaded"
    except (MissingError, MismatchError) as error:
        reason = str(error).splitlines()[0]
    say(f"{CORPUS}: {reason}; going on with {GENERATED}, a generated corpus")
    return _made(f"{GENERATED}/{PROTOCOL}")


def _made(name: str, from_path: Path | None = None) -> Task:
    return of_interactions(api.task(name, from_path=from_path), "the quickstart")


@contextmanager
def _offline() -> Iterator[None]:
    """Let nothing be downloaded while the block runs."""
    before = os.environ.get("RECDATA_OFFLINE")
    os.environ["RECDATA_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["RECDATA_OFFLINE"]
        else:
            os.environ["RECDATA_OFFLINE"] = before


def _answers(url: str) -> bool:
    """Say whether the server of ``url`` answers soon. In a thread: looking up a name knows no time limit."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_PATIENCE):
                answers.append(True)
        except urllib.error.HTTPError as error:
            answers.append(error.code < 500)  # no to this question; the download will tell
        except OSError:
            pass

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return any(answers)


def _scored(name: str, task: Task, out: Path) -> Scored:
    """Return a baseline's files: made, unless the result of this very task and these very predictions is there."""
    predictions, path = out / f"{name}.parquet", out / f"{name}.json"
    document = _earlier(task, predictions, path)
    if document is None:
        out.mkdir(parents=True, exist_ok=True)
        baselines.run(name, task, predictions)
        result = api.score(task, predictions)
        result.save(path)
        document = result.document
    return Scored(name, predictions, path, document)


def _earlier(task: Task, predictions: Path, path: Path) -> Mapping[str, Any] | None:
    """Return the result in ``path`` if it is what scoring would give again, None otherwise."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        evidence = (task.fingerprint, sha256_of(predictions), __version__)
        found = (
            document["task"]["fingerprint"],
            document["predictions"]["sha256"],
            document["versions"]["recdata"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return document if found == evidence else None
