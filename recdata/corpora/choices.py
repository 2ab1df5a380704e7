"""What corpora of choices share: JSON Lines read one by one, and the entries of a profile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from recdata.corpora.text import check_gzip, open_raw
from recdata.errors import InputError

LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""What options are called, in their order."""

ENTRIES = pa.list_(
    pa.struct(
        [
            ("id", pa.string()),
            ("title", pa.string()),
            ("text", pa.string()),
            ("label", pa.string()),
            ("timestamp", pa.timestamp("us", tz="UTC")),
        ]
    )
)
"""A profile, as the canonical schema has it."""


def objects(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the objects of a file of JSON Lines (plain or gz), each with where it stands ("FILE, line 3"), one at a time.

    Empty lines are passed over. Raises InputError for a line that is no object, or not UTF-8, and for a damaged gz.
    """
    check_gzip(path)
    with open_raw(path) as raw:
        for number, line in enumerate(raw, 1):
            if not line.strip():
                continue
            where = f"{path}, line {number:,}"
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{where}: not JSON: {error}") from None
            if not isinstance(found, dict):
                raise InputError(f"{where}: expected a JSON object, found {str(found)[:60]!r}")
            yield where, found


def text_of(value: Any, key: str, where: str) -> str:
    """Return a value that must be a text that can be written. Raises InputError, naming ``key``, for any other."""
    if not isinstance(value, str):
        raise InputError(f"{where}: {key} is {str(value)[:60]!r}; expected a text in quotes")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: {key} holds half of a surrogate pair, which is no text") from None
    return value
