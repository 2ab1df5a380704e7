"""Opening predictions: what is given, a file or a table, is told by its content and gets the reader for it."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

from recdata.submission.block import ITEM, USER, Reader
from recdata.submission.columns import plain_names
from recdata.submission.delimited import FORMATS, Delimited
from recdata.submission.file import File
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.jsonl import JsonLines, JsonLists
from recdata.submission.limits import Limits
from recdata.submission.nesting import too_deep
from recdata.submission.spool import Given
from recdata.submission.text import BOM, Dialect, Piece, TextReader, pieces
from recdata.submission.trec import TrecRun

EXTENSIONS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".trec": "trec",
    ".run": "trec",
}
"""Formats by how the names of files end, in small letters."""
_HEAD = 1 << 16


def open_predictions(
    predictions: Any, limit: int, limits: Limits | None = None
) -> tuple[Reader | None, Findings]:
    """Return the reader for a path or a table, or None where ``findings`` say why there is none.

    Tables are what ``memory.as_table`` takes. limits: how much of a file is read.
    Raises MissingError where there is no such file, InputError where ``predictions`` is neither file nor
    table.
    """
    limits = limits or Limits()
    name = None
    if isinstance(predictions, Given):
        predictions, limits, name = predictions
    if not isinstance(predictions, str | os.PathLike):
        from recdata.submission.frame import FrameReader

        return FrameReader.of(predictions, limit)
    if Path(predictions).is_dir():
        return _open_folder(Path(predictions), limit, limits)
    file = File(Path(predictions), limits, name)
    findings = Findings(file.name, limit=limit)
    try:
        reader = _open_file(file, findings)
    except StopReadingError:
        return None, findings
    if name is None:
        _compare_name(file, reader, findings)
    return reader, findings


def _open_folder(folder: Path, limit: int, limits: Limits) -> tuple[Reader | None, Findings]:
    from recdata.submission.folder import FolderReader

    findings = Findings(escape(folder, 200), limit=limit)
    try:
        return FolderReader(folder, limits, findings), findings
    except StopReadingError:
        return None, findings


def _open_file(file: File, findings: Findings) -> Reader:
    if file.size() == 0:
        findings.add("no-rows")
        raise StopReadingError
    if file.packing == "zip":
        from recdata.submission.npz import NpzReader, is_npz

        if is_npz(file):
            return NpzReader(file, findings)
    with file.open(findings) as stream:
        head = file.read(stream, 4, findings)
    if head == b"PAR1":
        if file.packing:
            unpacked = "Parquet as it is: it packs itself"
            findings.add("unknown-format", value=f"Parquet inside {file.packing}", expected=unpacked)
            raise StopReadingError
        from recdata.submission.parquet import ParquetReader

        return ParquetReader(file, findings)
    return TextReader(file, _dialect(file, findings))


def _dialect(file: File, findings: Findings) -> Dialect:
    """Tell the dialect of a text file by its first line."""
    head = next(pieces(file, findings), Piece(1, 0, b""))
    first = head.text.removeprefix(BOM).partition(b"\n")[0].removesuffix(b"\r")
    if not first.strip():
        findings.add("unknown-format", row=1, value=first.decode("utf-8", "backslashreplace"))
        raise StopReadingError
    try:
        line = first.decode("utf-8")
    except UnicodeDecodeError:
        shown = first[:_HEAD].decode("utf-8", "backslashreplace")
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            findings.add("bad-encoding", row=1, value=shown, expected="UTF-8; this is UTF-16")
        elif any(name in first for name in (b"user", b"item")):
            findings.add("bad-encoding", row=1, value=shown)
        else:
            findings.add("unknown-format", row=1, value=shown)
        raise StopReadingError from None
    if "\0" in line and "user" in line.replace("\0", ""):
        findings.add("bad-encoding", row=1, value=line, expected="UTF-8; this looks like UTF-16 or UTF-32")
        raise StopReadingError
    if line.lstrip().startswith("{"):
        if (deep := too_deep(first, file.limits.nesting)) is not None:
            file.limits.check("nesting", deep[1], findings, 1)
        record = _first_object(line, findings)
        return JsonLists(record) if JsonLists.looks_like(record) else JsonLines(record, findings)
    extension = EXTENSIONS.get(file.extensions()[0])
    for delimiter, format in FORMATS.items():
        names = _header(line, delimiter)
        file.limits.check("columns", len(names), findings)
        plain = plain_names(names)
        if USER in plain or ITEM in plain or (extension == format and delimiter in line):
            return Delimited(names, delimiter, findings)
    if TrecRun.looks_like(line):
        return TrecRun(line)
    findings.add("unknown-format", row=1, value=line)
    raise StopReadingError


def _first_object(line: str, findings: Findings) -> dict[str, Any]:
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        findings.add("bad-line", row=1, value=line, expected="one JSON object a line")
        raise StopReadingError from None
    return dict(first)


def _header(line: str, delimiter: str) -> list[str]:
    try:
        return Delimited.split(line, delimiter)
    except csv.Error:
        return []


def _compare_name(file: File, reader: Reader, findings: Findings) -> None:
    extension, packing = file.extensions()
    said = EXTENSIONS.get(extension)
    is_format = reader.format.partition("+")[0]
    if is_format == "npz":
        if extension != ".npz":
            findings.add("name-differs", value=file.path.name, expected="a name for npz")
        return
    if (said and said != is_format) or packing != file.packing:
        findings.add("name-differs", value=file.path.name, expected=f"a name for {reader.format}")
