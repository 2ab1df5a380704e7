"""PersonaMem: multiple-choice questions on what a person told a chatbot, a CSV, and the conversations, JSON Lines.

A line of the contexts is one object with one key, the conversation's id, whose value is the list of its messages
({"role", "content"}). A question names a conversation and how many of its messages came before: the profile is cut there,
so that nothing later is seen. The options stand in the CSV as one text, a list in Python's or JSON's words whose texts
begin with "(a) ", "(b) ", ...; the letters are checked and taken off.
"""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recdata.corpora.choices import ENTRIES, LETTERS, objects, text_of
from recdata.corpora.text import check_gzip, open_raw
from recdata.engines.base import quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

_KEPT = ("persona_id", "question_id", "question_type", "topic", "user_question_or_message")
_NEEDED = (*_KEPT, "correct_answer", "all_options", "shared_context_id", "end_index_in_shared_context")
_NUMBERS = (
    "context_length_in_tokens",
    "distance_to_ref_in_blocks",
    "distance_to_ref_in_tokens",
    "num_irrelevant_tokens",
)
"""Columns that older files lack."""
_QUESTIONS = pa.schema(
    [
        *((column, pa.string()) for column in (*_KEPT, "correct_answer")),
        ("options", pa.list_(pa.string())),
        ("context", pa.string()),
        ("until", pa.int64()),
        *((column, pa.int64()) for column in _NUMBERS),
    ]
)
_CONTEXTS = pa.schema([("context", pa.string()), ("messages", ENTRIES)])
_GROUP_BYTES = 16 * 2**20


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read questions and contexts; return the SELECT of the examples."""
    lengths = _write_contexts(raw.path("contexts"), path := engine.scratch("contexts.parquet"))
    questions = list(_questions(raw.path("questions"), lengths))
    engine.add("questions", pa.Table.from_pylist(questions, _QUESTIONS))
    # The list of messages is cut as it is streamed: a conversation of many questions is never copied in memory.
    engine.view("contexts", f"SELECT * FROM read_parquet({quote(str(path))})")
    numbers = ", ".join(_NUMBERS)
    return {
        "examples": f"SELECT question_id AS example_id, persona_id AS user_id, {quote(card.options['task'])} AS task, "
        "user_question_or_message AS input, messages[1:until] AS profile, correct_answer AS target, 'test' AS part, "
        f"options, question_type, topic, context AS shared_context_id, {numbers} "
        "FROM questions JOIN contexts USING (context)"
    }


def _write_contexts(path: Path, out: Path) -> dict[str, int]:
    """Write the conversations to Parquet, some at a time; return how many messages each has."""
    lengths: dict[str, int] = {}
    waiting: list[dict[str, Any]] = []
    size = 0
    with pq.ParquetWriter(out, _CONTEXTS, compression="zstd") as writer:
        for where, line in objects(path):
            for key, messages in line.items():
                if key in lengths:
                    raise InputError(f"{where}: the context {key!r} occurs a second time")
                entries = _entries(messages, where)
                lengths[key] = len(entries)
                waiting.append({"context": key, "messages": entries})
                size += sum(len(entry["text"]) for entry in entries)
            if size > _GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(waiting, _CONTEXTS))
                waiting, size = [], 0
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, _CONTEXTS))
    return lengths


def _entries(messages: Any, where: str) -> list[dict[str, str]]:
    if not isinstance(messages, list):
        raise InputError(f"{where}: expected a list of messages, found {str(messages)[:60]!r}")
    entries = []
    for place, message in enumerate(messages):
        at = f"{where}, message {place:,}"
        if not isinstance(message, Mapping):
            raise InputError(f"{at}: expected {{role, content}}, found {str(message)[:60]!r}")
        text, role = text_of(message.get("content"), "content", at), text_of(message.get("role"), "role", at)
        entries.append({"id": str(place), "text": text, "label": role})
    return entries


def _questions(path: Path, lengths: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the questions, checked, as rows of ``_QUESTIONS``. Raises InputError with the line of what is wrong."""
    check_gzip(path)
    with open_raw(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        rows = csv.reader(text)
        try:
            header = next(rows, [])
            missing = [column for column in _NEEDED if column not in header]
            if missing:
                raise InputError(f"{path} has no column {', '.join(missing)}; it has {', '.join(header)}")
            before = rows.line_num
            for fields in rows:
                where, before = f"{path}, line {before + 1:,}", rows.line_num
                if not fields:
                    continue
                if len(fields) != len(header):
                    raise InputError(f"{where}: expected {len(header)} fields, found {len(fields)}")
                yield _question(dict(zip(header, fields, strict=True)), where, lengths)
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not valid UTF-8: {error}") from None
        except csv.Error as error:
            raise InputError(f"{path}, line {rows.line_num:,}: {error}") from None


def _question(row: Mapping[str, str], where: str, lengths: Mapping[str, int]) -> dict[str, Any]:
    context, until = row["shared_context_id"], row["end_index_in_shared_context"]
    if context not in lengths:
        raise InputError(f"{where}: there is no context {context!r}")
    if not until.isdecimal() or int(until) > lengths[context]:
        raise InputError(
            f"{where}: end_index_in_shared_context is {until!r}; expected 0 to {lengths[context]:,}, the messages of "
            f"the context"
        )
    options = _options(row["all_options"], where)
    letter = row["correct_answer"].strip().strip("()").lower()
    if letter not in LETTERS[: len(options)] or len(letter) != 1:
        raise InputError(
            f"{where}: correct_answer is {row['correct_answer']!r}; there are {len(options)} options"
        )
    numbers = {column: _number(row.get(column, "")) for column in _NUMBERS}
    kept = {column: row[column] for column in _KEPT}
    return (
        kept
        | numbers
        | {"correct_answer": letter, "options": options, "context": context, "until": int(until)}
    )


def _number(text: str) -> int | None:
    """Return a whole number, None for what is none: some cells are empty."""
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


def _options(text: str, where: str) -> list[str]:
    """Return the options without their letters."""
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
    if not isinstance(found, list) or not 2 <= len(found) <= len(LETTERS):
        raise InputError(f"{where}: all_options is not a list of texts: {text[:60]!r}")
    options = []
    for letter, option in zip(LETTERS, found, strict=False):
        whole = text_of(option, "all_options", where).strip()
        if not whole.lower().startswith(f"({letter})"):
            raise InputError(f"{where}: all_options: expected ({letter}) first, found {whole[:60]!r}")
        options.append(whole[3:].strip())
    return options
