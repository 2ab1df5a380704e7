"""Reading delimited raw files into an engine, with the line, the column and the value of what is wrong in them."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

import duckdb

from recdata.engines.bad_rows import BadRow
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError

MAX_LINE = 64 * 2**20
"""The longest line that is read, in bytes: texts of any size come through, a file without line ends does not."""

CODECS = {"utf-8": "utf-8-sig", "latin-1": "latin-1", "utf-16": "utf-16"}
"""The encodings of raw files that are read, each with Python's name for it; a byte order mark is not text."""

_CHUNK = 1 << 20
_BESIDES = 8
"""How many bad rows are looked for beyond those that may be left out, to be shown."""


def read_delimited(
    engine: DuckEngine,
    relation: str,
    path: Path,
    columns: Mapping[str, str],
    *,
    delimiter: str,
    header: Sequence[str] | None = None,
    quoted: bool = False,
    encoding: str = "utf-8",
    nulls: Sequence[str] = ("",),
    keep: Sequence[str] | None = None,
) -> None:
    """Read ``path`` (plain or gz) into ``relation``.

    columns: name to DuckDB type, in the file's order. header: what the first line must say, None where the file has
    none. quoted: whether fields may stand in double quotes, doubled inside (RFC 4180). encoding: one of CODECS. nulls:
    the fields that are null, by default the empty one. keep: the columns that are read, all by default; what stands in
    the others is not looked at.

    Rows that do not fit are left out where the engine's ``bad_rows`` allow it. Raises InputError with file, line, column
    and value for the first few where it does not, and where the file as a whole cannot be read.
    """
    packed = check_gzip(path)
    if header is not None:
        _check_header(path, header, delimiter, encoding)
    typed = ", ".join(f"{quote(column)}: {quote(kind)}" for column, kind in columns.items())
    mark = "'\"'" if quoted else "''"
    limit = (max(engine.bad_rows.left, 0) + _BESIDES) * len(columns)
    options = (
        f"delim = {quote(delimiter)}, quote = {mark}, escape = {mark}, header = {str(header is not None).lower()}, "
        f"encoding = {quote(encoding)}, auto_detect = false, columns = {{{typed}}}, store_rejects = true, "
        f"nullstr = [{', '.join(map(quote, nulls))}], rejects_table = 'bad_lines', rejects_scan = 'bad_scans', "
        f"rejects_limit = {limit}, max_line_size = {MAX_LINE}"
    )
    wanted = ", ".join(map(name, columns if keep is None else keep))

    def load(file: Path, compression: str) -> None:
        for table in ("bad_lines", "bad_scans"):
            engine.connection.execute(f"DROP TABLE IF EXISTS {name(table)}")
        scan = f"read_csv({quote(str(file))}, {options}, compression = {quote(compression)})"
        engine.keep(relation, f"SELECT {wanted} FROM {scan}")

    try:
        try:
            load(path, "gzip" if packed else "none")
        except duckdb.InvalidInputException:
            # Lines that end in CRLF here and in LF there: DuckDB takes one or the other.
            with tempfile.TemporaryDirectory(prefix="recdata-lines-") as folder:
                load(_one_line_end(path, Path(folder) / path.name), "none")
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
        why = str(error).splitlines()[0]
        raise InputError(
            f"{path} cannot be read as text with {delimiter!r} between fields: {why}{_lone_return(path)}"
        ) from error
    engine.bad_rows.add(_bad_rows(engine, path, columns, quoted))


def _one_line_end(path: Path, copy: Path) -> Path:
    """Copy a file (plain or gz) to ``copy`` with LF where CRLF stands."""
    with open_raw(path) as raw, copy.open("wb") as file:
        while line := raw.readline(MAX_LINE):
            file.write(line[:-2] + b"\n" if line.endswith(b"\r\n") else line)
    return copy


def _lone_return(path: Path) -> str:
    """Say where the first carriage return stands that no line feed follows; empty where none does."""
    with open_raw(path) as raw:
        place = 0
        while line := raw.readline(MAX_LINE):
            place += 1
            if b"\r" in line.removesuffix(b"\r\n"):
                return f"; line {place} has a carriage return in its middle"
    return ""


