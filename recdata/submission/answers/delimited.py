"""CSV and TSV of answers: texts may have line breaks inside quotes, so that a row is numbered by its first line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from recdata.submission.answers.rows import Batch, Row, batched, find_columns
from recdata.submission.delimited import FORMATS
from recdata.submission.file import File, OfFile
from recdata.submission.finding import Findings, StopReadingError, Unit

_CHUNK = 1 << 20


class DelimitedAnswers(OfFile):
    """A text file with a header. Rows are numbered as lines, from 1, the header included."""

    unit: Unit = "line"
    task: str | None = None

    def __init__(self, file: File, delimiter: str) -> None:
        super().__init__(file)
        self.format = file.packed(FORMATS[delimiter])
        self._delimiter = delimiter

    def batches(self, findings: Findings) -> Iterator[Batch]:
        """Yield the rows. Raises StopReadingError where the header lacks a column, or a line or field has no end."""
        return batched(self._rows(findings), findings)

    def _rows(self, findings: Findings) -> Iterator[Row]:
        with text_of(self._file, findings) as lines, _longest_field(2 * self.limits.answer_length):
            reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            header = self._next(reader, 1, findings) or []
            id_name, answer_name = find_columns(header, findings)
            id_at, answer_at = header.index(id_name), header.index(answer_name)
            while True:
                line = reader.line_num + 1
                fields = self._next(reader, line, findings)
                if fields is None:
                    return
                if not fields:
                    continue
                if len(fields) != len(header):
                    expected = f"{len(header)} fields, as in the header, not {len(fields)}"
                    shown = self._delimiter.join(fields)
                    findings.add("bad-line", row=line, value=shown, expected=expected)
                    continue
                yield Row(line, fields[id_at] or None, fields[answer_at])

    def _next(self, reader: Any, line: int, findings: Findings) -> list[str] | None:
        """Return the fields of the next row, None at the end; lines that cannot be parsed go to ``findings``."""
        while True:
            try:
                return next(reader, None)
            except csv.Error as error:
                if "field larger" in str(error):
                    limit = f"at most {self.limits.answer_length:,} bytes; is a quote not closed?"
                    findings.add("over-limit", row=line, value="answer_length", expected=limit)
                    raise StopReadingError from None
                findings.add("bad-line", row=line, value=str(error), expected="fields as in RFC 4180")
                line = reader.line_num + 1


class _Bytes(io.RawIOBase):
    """The unpacked bytes of a file, for a text wrapper; limits are watched while they are read."""

    def __init__(self, file: File, stream: Any, findings: Findings) -> None:
        self._file, self._stream, self._findings = file, stream, findings
        self._unpacked = 0

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` with what comes next."""
        data = self._file.read(self._stream, len(buffer), self._findings)
        self._unpacked += len(data)
        self._file.limits.check_unpacked(self._unpacked, self._file.size(), self._findings)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._stream.close()
        super().close()


def text_of(file: File, findings: Findings) -> io.TextIOWrapper:
    """Return a file as text; bytes that are not UTF-8 become halves of surrogate pairs, which are found row by row."""
    raw = _Bytes(file, file.open(findings), findings)
    buffered = io.BufferedReader(raw, _CHUNK)
    return io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape", newline="")


class _longest_field:  # noqa: N801  a context manager, used like a function
    """Let fields of CSV be so long while the block runs; Python's limit is one for all readers."""

    def __init__(self, most: int) -> None:
        self._most = min(most, 2**31 - 1)

    def __enter__(self) -> None:
        self._before = csv.field_size_limit(self._most)

    def __exit__(self, *error: object) -> None:
        csv.field_size_limit(self._before)
