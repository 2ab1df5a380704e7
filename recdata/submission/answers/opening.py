"""Opening answers: what is given, a file or a table, is told by its content and gets the reader for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from recdata.submission.answers.delimited import DelimitedAnswers
from recdata.submission.answers.golds import GoldsAnswers
from recdata.submission.answers.jsonl import JsonAnswers
from recdata.submission.answers.rows import NAMES, AnswerReader
from recdata.submission.answers.table import ParquetAnswers, TableAnswers
from recdata.submission.delimited import FORMATS as DELIMITERS
from recdata.submission.file import File
from recdata.submission.finding import Findings, StopReadingError
from recdata.submission.limits import Limits
from recdata.submission.spool import Given
from recdata.submission.text import BOM

FORMATS = "Parquet, CSV or TSV with a header, JSON Lines, LaMP's JSON; text also as gz, zst, bz2 or zip"
_HEAD = 1 << 16


def open_answers(
    predictions: Any, limit: int, limits: Limits | None = None
) -> tuple[AnswerReader | None, Findings]:
    """Return the reader for a path or a table, or None where ``findings`` say why there is none.

    limits: how much of a file is read. Raises MissingError where there is no such file, InputError where ``predictions``
    is neither file nor table.
    """
    name = None
    if isinstance(predictions, Given):
        predictions, limits, name = predictions
    if not isinstance(predictions, str | os.PathLike):
        return TableAnswers.of(predictions, limit)
    file = File(Path(predictions), limits or Limits(), name)
    findings = Findings(file.name, limit=limit)
    try:
        reader = reader_of(file, findings)
    except StopReadingError:
        return None, findings
    findings.unit = reader.unit
    return reader, findings


def reader_of(file: File, findings: Findings) -> AnswerReader:
    """Return the reader for what a file holds. Raises StopReadingError, the reason in ``findings``, where there is none."""
    if file.size() == 0:
        findings.add("no-rows")
        raise StopReadingError
    with file.open(findings) as stream:
        head = file.read(stream, _HEAD, findings)
    if head.startswith(b"PAR1") and not file.packing:
        return ParquetAnswers(file)
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(b"{"):
        return GoldsAnswers(file) if b'"golds"' in text else JsonAnswers(file)
    first = text.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    if "\0" in first or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        findings.add("bad-encoding", row=1, value=first, expected="UTF-8; this looks like UTF-16 or UTF-32")
        raise StopReadingError
    for delimiter in DELIMITERS:
        fields = {field.strip('"') for field in first.split(delimiter)}
        if len(fields) > 1 and fields & {name for names in NAMES.values() for name in names}:
            return DelimitedAnswers(file, delimiter)
    findings.add(
        "unknown-format",
        row=1,
        value=first,
        expected=FORMATS,
        remedy="write it in one of them; the columns are example_id and answer",
    )
    raise StopReadingError
