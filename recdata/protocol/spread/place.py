"""Corpora and tasks where Spark writes: a task made of a table, and what stands at an address found again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recdata.engines import is_spark, open_engine
from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import above, inside, is_place, location, place_of
from recdata.errors import InputError, MismatchError, MissingError
from recdata.protocol.document import check_metrics, protocol_of
from recdata.protocol.names import parse_name
from recdata.protocol.origin import Origin
from recdata.protocol.spread.build import SpreadBuild
from recdata.protocol.spread.given import VERSION, write_corpus
from recdata.store.manifest import NAME, read_manifest, seal, unseal, write_manifest


def task_of_table(
    task: str, source: str | Path, to: str | Path, engine: str | Any = "spark"
) -> dict[str, Any]:
    """Make the task ``CORPUS/PROTOCOL`` of a table; return its manifest, with the ``folder`` it stands in.

    source: the name of a table that Spark knows, or a folder of Parquet files, with the columns that ``write_corpus`` tells.
    to: a path, or a URI of any file system of Spark's; the corpus comes to ``corpora`` in it and the task to ``tasks``, as
    in a store. What is finished there is used again; a folder without a manifest is not finished, and is written again.
    engine: as ``open_engine`` takes it. Raises InputError where the table or the protocol does not fit, MissingError where
    the table is not there.
    """
    parsed = parse_name(task)
    if parsed.protocol is None:
        raise InputError(
            f"{task!r} names no protocol; a task is CORPUS/PROTOCOL, for example {task}/loo-last"
        )
    protocol = protocol_of(parsed)
    check_metrics(protocol)
    if protocol["task"] == "answers":
        raise InputError(
            f"{task}: tasks over examples are made of corpora with a card, which says what answers are; a table is of "
            "interactions"
        )
    home = place_of(to)
    with open_spark(engine, "a corpus that is given as a table") as opened:
        place = inside(home, "corpora", f"{parsed.corpus}@{VERSION}")
        corpus = find_manifest(opened, place)
        if corpus is None:
            _check_apart(source, place)
            corpus = _finish(opened, place, write_corpus(opened, source, parsed.corpus, place))
        folder = inside(home, "tasks", corpus["name"], f"{protocol['name']}@{protocol['version']}")
        found = find_manifest(opened, folder)
        if found is None:
            made = SpreadBuild(opened, Origin(place, corpus), protocol)  # type: ignore[arg-type]
            made.run()
            found = _finish(opened, folder, made.document(made.write(folder)))
        if found["corpus"]["fingerprint"] != corpus["fingerprint"] or found["protocol"] != dict(protocol):
            raise InputError(
                f"{folder} holds a task of other rows or of another text of the protocol; remove it first"
            )
    return {**found, "folder": str(folder)}


@contextmanager
def open_spark(engine: str | Any, what: str) -> Iterator[SparkEngine]:
    """Open an engine that must be Spark. Raises InputError where it is another; what: what is read, for the message."""
    if not is_spark(engine):
        raise InputError(f"{what} is read by the engine spark: --engine spark, in Python engine='spark'")
    with open_engine(engine) as opened:
        if not isinstance(opened, SparkEngine):
            raise TypeError("this is read by Spark")
        yield opened


def find_manifest(engine: SparkEngine, folder: str | Path) -> dict[str, Any] | None:
    """Return the manifest of a folder on any file system of Spark's; None where there is none: it is not finished."""
    if isinstance(folder, Path):
        return read_manifest(folder) if (folder / NAME).is_file() else None
    path = str(inside(folder, NAME))
    text = engine.storage.read_text(path)
    return None if text is None else unseal(text, path)


def corpus_of(
    engine: SparkEngine, folder: str | Path, task: Mapping[str, Any]
) -> tuple[str | Path, dict[str, Any]]:
    """Return where the corpus of the task in ``folder`` stands in the same store, and its manifest. task: its manifest.

    Raises MissingError where it is not there, MismatchError where another one is.
    """
    known = task["corpus"]
    place = inside(above(folder, 3), "corpora", f"{known['name']}@{known['version']}")
    found = find_manifest(engine, place)
    if found is None:
        raise MissingError(f"{task['name']} was made from a corpus that is not at {place}")
    if found["fingerprint"] != known["fingerprint"]:
        raise MismatchError(f"{task['name']} was made from another build of the corpus than that at {place}")
    return place, found


def _check_apart(source: str | Path, place: str | Path) -> None:
    """Raise InputError where a corpus would be written over the table that it is made of."""
    given = is_place(str(source)) or isinstance(source, Path)
    if given and f"{location(place_of(source))}/".startswith(f"{location(place)}/"):
        raise InputError(f"{source} stands in {place}, which would be written; choose another folder")


def _finish(engine: SparkEngine, folder: str | Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Write a manifest, which makes a folder a finished one."""
    if isinstance(folder, Path):
        return write_manifest(folder, document)
    path = str(inside(folder, NAME))
    whole = seal(document, path)
    engine.storage.write_text(path, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    return whole
