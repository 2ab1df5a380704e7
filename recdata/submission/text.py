"""Text files: cut into pieces of whole lines, parsed by Arrow, and line by line where Arrow finds fault with a piece.

A piece that Arrow parses must have one row a line and no empty value, so that row numbers are line numbers.
Any other piece is parsed again by Python, slower, which tells the lines that are wrong from those that are
only unusual.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from recdata.submission.block import Block, Value, id_column, value_column
from recdata.submission.file import File, OfFile
from recdata.submission.finding import Findings, StopReadingError, Unit
from recdata.submission.listform import flatten, is_list
from recdata.submission.nesting import too_deep

if TYPE_CHECKING:
    import pyarrow as pa

PIECE = 1 << 24
"""Bytes that are read at a time."""
LONGEST_LINE = 1 << 26
"""A line of more bytes than this is refused."""
_SHORTEST = 4
"""No prediction is written in fewer bytes."""
_LINE = re.compile(rb"[^\n]+")
BOM = b"\xef\xbb\xbf"


class Piece(NamedTuple):
    """Whole lines of a file: the number of the first, how many there are, their bytes."""

    first: int
    lines: int
    text: bytes

    @classmethod
    def of(cls, first: int, text: bytes) -> Piece:
        """Count the lines; the last may have no line break."""
        return cls(first, text.count(b"\n") + (not text.endswith(b"\n")), text)

    def without_head(self, lines: int) -> Piece:
        """Return the beginning of a file without its byte order mark and its first ``lines``."""
        text = self.text.removeprefix(BOM)
        for _ in range(lines):
            text = text.partition(b"\n")[2]
        return Piece(self.first + lines, self.lines - lines, text)


class Fields(NamedTuple):
    """What one line says: ids, and the value as a number or as it is written (None: not there)."""

    user: str | None
    item: str | None
    value: float | str | None


class BadLineError(Exception):
    """A line that cannot be parsed: what was expected (the text of the exception) and the column, if it is one."""

    def __init__(self, expected: str, column: str | None = None) -> None:
        super().__init__(expected)
        self.column = column


class Dialect(Protocol):
    """How the lines of a text format are parsed.

    header: how many lines come before the first prediction. nests: whether brackets may be inside one another.
    """

    format: str
    value: Value
    header: int
    nests: bool

    def parse(self, piece: bytes) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray | None]:
        """Parse whole lines with Arrow: users, items, values, or lists of items and of values or none.

        Raises ArrowInvalid where any line is unusual.
        """

    def parse_line(self, line: str) -> Iterable[Fields]:
        """Parse one line, which has one prediction or a list of them. Raises BadLineError."""


class TextReader(OfFile):
    """A text file on disk. Rows are numbered as lines, from 1, the header included."""

    unit: Unit = "line"

    def __init__(self, file: File, dialect: Dialect) -> None:
        super().__init__(file)
        self.format = file.packed(dialect.format)
        self.value: Value = dialect.value
        self.done = 0.0
        self._dialect = dialect

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """Yield the lines as blocks."""
        for piece in pieces(self._file, findings):
            self.done = self._file.done()
            body = piece.without_head(self._dialect.header) if piece.first == 1 else piece
            if body.text:
                yield self._block(body, findings)

    def _block(self, piece: Piece, findings: Findings) -> Block:
        import pyarrow as pa

        if self._dialect.nests and (deep := too_deep(piece.text, self.limits.nesting)) is not None:
            self.limits.check("nesting", deep[1], findings, piece.first + deep[0])
        if _SHORTEST * piece.lines > len(piece.text):  # most lines are empty
            return self._careful(piece.text, piece.first, findings)
        try:
            user, item, value = self._dialect.parse(piece.text)
            if len(user) == piece.lines and is_list(item.type):
                return self._flat(user, item, value, piece.first)
            if len(user) == piece.lines and value is not None and not value.null_count:
                return Block(id_column(user), id_column(item), value_column(value), piece.first)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
            pass
        return self._careful(piece.text, piece.first, findings)

    def _flat(
        self, user: pa.ChunkedArray, item: pa.ChunkedArray, value: pa.ChunkedArray | None, first: int
    ) -> Block:
        """Return lists as rows. Raises ArrowInvalid where any is unusual."""
        import pyarrow as pa

        odd = Findings(self.name)
        flat = flatten(user, item, value, first, odd)
        if odd.counts or item.null_count or (flat.value is not None and flat.value.null_count):
            raise pa.ArrowInvalid("a list is unusual")
        number = pa.chunked_array([pa.array(flat.rank)]) if flat.value is None else flat.value
        return Block(id_column(flat.user), id_column(flat.item), value_column(number), flat.row)

    def _careful(self, piece: bytes, line: int, findings: Findings) -> Block:
        """Parse a piece line by line; lines that are wrong are added to ``findings`` and left out."""
        import pyarrow as pa

        kept: list[tuple[int, str | None, str | None, float]] = []
        number, counted = line, 0
        # Lines with nothing in them may be many millions: they are passed over without a look at each.
        for found in _LINE.finditer(piece):
            number += piece.count(b"\n", counted, found.start())
            counted = found.start()
            text = found[0].removesuffix(b"\r")
            if not text.strip():
                continue
            try:
                for fields in self._dialect.parse_line(text.decode("utf-8")):
                    kept.append((number, fields.user, fields.item, _number(fields.value, self.value)))
            except UnicodeDecodeError as error:
                shown = text.decode("utf-8", "backslashreplace")
                expected = f"UTF-8 (byte {error.start + 1} of the line is {text[error.start]:#04x})"
                findings.add("bad-encoding", row=number, value=shown, expected=expected)
            except BadLineError as error:
                if error.column == self.value:
                    findings.add("bad-number", row=number, column=error.column, value=str(error))
                else:
                    shown = text.decode("utf-8", "backslashreplace")
                    findings.add(
                        "bad-line", row=number, column=error.column, value=shown, expected=str(error)
                    )
        rows, users, items, values = zip(*kept, strict=True) if kept else ((), (), (), ())
        return Block(
            id_column(pa.chunked_array([pa.array(users, pa.string())])),
            id_column(pa.chunked_array([pa.array(items, pa.string())])),
            pa.chunked_array([pa.array(values, pa.float64())]),
            np.array(rows, dtype=np.int64),
        )


def _number(written: float | str | None, column: Value) -> float:
    """Return the number that was written. Raises BadLineError, what was written as its text, where it is none.

    NaN and infinity are numbers here; they are found later, as in every format.
    """
    if written is None or (isinstance(written, str) and not written.strip()):
        raise BadLineError("", column)
    try:
        # Python alone would read 1_000 and digits of other scripts as numbers.
        if isinstance(written, str) and ("_" in written or not written.isascii()):
            raise ValueError
        return float(written)
    except ValueError:
        raise BadLineError(str(written), column) from None
    except OverflowError:
        return math.inf


def pieces(file: File, findings: Findings) -> Iterator[Piece]:
    """Yield the unpacked bytes of ``file``, cut after line breaks.

    Raises StopReadingError, with the reason in ``findings``, for damaged packing and for a line without end.
    """
    line, rest = 1, b""
    unpacked = 0
    with file.open(findings) as stream:
        while data := file.read(stream, PIECE, findings, line):
            unpacked += len(data)
            file.limits.check_unpacked(unpacked, file.size(), findings)
            end = data.rfind(b"\n") + 1
            if end:
                piece = Piece.of(line, rest + data[:end])
                yield piece
                line += piece.lines
                rest = data[end:]
            else:
                rest += data
            if len(rest) > LONGEST_LINE:
                limit = f"lines of at most {LONGEST_LINE:,} bytes"
                findings.add(
                    "bad-line", row=line, value=rest[:100].decode("utf-8", "replace"), expected=limit
                )
                raise StopReadingError
    if rest:
        yield Piece.of(line, rest)
