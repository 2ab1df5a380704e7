"""Tasks of a corpus that is given as a table, in a folder of their own: on this machine, or wherever Spark writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.engines import open_engine
from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import inside
from recdata.errors import InputError
from recdata.protocol.document import load_protocol
from recdata.protocol.names import parse_name
from recdata.protocol.origin import Origin
from recdata.protocol.spread.build import SpreadBuild
from recdata.protocol.spread.given import VERSION, write_corpus
from recdata.store.manifest import NAME, content_hash


def task_of_table(
    task: str, source: str | Path, to: str | Path, engine: str | Any = "spark"
) -> dict[str, Any]:
    """Make the task ``CORPUS/PROTOCOL`` of a table; return its manifest, with the ``folder`` it stands in.

    source: the name of a table that Spark knows, or a folder of Parquet files, with the columns that ``write_corpus`` tells.
    to: a path, or a URI of any file system of Spark's; the corpus comes to ``corpora`` in it and the task to ``tasks``, as
    in a store. What is finished there is used again; a folder without a manifest is not finished. engine: as
    ``open_engine`` takes it. Raises InputError where the table or the protocol does not fit, MissingError where the table is
    not there.
    """
    parsed = parse_name(task)
    if parsed.protocol is None:
        raise InputError(
            f"{task!r} names no protocol; a task is CORPUS/PROTOCOL, for example {task}/loo-last"
        )
    protocol = load_protocol(
        parsed.protocol + (f"@{parsed.protocol_version}" if parsed.protocol_version else "")
    )
    home = _folder(to)
    with open_engine(engine) as opened:
        if not isinstance(opened, SparkEngine):
            raise InputError("a corpus given as a table is read by the engine spark: --engine spark")
        place = inside(home, "corpora", f"{parsed.corpus}@{VERSION}")
        corpus = _read(opened, place)
        if corpus is None:
            corpus = _finish(opened, place, write_corpus(opened, source, parsed.corpus, place))
        folder = inside(home, "tasks", corpus["name"], f"{protocol['name']}@{protocol['version']}")
        found = _read(opened, folder)
        if found is None:
            made = SpreadBuild(opened, Origin(place, corpus), protocol)  # type: ignore[arg-type]
            made.run()
            found = _finish(opened, folder, made.document(made.write(folder)))
        if found["corpus"]["fingerprint"] != corpus["fingerprint"] or found["protocol"] != dict(protocol):
            raise InputError(
                f"{folder} holds a task of other rows or of another text of the protocol; remove it first"
            )
    return {**found, "folder": str(folder)}


def _folder(to: str | Path) -> str | Path:
    """Return a path of this machine as a Path, and a URI as the text it is."""
    return to if isinstance(to, str) and "://" in to else Path(to).absolute()


def _read(engine: SparkEngine, folder: str | Path) -> dict[str, Any] | None:
    text = engine.read_text(inside(folder, NAME))
    return None if text is None else json.loads(text)


def _finish(engine: SparkEngine, folder: str | Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Write a manifest, which makes a folder a finished one."""
    whole = {**document, "content_hash": content_hash(document)}
    engine.write_text(
        inside(folder, NAME), json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    )
    return whole
