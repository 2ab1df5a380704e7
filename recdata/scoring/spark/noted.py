"""Findings of partitions: noted where they are made, without the users' ids, and put together in one order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.submission.finding import Findings

_MARKED = re.compile("\x1f([0-9]{19})\x1f")


class Note(NamedTuple):
    """One finding. row: its place in the order of all rows, -1 where it concerns none; the others as in Findings.add."""

    row: int
    value: str | None
    code: str
    column: str | None
    expected: str | None
    remedy: str | None

    def order(self) -> tuple[int, str]:
        """Return what notes of one code are sorted by, whatever the partitions."""
        return self.row, self.value or ""


def user_mark(code: int) -> str:
    """Return what stands for the id of the user with ``code``; sorted as text, users are in the order of their codes."""
    return f"\x1f{code:019d}\x1f"


class Noted(Findings):
    """Findings that are not shown where they are made: counted, and of each code the first ``limit`` kept as notes."""

    def __init__(self, limit: int) -> None:
        super().__init__("", "row", limit)
        self.notes: dict[str, list[Note]] = {}

    def add(
        self,
        code: str,
        *,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Count one finding and keep it if it is among the first."""
        self.count(code, 1)
        text = None if value is None else str(value)
        self._keep([Note(-1 if row is None else row, text, code, column, expected, remedy)])

    def add_rows(
        self,
        code: str,
        rows: npt.NDArray[np.int64],
        column: str | None,
        value: Callable[[int], object],
        expected: str | None = None,
    ) -> None:
        """Count a finding for each of ``rows`` and keep those that are among the first."""
        self.count(code, len(rows))
        if not self.limit or not len(rows):
            return
        kept = self.notes.get(code, [])
        near = np.flatnonzero(rows <= kept[-1].row) if len(kept) >= self.limit else np.arange(len(rows))
        first = near[np.argsort(rows[near], kind="stable")[: self.limit]].tolist()
        shown = [(int(rows[at]), value(at)) for at in first]
        texts = [(row, None if said is None else str(said)) for row, said in shown]
        self._keep([Note(row, text, code, column, expected, None) for row, text in texts])

    def _keep(self, notes: list[Note]) -> None:
        if notes:
            kept = [*self.notes.get(notes[0].code, []), *notes]
            self.notes[notes[0].code] = sorted(kept, key=Note.order)[: self.limit]

    def move(self, first: int) -> None:
        """Let rows be counted from ``first``, not from 0."""
        for code, notes in self.notes.items():
            self.notes[code] = [
                note if note.row < 0 else note._replace(row=note.row + first) for note in notes
            ]

    def __str__(self) -> str:
        """Write all of it as JSON that ``take_text`` reads."""
        return json.dumps({"counts": self._counts, "notes": self.notes})

    def take_text(self, text: str) -> None:
        """Add what another partition noted."""
        document = json.loads(text)
        for code, number in document["counts"].items():
            self.count(code, number)
        for notes in document["notes"].values():
            self._keep([Note(*note) for note in notes])

    def users(self) -> set[int]:
        """Return the codes of the users who stand in the notes."""
        texts = (note.value for notes in self.notes.values() for note in notes)
        return {int(found) for text in texts if text for found in _MARKED.findall(text)}

    def drop(self, code: str) -> None:
        """Forget what was noted under ``code``."""
        self.notes.pop(code, None)
        self._counts.pop(code, None)

    def missing(self) -> list[int]:
        """Return the codes of users without a row, the first of them."""
        return [
            int(found)
            for note in self.notes.get("missing-user", [])
            for found in _MARKED.findall(note.value or "")
        ]

    def into(
        self,
        findings: Findings,
        names: Mapping[int, str],
        place: Callable[[int], tuple[str | None, int | None]],
    ) -> None:
        """Add all to ``findings``. names: the ids of ``users()``. place: of a row its file (None: the whole) and number."""
        for code, number in self._counts.items():
            notes = self.notes.get(code, [])
            for note in notes:
                file, row = (None, None) if note.row < 0 else place(note.row)
                value = None if note.value is None else _named(note.value, names)
                findings.add(
                    code,
                    row=row,
                    column=note.column,
                    value=value if file is None or value is None else f"{value} (in {file})",
                    expected=note.expected,
                    remedy=note.remedy,
                )
            findings.count(code, number - len(notes))


def _named(text: str, names: Mapping[int, str]) -> str:
    return _MARKED.sub(lambda found: names.get(int(found[1]), found[0]), text)


def merged(texts: Iterable[str], limit: int) -> Noted:
    """Return what all partitions noted."""
    noted = Noted(limit)
    for text in texts:
        noted.take_text(text)
    return noted
