"""What ``import recdata`` offers: corpora and tasks by name, built when they are first asked for, and scores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.engines.spark_places import is_place
from recdata.errors import InputError, MismatchError
from recdata.hub.address import is_address
from recdata.protocol.names import Name, card_of, parse_name

if TYPE_CHECKING:
    from recdata.corpora.corpus import Corpus
    from recdata.protocol.answers import AnyTask
    from recdata.scoring.score import Result


def load(
    corpus: str, *, from_path: str | os.PathLike[str] | None = None, allow_partial: bool = False
) -> Corpus:
    """Return a corpus by name ("movielens-100k"), built from its raw files where it is not in the store yet.

    Or by its address on the Hub ("hf://datasets/ORG/NAME@v1.0.0"), from the rows or the recipe published there.

    from_path: a folder or archive that holds the raw files. allow_partial: accept a sample of them. Raises
    MissingError where raw files cannot be had (the message says how to get them), InputError and MismatchError where
    they are not what the card says.
    """
    from recdata.corpora.build import build
    from recdata.corpora.corpus import Corpus
    from recdata.protocol.versions import older_build

    if is_address(corpus):
        from recdata.hub.load import load_corpus

        source = None if from_path is None else Path(from_path)
        return load_corpus(corpus, from_path=source, allow_partial=allow_partial)
    name = parse_name(corpus)
    if name.protocol is not None:
        raise InputError(f"{corpus!r} names a task; recdata.task loads those")
    folder = older_build(name)
    if folder is None:
        source = None if from_path is None else Path(from_path)
        folder = build(card_of(name), source, allow_partial=allow_partial)
    loaded = Corpus.open(folder)
    _check_fingerprint(corpus, name, loaded.fingerprint)
    return loaded


def task(
    task_name: str,
    *,
    from_path: str | os.PathLike[str] | None = None,
    allow_partial: bool = False,
    rebuild: bool = False,
    engine: str | Any = None,
) -> AnyTask:
    """Return a task by name ("movielens-100k/loo-last"), made where it is not in the store yet.

    Or by its address on the Hub ("hf://datasets/ORG/NAME@v1.0.0/loo-last"), made from what is published there; or by the
    path or URI of its folder ("s3a://bucket/recdata/tasks/clicks@1.0.0/loo-last@1", with Spark), opened as it stands.

    A fingerprint behind the name (``#`` and 6 digits or more) must be that of the task. rebuild: make the task again, in
    place of what the store holds. engine: what makes it: "duckdb", "spark",
    ``recdata.engines.Spark`` with a master and settings, or a SparkSession; by default what RECDATA_ENGINE names, else
    DuckDB. Other parameters and errors as ``load``. What comes back is a ``Task`` or, where the protocol is one over
    examples, an ``AnswerTask``.
    """
    from recdata.protocol.built import open_answers, open_at, open_built, task_folder
    from recdata.protocol.document import protocol_of
    from recdata.protocol.versions import older_build
    from recdata.store.manifest import read_manifest
    from recdata.store.paths import corpora

    if is_address(task_name):
        from recdata.hub.load import load_task

        source = None if from_path is None else Path(from_path)
        return load_task(task_name, from_path=source, allow_partial=allow_partial)
    if is_place(task_name):
        return open_at(task_name, engine)
    name = parse_name(task_name)
    if name.protocol is None:
        raise InputError(
            f"{task_name!r} names a corpus; a task is CORPUS/PROTOCOL, for example {name.corpus}/loo-last"
        )
    protocol = protocol_of(name)
    older = older_build(name)
    if older is None:
        card = card_of(name)
        corpus = corpora() / f"{card.name}@{card.version}"
    else:
        corpus = older
    folder = task_folder(corpus.name, protocol)
    made: AnyTask | None = None
    if not rebuild and (corpus / "manifest.json").is_file():
        open_made = open_answers if protocol["task"] == "answers" else open_built
        made = open_made(read_manifest(corpus), protocol, folder)
    if made is None:
        from recdata.corpora.build import build
        from recdata.protocol.make import make_task

        if older is None:
            source = None if from_path is None else Path(from_path)
            corpus = build(card, source, allow_partial=allow_partial)

        made = make_task(corpus, protocol, folder, rebuild=rebuild, engine=engine)
    _check_fingerprint(task_name, name, made.fingerprint)
    return made


def _check_fingerprint(text: str, name: Name, fingerprint: str) -> None:
    if name.fingerprint is not None and not fingerprint.startswith(name.fingerprint):
        raise MismatchError(
            f"{text}: what is built here has the fingerprint {fingerprint[:12]}...; the bytes differ"
        )


def score(task: str | AnyTask, predictions: Any, **options: Any) -> Result:
    """Score predictions (a path, a pandas frame, an Arrow table) for a task, its name or its address.

    Options and errors as ``recdata.scoring.score.score``.
    """
    from recdata.scoring.score import score as score_task

    made = globals()["task"](task, engine=options.get("engine")) if isinstance(task, str) else task
    return score_task(made, predictions, **options)
