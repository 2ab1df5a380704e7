"""Finding what is wrong in a JSON raw file, object by object, once it is known that something is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from recdata.engines.bad_rows import BadRow
from recdata.schema.keys import RepeatedKeyError, unique

_BESIDES = 8
"""How many bad rows are looked for beyond those that may be left out, to be shown."""

_CHUNK = 1 << 20
_SEPARATORS = " \t\r\n,"


class _Row(NamedTuple):
    """One object as it stands in the file: the line it begins on, its text, and why that is not JSON if it is not.

    Bytes that are not UTF-8 stand in the text as Python's surrogate escapes.
    """

    line: int
    text: str
    why: str | None = None


def bad_rows(path: Path, source: Path, fields: Mapping[str, str], allowed: int) -> list[BadRow]:
    """Return the first rows of ``path`` (plain) that do not fit ``fields``, a few more than are ``allowed``.

    source: the file as messages call it.
    """
    found = []
    for row in _rows(path):
        fault = _fault(row, fields)
        if fault is not None:
            text = row.text[:1000].encode(errors="surrogateescape").decode(errors="replace")
            found.append(BadRow(source, row.line, *fault, text.strip()))
            if len(found) >= max(allowed, 0) + _BESIDES:
                break
    return found


def clean_copy(path: Path, copy: Path, fields: Mapping[str, str]) -> Path:
    """Copy the objects of ``path`` that fit ``fields`` to ``copy``, one a line, and return it."""
    with copy.open("w", encoding="utf-8", newline="\n") as file:
        for row in _rows(path):
            if _fault(row, fields) is None:
                file.write(row.text.replace("\n", " ") + "\n")
    return copy


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        in_array = file.read(_CHUNK).lstrip().startswith("[")
        file.seek(0)
        if in_array:
            yield from _elements(file.read)
        else:
            yield from (_Row(place, line.strip()) for place, line in enumerate(file, 1) if line.strip())


def _elements(read: Callable[[int], str]) -> Iterator[_Row]:
    """Yield the elements of an array; the first that is not JSON is the last, since nothing is known behind it."""
    decoder = json.JSONDecoder()
    text = read(_CHUNK)
    place = text.index("[") + 1
    line = 1 + text.count("\n", 0, place)
    while True:
        start = place
        while start < len(text) and text[start] in _SEPARATORS:
            start += 1
        line += text.count("\n", place, start)
        place = start
        why = "the array does not end"
        try:
            if text[place : place + 1] == "]":
                return
            stop = decoder.raw_decode(text, place)[1] if place < len(text) else len(text)
            broken = False
        except json.JSONDecodeError as error:
            stop, why = len(text), f"not JSON: {error.msg}"
            # What is wrong at the very end of what was read may be right with what comes next.
            broken = error.pos < len(text) - 64 and not error.msg.startswith("Unterminated")
        if stop < len(text):
            yield _Row(line, text[place:stop])
            line += text.count("\n", place, stop)
            place = stop
            continue
        more = "" if broken else read(max(_CHUNK, len(text) - place))
        if not more:
            yield _Row(line, text[place : place + _CHUNK], why)
            return
        text, place = text[place:] + more, 0


def _fault(row: _Row, fields: Mapping[str, str]) -> tuple[str | None, str] | None:
    """Return (field, what is wrong) of a row, the field None where it is the row as a whole; None where it fits."""
    if row.why:
        return None, row.why
    try:
        row.text.encode()
    except UnicodeEncodeError:
        return None, "not valid UTF-8"
    try:
        document = json.loads(row.text, object_pairs_hook=unique)
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return None, f"not JSON: {error.msg} at character {error.pos + 1}"
    except UnicodeEncodeError:
        return None, "half of a surrogate pair is escaped in it"
    except (RepeatedKeyError, RecursionError) as error:
        return None, str(error)
    if not isinstance(document, dict):
        return None, "expected an object in braces"
    for field, kind in fields.items():
        value = document.get(field)
        if value is None:
            if kind.endswith("!"):
                return field, "it is missing" if field not in document else "it is null"
        elif expected := _unfit(value, kind.rstrip("!")):
            return field, f"expected {expected}, found {json.dumps(value)[:80]}"
    return None


def _unfit(value: Any, kind: str) -> str | None:
    """Return what was expected in place of ``value``, None where it fits."""
    if kind == "string":
        return None if isinstance(value, str) else "text in quotes"
    if kind == "bool":
        return None if isinstance(value, bool) else "true or false"
    if kind == "strings":
        return None if isinstance(value, str | list) else "a list of texts"
    if kind == "moment":
        try:
            datetime.fromisoformat(value + "-01" if len(value) == 7 else value)
        except (TypeError, ValueError):
            return "a date, with or without its time of day"
    if kind in ("float64", "int64"):
        try:
            number = float(value) if isinstance(value, str) else value
            sound = isinstance(number, int | float) and (kind == "float64" or abs(number) < 2**63)
        except ValueError:
            sound = False
        return None if sound else "a number"
    return None
