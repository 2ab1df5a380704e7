"""A folder of Parquet files, as Spark and others write them: read as one, in the order of the names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recdata.submission.block import Block, Value
from recdata.submission.file import File
from recdata.submission.finding import Findings, StopReadingError, Unit, escape
from recdata.submission.limits import Limits
from recdata.submission.parquet import ParquetReader
from recdata.submission.wanted import Wanted


class FolderReader:
    """The files ``*.parquet`` of a folder. Rows are numbered from 0, from file to file; other files are passed over.

    Names that begin with an underscore or a dot are other files, as in Spark.
    """

    unit: Unit = "row"
    format = "parquet-folder"

    def __init__(self, folder: Path, limits: Limits, findings: Findings) -> None:
        """Read the footers. Raises StopReadingError, with the reason in ``findings``."""
        self.name = findings.file
        self.limits = limits
        findings.unit = self.unit
        self.unread = self.unread_groups = 0
        self.done = 0.0
        paths = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith(("_", ".")))
        limits.check("parts", len(paths), findings)
        if not paths:
            findings.add("unknown-format", value="a folder", expected="a folder with files *.parquet")
            raise StopReadingError
        self._files = [File(path, limits) for path in paths]
        self._parts = []
        for file in self._files:
            part = Findings(file.name, self.unit, findings.limit)
            try:
                self._parts.append(ParquetReader(file, part))
            except StopReadingError:
                findings.take(part)
                raise
        if any(part.places is not None for part in self._parts):
            findings.add(
                "unknown-format",
                value="a folder of files whose rows have no ids",
                expected="one file of them",
            )
            raise StopReadingError
        values = [part.value for part in self._parts]
        self.value: Value = values[0]
        if len(set(values)) > 1:
            other = self._parts[int(np.argmax(np.array(values) != values[0]))]
            findings.add("missing-column", column=self.value, value=escape(other.name))
            raise StopReadingError

    def restrict(self, wanted: Wanted) -> None:
        """Pass over row groups that have none of the users of ``wanted``, as ``ParquetReader.restrict`` does."""
        for part in self._parts:
            part.restrict(wanted)

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """Yield the rows of all files."""
        first = 0
        rows = max(sum(part.rows for part in self._parts), 1)
        self.unread = self.unread_groups = 0
        self.done = 0.0
        for part in self._parts:
            for block in part.blocks(findings, first):
                self.done = (first + part.done * part.rows) / rows
                yield block
            first += part.rows
            self.unread += part.unread
            self.unread_groups += part.unread_groups

    def size(self) -> int:
        """Return the size of the files in bytes."""
        return sum(file.size() for file in self._files)

    def digest(self) -> str:
        """Return the SHA-256 of a text that has, for each file in order, a line of its SHA-256 and its name."""
        whole = hashlib.sha256()
        for file in self._files:
            whole.update(f"{file.digest()}  {file.path.name}\n".encode("utf-8", "surrogateescape"))
        return whole.hexdigest()

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        return "lines of the SHA-256 and name of each file, as sha256sum prints them"
