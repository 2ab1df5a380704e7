"""Raw files whose lines are Python literals, turned into JSON lines without running any of them."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

from recdata.corpora.jsonl import MAX_OBJECT
from recdata.corpora.text import check_gzip


def as_json(path: Path, scratch: Callable[[str], Path]) -> Path:
    """Return ``path`` (plain or gz) where its first line is JSON, else a copy in which each line's literal is JSON.

    scratch: gives a path for a file of a name. What is not a literal stays as it is: the reader of the copy will name its
    line. Lines are read one at a time. Raises InputError for a damaged gz.
    """
    plain = unpacked if check_gzip(path, unpacked := scratch(path.stem)) else path
    with plain.open("rb") as lines:
        first = next((line for line in iter(lambda: lines.readline(MAX_OBJECT), b"") if line.strip()), b"")
        if _is_json(first):
            return plain
        lines.seek(0)
        copy = scratch(path.stem)
        with copy.open("wb") as file:
            while line := lines.readline(MAX_OBJECT):
                file.write(_converted(line) + b"\n")
    return copy


def _is_json(line: bytes) -> bool:
    if not line or line.lstrip().startswith(b"["):
        return True  # nothing, or an array, which may go on for many lines
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _converted(line: bytes) -> bytes:
    """Return the JSON of a line's literal, the line itself where it is none."""
    if not line.strip():
        return b""
    try:
        return json.dumps(ast.literal_eval(line.decode().strip()), ensure_ascii=False).encode()
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return line.rstrip(b"\r\n")
