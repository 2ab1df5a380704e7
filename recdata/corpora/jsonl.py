"""Reading JSON raw files into an engine: lines or one array, plain or gz, with the line and value of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from recdata.corpora.jsonl_faults import bad_rows, clean_copy
from recdata.corpora.text import check_gzip
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError

MAX_OBJECT = 256 * 2**20
"""The largest object that is read, in bytes: texts of any size come through, a file of one endless object does not."""

# DuckDB sets aside twice as much for each thread; more is asked for only where it is needed.
_USUAL_OBJECT = 16 * 2**20

TYPES = {
    "string": "JSON",
    "text": "VARCHAR",
    "float64": "DOUBLE",
    "int64": "BIGINT",
    "bool": "JSON",
    "strings": "JSON",
    "moment": "JSON",
    "json": "JSON",
}
"""What a field may be, with the type that DuckDB reads it as.

string: text in quotes, and nothing else. text: as string, but not looked at (long texts), so that a number gives its
digits. float64, int64: a number, or one in quotes. bool: true or false. strings: a list of texts, or one text alone, which
becomes a list of one. moment: a date in quotes, 2012-01-03 15:28:18, 2012-01-03 or 2012-01. json: anything, kept as JSON
text. Null is allowed everywhere.
"""


def read_json(
    engine: DuckEngine, relation: str, path: Path, fields: Mapping[str, str], source: Path | None = None
) -> None:
    """Name ``relation`` the objects in ``path``: JSON lines or one JSON array, plain or gz.

    fields: name to type (see TYPES), with ! behind it where the field must be there and not null; fields that are not
    named are not read, fields that are not there are null. The file is read once to check it and again wherever the
    relation is used, by all threads, and never held in memory. source: what messages call it, where ``path`` is a copy.

    Rows that do not fit are left out where the engine's ``bad_rows`` allow it. Raises InputError with file, line, field
    and value for the first few where it does not.
    """
    source = source or path
    # Unpacked once, it is read by all threads, and twice, in less time than the gz once.
    plain = unpacked if check_gzip(path, unpacked := engine.scratch(path.stem)) else path
    scan = _Scan(plain, _layout(plain), fields)
    why = ""
    try:
        sound = scan.check(engine) and (scan.layout != "array" or _ends(plain))
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
        sound, why = False, str(error).splitlines()[0]
    if not sound:
        found = bad_rows(plain, source, fields, engine.bad_rows.left)
        if not found:
            raise InputError(f"{source} cannot be read as JSON: {why}")
        engine.bad_rows.add(found)
        scan = _Scan(clean_copy(plain, engine.scratch(path.name), fields), "newline_delimited", fields)
        scan.check(engine)
    engine.view(relation, scan.select())


def _layout(path: Path) -> str:
    """Return DuckDB's word for how the objects stand in a file: one a line, or in an array."""
    with path.open("rb") as raw:
        while head := raw.read(64):
            if head.strip():
                return "array" if head.lstrip().startswith(b"[") else "newline_delimited"
    return "newline_delimited"


def _ends(path: Path) -> bool:
    """Say whether the last byte of an array, but for white space, is its bracket: DuckDB does not look at it."""
    with path.open("rb") as raw:
        raw.seek(max(path.stat().st_size - 1024, 0))
        return raw.read().rstrip().endswith(b"]")


class _Scan:
    """How DuckDB reads one plain file."""

    def __init__(self, path: Path, layout: str, fields: Mapping[str, str]) -> None:
        self.path, self.layout, self.fields = path, layout, fields
        self.largest = _USUAL_OBJECT

    def check(self, engine: DuckEngine) -> bool:
        """Read all objects and say whether each field is what it must be; texts and free JSON always are."""
        rules = [rule for field, kind in self.fields.items() if (rule := _rule(name(field), kind))]
        wrong = f"count(*) FILTER (WHERE ({' AND '.join(rules)}) IS NOT TRUE)" if rules else "0 * count(*)"
        # A column that nothing is asked of is not even cast.
        typed = [f"count({name(f)})" for f, kind in self.fields.items() if kind.startswith(("float", "int"))]
        select = f"SELECT {', '.join([wrong, *typed])} FROM "
        try:
            rows = engine.fetch(select + self._source())
        except duckdb.InvalidInputException as error:
            if "maximum_object_size" not in str(error) or self.largest == MAX_OBJECT:
                raise
            self.largest = MAX_OBJECT
            rows = engine.fetch(select + self._source())
        return bool(rows[0][0] == 0)

    def select(self) -> str:
        """Return the SELECT of the fields, each as what its type says."""
        columns = ", ".join(f"{_value(name(f), kind)} AS {name(f)}" for f, kind in self.fields.items())
        return f"SELECT {columns} FROM {self._source()}"

    def _source(self) -> str:
        columns = ", ".join(
            f"{quote(f)}: {quote(TYPES[kind.rstrip('!')])}" for f, kind in self.fields.items()
        )
        return (
            f"read_json({quote(str(self.path))}, format = {quote(self.layout)}, columns = {{{columns}}}, "
            f"compression = 'uncompressed', maximum_object_size = {self.largest})"
        )


def _rule(column: str, kind: str) -> str | None:
    """Return the SQL condition that a field meets, None where it cannot fail but by DuckDB's own cast."""
    shapes = {
        "string": f"starts_with({column}, '\"')",
        "bool": f"CAST({column} AS VARCHAR) IN ('true', 'false')",
        "strings": f"(starts_with({column}, '[') OR starts_with({column}, '\"'))",
        "moment": f"{_value(column, 'moment')} IS NOT NULL",
    }
    required = kind.endswith("!")
    if shape := shapes.get(kind.rstrip("!")):
        return shape if required else f"({column} IS NULL OR {shape})"
    return f"{column} IS NOT NULL" if required else None


def _value(column: str, kind: str) -> str:
    """Return the SQL of a field's value."""
    # Most texts have no escapes in them; those are cut from their quotes, at a third of the cost of parsing them.
    text = (
        f"CASE WHEN contains({column}, '\\') THEN {column} ->> '$' ELSE CAST({column} AS VARCHAR)[2:-2] END"
    )
    return {
        "string": text,
        "bool": f"CAST({column} AS VARCHAR) = 'true'",
        "strings": f"CASE WHEN starts_with({column}, '[') THEN from_json({column}, '[\"VARCHAR\"]') "
        f"WHEN {column} IS NOT NULL THEN [{column} ->> '$'] END",
        "moment": f"TRY_CAST({text} || CASE WHEN length({column}) = 9 THEN '-01' ELSE '' END AS TIMESTAMP)",
        "json": f"CAST({column} AS VARCHAR)",
    }.get(kind.rstrip("!"), column)
