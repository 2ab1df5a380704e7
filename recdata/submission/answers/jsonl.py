"""JSON Lines of answers: one object a line with example_id and answer (or id and output); other keys are ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from recdata.schema.keys import RepeatedKeyError, unique
from recdata.submission.answers.rows import NAMES, Batch, Row, batched
from recdata.submission.file import File, OfFile
from recdata.submission.finding import Findings, Unit
from recdata.submission.text import BOM, pieces


class BadObjectError(Exception):
    """An object that says no answer: what was expected, and of which column."""

    def __init__(self, expected: str, column: str | None = None) -> None:
        super().__init__(expected)
        self.column = column


class JsonAnswers(OfFile):
    """A text file of objects. Rows are numbered as lines, from 1."""

    unit: Unit = "line"
    task: str | None = None

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self.format = file.packed("jsonl")

    def batches(self, findings: Findings) -> Iterator[Batch]:
        """Yield the rows; lines that are wrong are added to ``findings`` and left out."""
        return batched(self._rows(findings), findings)

    def _rows(self, findings: Findings) -> Iterator[Row]:
        for piece in pieces(self._file, findings):
            text = piece.text.removeprefix(BOM) if piece.first == 1 else piece.text
            for number, line in enumerate(text.split(b"\n"), piece.first):
                if not line.strip():
                    continue
                try:
                    yield Row(number, *answer_of(_parsed(line)))
                except BadObjectError as error:
                    expected = str(error)
                    findings.add(
                        "bad-line", row=number, column=error.column, value=_shown(line), expected=expected
                    )


def _shown(line: bytes) -> str:
    return line[:400].decode("utf-8", "backslashreplace")


def _parsed(line: bytes) -> Any:
    """Return what a line says; bytes that are not UTF-8 become halves of surrogate pairs, which are found row by row."""
    try:
        return decoder.decode(line.decode("utf-8", "surrogateescape").strip())
    except (json.JSONDecodeError, RepeatedKeyError, RecursionError):
        raise BadObjectError("one JSON object a line, each key once") from None


decoder = json.JSONDecoder(object_pairs_hook=unique, parse_int=str, parse_float=str)
"""Reads JSON with numbers as they are written, so that an id of any length and an answer such as 4.0 stay what they are."""


def answer_of(record: Any) -> tuple[str | None, str | None]:
    """Return id and answer of an object, None where they are null. Raises BadObjectError where it is no prediction."""
    if not isinstance(record, dict):
        raise BadObjectError("an object with example_id and answer")
    found: list[str | None] = []
    for wanted, known in NAMES.items():
        name = next((name for name in known if name in record), None)
        if name is None:
            raise BadObjectError(f"an object with {wanted} (or {known[-1]})", wanted)
        value = record[name]
        if not (value is None or isinstance(value, str)):
            raise BadObjectError("a text in quotes", wanted)
        found.append(value)
    return found[0] or None, found[1]
