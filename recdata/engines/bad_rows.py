"""The rows of raw files that cannot be read: how many may be left out, and which were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from recdata.errors import InputError

_SHOWN = 5
_MAX_TEXT = 200


class BadRow(NamedTuple):
    """A row that cannot be read.

    text: what stands there. line: where it begins, from 1; None where the file has no lines (Parquet). column: the
    one that is wrong, None where it is the row as a whole. rows: how many lines the row took with it.
    """

    file: Path
    line: int | None
    column: str | None
    why: str
    text: str
    rows: int = 1

    def __str__(self) -> str:
        """Say in one line where it is, what is wrong with it, and what stands there."""
        line = "" if self.line is None else f", line {self.line}"
        column = "" if self.column is None else f", column {self.column!r}"
        return f"{self.file}{line}{column}: {self.why}; the line is {shorten(self.text)!r}"


@dataclass
class BadRows:
    """What was left out so far. allowed: how many rows may be, over all files of a corpus."""

    allowed: int = 0
    rows: list[BadRow] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many more rows may be left out."""
        return self.allowed - sum(row.rows for row in self.rows)

    def add(self, found: Sequence[BadRow]) -> None:
        """Leave out ``found``. Raises InputError that shows the first few where they are too many."""
        if sum(row.rows for row in found) > self.left:
            rule = f"\nat most {self.allowed:,} bad rows may be left out" if self.allowed else ""
            raise InputError("\n".join(map(str, found[:_SHOWN])) + rule)
        self.rows += found

    def documents(self) -> list[dict[str, str | int | None]]:
        """Return what the manifest says of them: file, line, column, why, and the row's text."""
        return [
            {
                "file": row.file.name,
                "line": row.line,
                "column": row.column,
                "why": row.why,
                "text": shorten(row.text),
            }
            for row in self.rows
        ]


def shorten(text: str) -> str:
    """Return a row's text, cut where it is long."""
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."
