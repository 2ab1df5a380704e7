"""Findings: what is wrong with a prediction file, row by row; all are counted, some are kept to be shown."""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from threading import RLock
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.submission.codes import CODES, Severity

Unit = Literal["line", "row"]
_SHOWN_LENGTH = 80
_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def escape(value: object, length: int = _SHOWN_LENGTH) -> str:
    r"""Return ``value`` as text that is safe to show: what a terminal would obey or hide is written as \u....

    Control characters, marks that turn the direction of text, unpaired surrogates and the like are escaped,
    and long text is cut, saying how much is left out.

    >>> escape("a\x1b[31m\u202eb")
    'a\\u001b[31m\\u202eb'
    >>> escape("x" * 100, 10)
    'xxxxxxxxxx... (90 more characters)'
    """
    text = str(value)
    more = f"... ({len(text) - length} more characters)" if len(text) > length else ""
    shown = (f"\\u{ord(c):04x}" if unicodedata.category(c) in _ESCAPED else c for c in text[:length])
    return "".join(shown) + more


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where, what stands there, what was expected, how to mend it.

    row: the line of a text file from 1 (the header is a line), the row of a table or Parquet file from 0
    (``unit`` says which), or None where it concerns no row. value is escaped already.
    """

    code: str
    severity: Severity
    file: str
    unit: Unit
    row: int | None
    column: str | None
    value: str | None
    expected: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON would have it."""
        return asdict(self)

    def __str__(self) -> str:
        """Print it as one line."""
        place = self.file
        if self.row is not None:
            place += f", {self.unit} {self.row}"
        if self.column is not None:
            place += f", column {self.column}"
        value = "" if self.value is None else f' "{self.value}":'
        expected = f"; expected {self.expected}" if self.expected else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.severity} {self.code}: {place}:{value} {CODES[self.code].about}{expected}{remedy}"


class Findings:
    """What was found in one file: every finding is counted by code, the first rows of each code are kept."""

    def __init__(self, file: str, unit: Unit = "line", limit: int = 20) -> None:
        self.file = file
        self.unit: Unit = unit
        self.limit = limit
        self._refused: frozenset[str] = frozenset()
        self._counts: dict[str, int] = {}
        self._lock = RLock()  # the thread that reads ahead adds to them too
        self._kept: dict[str, list[tuple[int, int, Finding]]] = {}

    def copy(self) -> Findings:
        """Return findings of their own that begin with these."""
        other = Findings(self.file, self.unit, self.limit)
        other._refused = self._refused
        other._counts = dict(self._counts)
        other._kept = {code: list(kept) for code, kept in self._kept.items()}
        return other

    def refuse(self, codes: Iterable[str]) -> None:
        """Make findings of these codes errors, as a task's policy says; to be said before any is added."""
        self._refused |= frozenset(codes)

    def severity(self, code: str) -> Severity:
        """Return the severity that ``code`` has here."""
        return "error" if code in self._refused else CODES[code].severity

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
        """Count one finding and keep it if there is room or if its row comes before one that is kept."""
        kind = CODES[code]
        finding = Finding(
            code,
            self.severity(code),
            self.file,
            self.unit,
            row,
            column,
            None if value is None else escape(value),
            kind.expected if expected is None else expected,
            kind.remedy if remedy is None else remedy,
        )
        with self._lock:
            self.count(code, 1)
            # A heap whose top is the last row kept; the counter keeps findings apart that have no row.
            entry = (-1 if row is None else -row - 1, -self._counts[code], finding)
            kept = self._kept.setdefault(code, [])
            if len(kept) < self.limit:
                heapq.heappush(kept, entry)
            else:
                heapq.heappushpop(kept, entry)

    def take(self, other: Findings) -> None:
        """Add what was found in ``other``, under the names of its file."""
        for finding in other.shown():
            with self._lock:
                self.count(finding.code, 1)
                self._kept.setdefault(finding.code, []).append((-1, -self._counts[finding.code], finding))

    def count(self, code: str, number: int) -> None:
        """Count ``number`` findings that are not kept."""
        with self._lock:
            if number:
                self._counts[code] = self._counts.get(code, 0) + number

    def add_rows(
        self,
        code: str,
        rows: npt.NDArray[np.int64],
        column: str | None,
        value: Callable[[int], object],
        expected: str | None = None,
    ) -> None:
        """Count a finding for each of ``rows``; ``value(i)`` says what stands in ``rows[i]``, for those that are kept."""
        kept = self._kept.get(code, [])
        # What comes behind all that are kept is only counted.
        last = -kept[0][0] - 1 if kept and len(kept) == self.limit else None
        near = np.flatnonzero(rows < last) if last is not None else np.arange(len(rows))
        first = near[np.argsort(rows[near], kind="stable")[: self.limit]].tolist()
        for place in first:
            self.add(code, row=int(rows[place]), column=column, value=value(place), expected=expected)
        self.count(code, len(rows) - len(first))

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each code, in the order of the code list, errors first."""
        return {code: self._counts[code] for code in self._order() if code in self._counts}

    def total(self, severity: Severity) -> int:
        """Return the number of findings of that severity."""
        return sum(n for code, n in self._counts.items() if self.severity(code) == severity)

    def shown(self) -> list[Finding]:
        """Return at most ``limit`` findings: errors first, and of each code at least one while there is room."""
        ordered = {
            code: [entry[2] for entry in sorted(self._kept[code], key=lambda entry: (-entry[0], -entry[1]))]
            for code in self._order()
            if code in self._kept
        }
        share = dict.fromkeys(ordered, 0)
        left = self.limit
        while left > 0 and any(share[code] < len(ordered[code]) for code in ordered):
            for code, found in ordered.items():
                if left > 0 and share[code] < len(found):
                    share[code] += 1
                    left -= 1
        return [finding for code, found in ordered.items() for finding in found[: share[code]]]

    def text(self) -> str:
        """Return what was found for a person: findings a line each, then how many there are of each code."""
        lines = [str(finding) for finding in self.shown()]
        for code, number in self.counts.items():
            lines.append(f"{number:,} x {code} ({self.severity(code)})")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as JSON would have it."""
        return {
            "file": self.file,
            "errors": self.total("error"),
            "warnings": self.total("warning"),
            "counts": dict(self.counts),
            "findings": [finding.to_dict() for finding in self.shown()],
        }

    def _order(self) -> list[str]:
        return sorted(CODES, key=self.severity)


class RejectedError(InputError):
    """A prediction file has errors and gets no score; ``findings`` has them all."""

    def __init__(self, findings: Findings) -> None:
        number = findings.total("error")
        super().__init__(
            f"{findings.file} was not scored: it has {number:,} error{'s' if number != 1 else ''}\n{findings.text()}"
        )
        self.findings = findings


class StopReadingError(Exception):
    """What was found last leaves nothing more to read; the finding is in the list already."""
