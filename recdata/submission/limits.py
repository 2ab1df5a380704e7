"""Limits for files from strangers: how much is read before the reading is ended. All of them can be set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from recdata.errors import InputError
from recdata.submission.finding import Findings, StopReadingError


@dataclass(frozen=True)
class Limits:
    """The largest values that are taken; each is a whole number."""

    rows: int = 2_000_000_000
    """Predictions in a file."""
    bytes: int = 200 * 10**9
    """Bytes of a file after unpacking."""
    columns: int = 1000
    """Columns of a table."""
    id_length: int = 1000
    """Bytes of an id in UTF-8."""
    answer_length: int = 1_000_000
    """Bytes of an answer to an example in UTF-8."""
    nesting: int = 20
    """Brackets inside one another in a line of JSON."""
    spool: int = 20 * 10**9
    """Bytes of standard input, which is kept on disk while it is read."""
    ratio: int = 1000
    """How many times larger than the file it may unpack to, where that is more than 100 MB."""
    parts: int = 10_000
    """Files of a folder of Parquet parts."""
    seconds: int = 3600
    """Seconds until an answer (with --untrusted)."""
    memory: int = 8 * 10**9
    """Bytes of memory (address space) for the reading (with --untrusted)."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Limits:
        """Return limits from texts such as "rows=1000000" or "memory=4e9", the others as they are.

        >>> Limits.of(["rows=1e6"]).rows
        1000000

        Raises InputError where a name or number is wrong.
        """
        names = [field.name for field in fields(cls)]
        found = {}
        for text in texts:
            name, _, written = text.partition("=")
            try:
                number = int(float(written))
            except (ValueError, OverflowError):
                number = 0
            if name not in names or number < 1:
                raise InputError(f"limit {text!r}: expected NAME=NUMBER, the names being {', '.join(names)}")
            found[name] = number
        return replace(cls(), **found)

    def check(self, name: str, value: int, findings: Findings, row: int | None = None) -> None:
        """Raise StopReadingError, the limit in ``findings``, where ``value`` is over the limit called ``name``."""
        most = getattr(self, name)
        if value > most:
            findings.add("over-limit", row=row, value=f"{name} {value:,}", expected=f"at most {most:,}")
            raise StopReadingError

    def check_unpacked(self, unpacked: int, packed: int, findings: Findings) -> None:
        """Check what came out of ``packed`` bytes so far. Raises StopReadingError, the limit in ``findings``."""
        self.check("bytes", unpacked, findings)
        if unpacked > 100_000_000:
            self.check("ratio", unpacked // max(packed, 1), findings)
