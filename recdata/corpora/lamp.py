"""LaMP: personalized text tasks, a question with what the person who asks wrote before, one JSON array a part.

Questions and answers are files of their own, ``train_questions.json`` and ``train_outputs.json``; the part that LaMP calls
dev is valid here. What stands in a profile differs by task: the card's options say which field is text, title and label.
The questions of LaMP-6 that its authors' script writes for the test part stand in an object with ``golds``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from recdata.corpora.jsonl import read_json
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

PARTS = {"train": "train", "dev": "valid", "test": "test"}
"""The parts by the names that LaMP's files have, with those used here."""

_QUESTIONS = {"id": "text!", "user_id": "text", "input": "string!", "profile": "json!"}
_CHUNK = 1 << 20


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the parts that are there; return the SELECT of the examples."""
    task = card.options["task"]
    selects = []
    for file, part in PARTS.items():
        if not raw.has(f"{file}.questions"):
            continue
        questions = f"{file} questions"
        path = raw.path(f"{file}.questions")
        read_json(engine, questions, _array(path, engine), _QUESTIONS, source=path)
        answers = "SELECT NULL AS id, NULL AS output WHERE false"
        if raw.has(f"{file}.outputs"):
            answers = _answers(engine, f"{file} outputs", raw.path(f"{file}.outputs"), task, questions, path)
        selects.append(
            f"SELECT q.id AS example_id, user_id, {quote(task)} AS task, input, {_profile(card)} AS profile, "
            f"a.output AS target, {quote(part)} AS part FROM {name(questions)} AS q LEFT JOIN ({answers}) AS a USING (id)"
        )
    return {"examples": " UNION ALL ".join(selects)} if selects else {}


def _profile(card: Card) -> str:
    """Return SQL for a profile as a list of structs, each field of the schema from the field that the card names."""
    fields: dict[str, str] = card.options["profile"]
    shape = {"id": "VARCHAR", "date": "VARCHAR"} | dict.fromkeys(fields.values(), "VARCHAR")
    read = f"from_json(profile, {quote(json.dumps([shape]))})"
    columns = ", ".join(
        f"{quote(column)}: " + (f"p.{name(fields[column])}" if column in fields else "CAST(NULL AS VARCHAR)")
        for column in ("title", "text", "label")
    )
    return (
        f"list_transform({read}, lambda p: {{'id': p.id, {columns}, "
        "'timestamp': CAST(TRY_CAST(p.date AS TIMESTAMP) AS TIMESTAMPTZ), 'date': p.date})"
    )


def _array(path: Path, engine: DuckEngine) -> Path:
    """Return ``path`` where it holds an array, else a copy of the array that stands in its object."""
    with path.open("rb") as file:
        head = file.read(_CHUNK)
        if not head.lstrip().startswith(b"{") or b"[" not in head:
            return path
        copy = engine.scratch(path.name)
        with copy.open("wb") as out:
            out.write(head[head.index(b"[") :])
            while chunk := file.read(_CHUNK):
                out.write(chunk)
            end = out.tell()
    with copy.open("rb+") as out:
        out.seek(max(end - 1024, 0))
        tail = out.read()
        if b"]" in tail:
            out.truncate(end - len(tail) + tail.rindex(b"]") + 1)
    return copy


def _answers(engine: DuckEngine, relation: str, path: Path, task: str, questions: str, asked: Path) -> str:
    """Read the answers, which are short and few; return their SELECT.

    Raises InputError for a file of another task, an answer that is not a text, a repeated id, or ids that are not those of
    the questions.
    """
    try:
        document: Any = json.loads(path.read_bytes())
        golds = {gold["id"]: gold["output"] for gold in document["golds"]}
        total = len(document["golds"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f'{path} is not {{"task": ..., "golds": [{{"id": ..., "output": ...}}, ...]}}: {error!r}'
        ) from None
    if document.get("task") not in (task, None):
        raise InputError(f"{path}: the task is {document['task']!r}; expected {task!r}")
    if len(golds) < total:
        raise InputError(f"{path}: {total - len(golds):,} ids occur more than once")
    for key, output in golds.items():
        if not isinstance(output, str):
            raise InputError(f"{path}: the output of id {key!r} is {output!r}; expected a text in quotes")
    engine.add(relation, pa.table({"id": list(map(str, golds)), "output": list(golds.values())}, _ANSWERS))
    unmatched = engine.fetch(
        f"SELECT q.id, a.id FROM {name(questions)} AS q FULL JOIN {name(relation)} AS a ON q.id = a.id "
        "WHERE q.id IS NULL OR a.id IS NULL ORDER BY ALL LIMIT 1"
    )
    if unmatched:
        question, answer = unmatched[0]
        raise InputError(
            f"{path}: the answer {answer!r} has no question in {asked}"
            if question is None
            else f"{path} has no answer to the question {question!r} of {asked}"
        )
    return f"SELECT id, output FROM {name(relation)}"


_ANSWERS = pa.schema([("id", pa.string()), ("output", pa.string())])
