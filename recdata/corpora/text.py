"""Reading delimited raw files into an engine, with the line, the column and the value of what is wrong in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError

MAX_LINE = 64 * 2**20
"""The longest line that is read, in bytes: texts of any size come through, a file without line ends does not."""

_CODECS = {"utf-8": "utf-8-sig", "latin-1": "latin-1"}


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
) -> None:
    """Read ``path`` (plain or gz) into ``relation``.

    columns: name to DuckDB type, in the file's order. header: what the first line must say, None where the file has
    none. quoted: whether fields may stand in double quotes, doubled inside (RFC 4180). encoding: "utf-8" or "latin-1".
    An empty field is null. Raises InputError with file, line, column and value for the first few bad_lines.
    """
    if header is not None:
        _check_header(path, header, delimiter, encoding)
    typed = ", ".join(f"{quote(column)}: {quote(kind)}" for column, kind in columns.items())
    mark = "'\"'" if quoted else "''"
    options = (
        f"delim = {quote(delimiter)}, quote = {mark}, escape = {mark}, header = {str(header is not None).lower()}, "
        f"encoding = {quote(encoding)}, auto_detect = false, columns = {{{typed}}}, store_rejects = true, "
        f"rejects_table = 'bad_lines', rejects_scan = 'bad_scans', rejects_limit = 5, max_line_size = {MAX_LINE}"
    )
    for table in ("bad_lines", "bad_scans"):
        engine.connection.execute(f"DROP TABLE IF EXISTS {name(table)}")
    try:
        engine.keep(relation, f"SELECT * FROM read_csv({quote(str(path))}, {options})")
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
        raise InputError(
            f"{path} cannot be read as text with {delimiter!r} between fields: {error}"
        ) from error
    bad = engine.fetch(
        'SELECT line, column_name, error_type, csv_line, error_message FROM "bad_lines" ORDER BY line, column_idx'
    )
    if bad:
        raise InputError("\n".join(_explain(path, columns, *row) for row in bad))


def _check_header(path: Path, header: Sequence[str], delimiter: str, encoding: str) -> None:
    """Compare the first line with what the publisher's format says. Raises InputError."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    if packed:
        import gzip

        with gzip.open(path, "rb") as raw:
            first = raw.readline(MAX_LINE)
    else:
        with path.open("rb") as raw:
            first = raw.readline(MAX_LINE)
    text = first.decode(_CODECS[encoding], errors="replace")
    found = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    if [field.strip() for field in found] != list(header):
        raise InputError(
            f"{path}, line 1: the header is {delimiter.join(found)[:200]!r}; expected {delimiter.join(header)!r}"
        )


def _explain(
    path: Path, columns: Mapping[str, str], line: int, column: str, kind: str, text: str, why: str
) -> str:
    """Say what is wrong with one line, in one line."""
    shown = repr(text if len(text) <= 200 else text[:197] + "...")
    if kind == "CAST":
        return f"{path}, line {line}, column {column!r}: expected a value of type {columns[column]}; the line is {shown}"
    if kind == "INVALID ENCODING":
        return f"{path}, line {line}: not valid UTF-8; the line is {shown}"
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        return (
            f"{path}, line {line}: expected {len(columns)} fields ({', '.join(columns)}); the line is {shown}"
        )
    return f"{path}, line {line}: {why}"


def read_lines(engine: DuckEngine, relation: str, path: Path) -> None:
    """Read each line of ``path`` (UTF-8, plain or gz) whole, into the column ``line`` of ``relation``."""
    read_delimited(engine, relation, path, {"line": "VARCHAR"}, delimiter="\x1e")