def _check_header(path: Path, header: Sequence[str], delimiter: str, encoding: str) -> None:
    """Compare the first line with what the publisher's format says. Raises InputError."""
    found = first_fields(path, delimiter, encoding)
    if found != list(header):
        raise InputError(
            f"{path}, line 1: the header is {delimiter.join(found)[:200]!r}; expected {delimiter.join(header)!r}"
        )


def first_fields(path: Path, delimiter: str, encoding: str) -> list[str]:
    """Return the fields of the first line of a file (plain or gz), without white space around them."""
    with open_raw(path) as raw:
        first = raw.readline(MAX_LINE)
    if encoding == "utf-16":
        first += b"\0"[
            : len(first) % 2
        ]  # The line feed's second byte, in little-endian, stands on the next line.
    text = first.decode(CODECS[encoding], errors="replace")
    if len(delimiter) == 1:
        found = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    else:
        found = text.rstrip("\r\n").split(delimiter)
    return [field.strip() for field in found]


def open_raw(path: Path) -> IO[bytes]:
    """Open a raw file for reading bytes, unpacked where it is gz."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def check_gzip(path: Path, copy: Path | None = None) -> bool:
    """Say whether a file is gz, and if so read it to its end, where its checksum stands: engines do not look at it.

    copy: where to put what is unpacked. Raises InputError, with the line after which nothing can be read, for one that
    is cut off or damaged.
    """
    with open_raw(path) as raw, ExitStack() as stack:
        if not isinstance(raw, gzip.GzipFile):
            return False
        file = stack.enter_context(copy.open("wb")) if copy else None
        lines = 0
        try:
            while chunk := raw.read1(_CHUNK):
                lines += chunk.count(b"\n")
                if file:
                    file.write(chunk)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}, line {lines} or later: the gz file is cut off or damaged ({error}); get it again"
            ) from None
        return True


def _bad_rows(engine: DuckEngine, path: Path, columns: Mapping[str, str], quoted: bool) -> list[BadRow]:
    """Return the rows of the last file read that did not fit, by line."""
    found: dict[int, BadRow] = {}
    for line, byte, column, kind, text, why in engine.fetch(
        "SELECT line, line_byte_position, column_name, error_type, csv_line, error_message FROM bad_lines "
        "ORDER BY line, column_idx"
    ):
        if line in found:
            continue
        # For DuckDB a row may begin with the line feed of a CRLF before it, and with empty lines.
        row = text.lstrip("\r\n")
        byte += len(text) - len(row)
        if kind == "CAST":
            why = f"expected a value of type {columns[column]}"
        elif kind == "INVALID ENCODING":
            why = "not valid UTF-8"
        elif kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
            why = f"expected {len(columns)} fields ({', '.join(columns)})"
        else:
            why = why.splitlines()[0]
        # Of fields with line ends inside, DuckDB counts rows, not lines.
        physical = _line_at(path, byte) if quoted else line
        # A quote that is not closed swallows the rows behind it.
        rows = 1 + row.rstrip("\n").count("\n") if kind == "UNQUOTED VALUE" else 1
        found[line] = BadRow(path, physical, column if kind == "CAST" else None, why, row, rows)
    return list(found.values())


def _line_at(path: Path, byte: int) -> int:
    """Return the number of the line that ``byte`` (from 1) of the text stands on."""
    line, left = 1, max(byte - 1, 0)
    with open_raw(path) as raw:
        while left > 0 and (chunk := raw.read(min(left, _CHUNK))):
            line += chunk.count(b"\n")
            left -= len(chunk)
    return line


def read_lines(engine: DuckEngine, relation: str, path: Path) -> None:
    """Read each line of ``path`` (UTF-8, plain or gz) whole, into the column ``line`` of ``relation``."""
    read_delimited(engine, relation, path, {"line": "VARCHAR"}, delimiter="\x1e")
