"""How the raw files of a declared corpus are laid out, as its card says, and reading them into an engine."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from recdata.corpora.tables import duck_type
from recdata.corpora.text import CODECS, first_fields, open_raw, read_delimited
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.schema.kinds import arrow_type, element_type, struct_fields

DEFAULTS = {"csv": (",", True), "tsv": ("\t", False), "jsonl": ("", False), "parquet": ("", False)}
"""The formats, with the delimiter and whether fields may be quoted where the card does not say."""


@dataclass(frozen=True)
class Layout:
    """The layout of a raw file.

    columns: names, which expressions use, to canonical types. header: what the first line says, None where the file has
    none. raw: types that only JSON has, by column: ``map<T>``, an object with any keys, which becomes a list of (key,
    value); ``text``, a text or a number, which becomes a text. also: other layouts that the same file is found in.
    """

    format: str
    columns: Mapping[str, str]
    delimiter: str
    quoted: bool
    header: tuple[str, ...] | None
    encoding: str
    nulls: tuple[str, ...]
    raw: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Layout, ...] = ()

    @property
    def delimited(self) -> bool:
        """Whether the file is text with a delimiter between fields."""
        return self.format in ("csv", "tsv")


def layout(spec: Mapping[str, Any], where: str) -> Layout:
    """Return the layout that a card's ``options.files`` entry means; ``where`` is what messages call it.

    Raises InputError for a type that the schema has not, or a header whose length is not that of the columns.
    """
    kind = spec["format"]
    columns = spec["columns"]
    typed = dict.fromkeys(columns, "string") if isinstance(columns, list) else dict(columns)
    raw = {column: text for column, text in typed.items() if text == "text" or text.startswith("map<")}
    if raw and kind != "jsonl":
        raise InputError(f"{where}.columns: {', '.join(raw)}: map and text are types that only JSON has")
    for column, text in raw.items():
        value = text.removeprefix("map<").removesuffix(">")
        typed[column] = "string" if text == "text" else f"list<struct<key: string, value: {value}>>"
    for column, type_text in typed.items():
        try:
            arrow_type(type_text)
        except InputError as error:
            raise InputError(f"{where}.columns.{column}: {error}") from None
    first = _variant(kind, typed, {key: value for key, value in spec.items() if key != "also"}, where)
    also = tuple(_variant(kind, typed, {**spec, **more}, where) for more in spec.get("also", ()))
    return replace(first, also=also, raw=raw)


def _variant(kind: str, columns: Mapping[str, str], spec: Mapping[str, Any], where: str) -> Layout:
    delimiter, quoted = DEFAULTS[kind]
    header = spec.get("header", True)
    if header is False:
        names = None
    else:
        names = tuple(columns if header is True else header)
        if len(names) != len(columns):
            raise InputError(
                f"{where}: the header has {len(names)} names, but there are {len(columns)} columns"
            )
    return Layout(
        kind,
        columns,
        spec.get("delimiter", delimiter),
        spec.get("quoted", quoted),
        names,
        spec.get("encoding", "utf-8"),
        tuple(spec.get("nulls", [""])),
    )


def load(engine: DuckEngine, relation: str, path: Path, given: Layout, keep: Sequence[str]) -> Layout:
    """Read the columns ``keep`` of ``path`` into ``relation``; return the layout that the file was found in.

    Raises InputError with file, line and column for what does not fit.
    """
    if given.delimited:
        found = _found_in(path, given)
        read_delimited(
            engine,
            relation,
            path,
            {column: duck_type(type_text) for column, type_text in found.columns.items()},
            delimiter=found.delimiter,
            header=found.header,
            quoted=found.quoted,
            encoding=found.encoding,
            nulls=found.nulls,
            keep=keep,
        )
        return found
    if given.format == "parquet":
        _load_parquet(engine, relation, path, given, keep)
    else:
        _load_json(engine, relation, path, given, keep)
    return given


def _found_in(path: Path, given: Layout) -> Layout:
    """Return the layout whose header a file has; of those without one, the first with as many fields."""
    if not given.also:
        return given
    for each in (given, *given.also):
        fields = first_fields(path, each.delimiter, each.encoding)
        if fields == list(each.header) if each.header is not None else len(fields) == len(each.columns):
            return each
    return given


def _load_parquet(engine: DuckEngine, relation: str, path: Path, given: Layout, keep: Sequence[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        there = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is not a Parquet file: {error}") from None
    for column in keep:
        if column not in there:
            raise InputError(f"{path} has no column {column!r}; it has {', '.join(there)}")
    casts = ", ".join(
        f"CAST({name(column)} AS {duck_type(given.columns[column])}) AS {name(column)}" for column in keep
    )
    try:
        engine.keep(relation, f"SELECT {casts} FROM read_parquet({quote(str(path))})")
    except duckdb.Error as error:
        raise InputError(f"{path} cannot be read as the card says: {str(error).splitlines()[0]}") from error


def _load_json(engine: DuckEngine, relation: str, path: Path, given: Layout, keep: Sequence[str]) -> None:
    from recdata.corpora.jsonl import read_json
    from recdata.corpora.literals import as_json

    kinds = {"string": "string", "bool": "bool", "list<string>": "strings"}
    kinds |= dict.fromkeys(("int8", "int32", "int64"), "int64") | dict.fromkeys(
        ("float32", "float64"), "float64"
    )
    kinds |= {"text": "text"}
    fields = {column: kinds.get(given.raw.get(column, given.columns[column]), "json") for column in keep}
    read_json(engine, f"{relation} objects", as_json(path, engine.scratch), fields, source=path)
    values = []
    for column, kind in fields.items():
        value, target = name(column), duck_type(given.columns[column])
        if kind == "json":
            value = f"CAST({value} AS JSON)"
        if given.raw.get(column, "").startswith("map<"):
            # An empty object is an empty array where PHP wrote it.
            pairs = f"MAP(VARCHAR, {duck_type(struct_fields(element_type(given.columns[column]))['value'])})"
            value = f"CASE WHEN json_type({value}) = 'ARRAY' THEN [] ELSE map_entries(CAST({value} AS {pairs})) END"
        values.append(f"CAST({value} AS {target}) AS {name(column)}")
    try:
        engine.keep(relation, f"SELECT {', '.join(values)} FROM {name(f'{relation} objects')}")
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise InputError(
            f"{path}: a value is not of its column's type: {str(error).splitlines()[0]}"
        ) from error


def lines_of(
    path: Path, found: Layout, column: str, values: Sequence[str | None]
) -> list[tuple[int | None, str]]:
    """Return for each of some values of ``column`` the line of a delimited file that it stands on, and the line's text.

    A value that is given a second time is looked for a second time; None is one of the layout's nulls. Without a line, and
    with the value itself, where that cannot be said: in other formats, of a column that is no field of the file, or where
    the value is no longer what was written. The file is read once, as far as it has to be.
    """
    lines: dict[str | None, list[tuple[int, str]]] = {}
    if found.delimited and column in found.columns:
        place, missing = list(found.columns).index(column), Counter(values)
        for number, fields in _numbered(path, found):
            value = fields[place] if len(fields) > place else ""
            key = None if value in found.nulls else value
            if missing[key]:
                missing[key] -= 1
                lines.setdefault(key, []).append((number, found.delimiter.join(fields)))
                if not missing.total():
                    break
    taken = {value: iter(there) for value, there in lines.items()}
    return [next(taken.get(value, iter(())), (None, value or "")) for value in values]


def _numbered(path: Path, found: Layout) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a delimited file, each with the line it begins on, from 1, the header's among them."""
    with open_raw(path) as raw, io.TextIOWrapper(raw, CODECS[found.encoding], "replace", newline="") as text:
        if not found.quoted:
            yield from ((n, line.rstrip("\r\n").split(found.delimiter)) for n, line in enumerate(text, 1))
            return
        reader = csv.reader(text, delimiter=found.delimiter)
        before = 0
        with suppress(csv.Error):  # a field longer than Python reads: what stands behind it has no line
            for fields in reader:
                yield before + 1, fields
                before = reader.line_num
