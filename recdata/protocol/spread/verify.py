"""Verifying what stands where Spark writes: fingerprints computed again where the rows are, and nothing written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from recdata.engines.spark import SparkEngine
from recdata.errors import MissingError
from recdata.protocol.described import task_buckets, task_fingerprint
from recdata.protocol.origin import Origin
from recdata.protocol.spread.build import SpreadBuild
from recdata.protocol.spread.place import corpus_of, find_manifest, open_spark
from recdata.protocol.verify import Again, Check, compare_corpus, compare_files, compare_task


def verify_at(place: Path | str, engine: Any) -> list[Check]:
    """Compute the corpus or task at a path or URI again, and compare it with its manifest and what is pinned.

    Of a task its corpus in the same store too. engine: Spark, as ``open_engine`` takes it. Raises MissingError where nothing
    is finished there, InputError where the engine is another.
    """
    with open_spark(engine, f"what stands at {place}") as opened:
        found = find_manifest(opened, place)
        if found is None:
            raise MissingError(f"nothing at {place} is finished: it has no manifest")
        task = None if found["document"] == "corpus" else found
        folder, corpus = (place, found) if task is None else corpus_of(opened, place, found)
        check = opened.storage.check
        checks = compare_corpus(folder, corpus, opened.session, check)
        if task is None:
            return checks
        checks.append(compare_files(place, task["tables"], "task", check))
        if not checks[0].ok:
            return [*checks, Check("task, computed again", False, "the files of its corpus were changed")]
        made = SpreadBuild(opened, Origin(folder, corpus), task["protocol"])  # type: ignore[arg-type]
        made.run()
        fingerprint, buckets = task_fingerprint(made.contents, made.digests), task_buckets(made.contents)
        again = Again(fingerprint, buckets, made.counts["users"], partial(_user_id, opened))
        return [*checks, *compare_task(corpus, task, again)]


def _user_id(engine: SparkEngine, code: int) -> str:
    """Return the id of a user of the task that was computed."""
    ((text,),) = engine.fetch(f'SELECT user_id FROM "task users" WHERE user = {code}')
    return str(text)
