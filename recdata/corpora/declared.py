"""Declared corpora: a card alone says how raw files become canonical tables; there is no module for the corpus.

In the card's options, ``files`` gives the layout of each raw file (recdata/corpora/layouts.py) and ``records``, for each
record kind, one source or a list of them whose rows are put together. A source names the file it comes ``from`` and an
expression for each canonical column (recdata/corpora/expressions.py); a nullable column that it leaves out is null. And:

    explode    {column, split, as, position}: a row for each element of a list, the element called ``as``
    where      conditions on raw columns, all of which must hold (recdata/corpora/conditions.py)
    distinct   true: rows that are the same are one; a list of canonical columns: one row for each of their combinations,
               the least in the order of all columns

A source whose file is not there, where the card does not require it, is left out; so is a kind without any source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from recdata.corpora.built import kind_of
from recdata.corpora.conditions import condition
from recdata.corpora.expressions import compile_expression
from recdata.corpora.layouts import Layout, layout, lines_of, load
from recdata.corpora.values import Fault, Lookup, Scope
from recdata.engines.bad_rows import BadRow
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, MissingError
from recdata.schema.kinds import Column, element_type
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles


@dataclass(frozen=True)
class Source:
    """One source of a record kind, compiled.

    columns: canonical column to SQL. rows: what is selected of the file's rows before that (an element a row, perhaps).
    conditions: which of them count. distinct: the SELECT of what is left of them, where {rows} stands for them. faults:
    what they may not be. uses: the raw columns read, as (file, column).
    """

    file: str
    columns: Mapping[str, str]
    rows: str
    conditions: tuple[str, ...]
    distinct: str
    faults: tuple[Fault, ...]
    lookups: tuple[Lookup, ...]
    uses: frozenset[tuple[str, str]]


class Part(NamedTuple):
    """A raw file that was read: where it is, the layout it was found in, the relation it is now."""

    path: Path
    layout: Layout
    relation: str


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the raw files of a declared corpus; return for each record kind the SELECT of its canonical columns.

    Raises InputError where the card does not fit together or rows are not what it says, MissingError where there is no
    file to read.
    """
    layouts, records = compile_card(card)
    there = {
        kind: [source for source in sources if all(raw.has(file) for file, _ in source.uses)]
        for kind, sources in records.items()
    }
    sources = [source for listed in there.values() for source in listed]
    if not sources:
        raise MissingError(f"{card.name}: none of its raw files is there")
    parts = _load(raw, engine, layouts, sources)
    for source in sources:
        _check_lookups(engine, source, parts)
    return {
        kind: " UNION ALL ".join(_select(engine, source, parts[source.file]) for source in listed)
        for kind, listed in there.items()
        if listed
    }


def compile_card(card: Card) -> tuple[dict[str, Layout], dict[str, list[Source]]]:
    """Return the layouts of a card's files and the compiled sources of each record kind.

    Raises InputError, naming the place in the card, for whatever does not fit together. No raw file is needed.
    """
    where = f"{card.source}: options"
    for file in card.options["files"]:
        if file not in card.files:
            raise InputError(
                f"{where}.files: {file!r} is not one of the card's files: {', '.join(card.files)}"
            )
    layouts = {file: layout(spec, f"{where}.files.{file}") for file, spec in card.options["files"].items()}
    records = {}
    for kind, specs in card.options["records"].items():
        canonical = kind_of(card, kind).columns
        records[kind] = [
            _compile(kind, canonical, spec, layouts, f"{where}.records.{kind}[{place}]")
            for place, spec in enumerate(specs if isinstance(specs, list) else [specs])
        ]
    return layouts, records


def _compile(
    kind: str,
    canonical: Sequence[Column],
    spec: Mapping[str, Any],
    layouts: Mapping[str, Layout],
    where: str,
) -> Source:
    file, given = spec["from"], spec["columns"]
    if file not in layouts:
        raise InputError(f"{where}.from: there is no file {file!r}; there are {', '.join(layouts)}")
    known = [column.name for column in canonical]
    for column in given:
        if column not in known:
            raise InputError(
                f"{where}.columns: {kind} has no column {column!r}; it has {', '.join(known)} "
                "(a card adds columns under 'tables')"
            )
    raw_columns = dict(layouts[file].columns)
    scope = Scope(raw_columns, {each: found.columns for each, found in layouts.items()}, where)
    rows = _explode(spec["explode"], scope, raw_columns) if "explode" in spec else "*"
    scope.where = f"{where}.where"
    conditions = tuple(condition(each, scope) for each in spec.get("where", ()))
    columns = {}
    for target in canonical:
        scope.where = f"{where}.columns.{target.name}"
        if target.name not in given and not target.nullable:
            raise InputError(f"{scope.where} is missing; only nullable columns may be left out")
        expression = given.get(target.name)
        sql = columns[target.name] = compile_expression(expression, target.type, scope)
        blamed = expression if isinstance(expression, str) else (expression or {}).get("column")
        if blamed is not None and not target.nullable:
            scope.faults.append(Fault(f"{sql} IS NULL", blamed, f"a value for {target.name}"))
    # A source of nothing but constants still has the rows of its file.
    used = scope.used & set(layouts[file].columns) or {next(iter(layouts[file].columns))}
    uses = {(file, column) for column in used}
    uses |= {(each.file, column) for each in scope.lookups for column in (each.key, each.value)}
    return Source(
        file,
        columns,
        rows,
        conditions,
        _distinct(spec.get("distinct", False), columns, where),
        tuple(scope.faults),
        tuple(scope.lookups),
        frozenset(uses),
    )


def _distinct(spec: bool | Sequence[str], columns: Mapping[str, str], where: str) -> str:
    """Return the SELECT of those rows of ``{rows}`` that are left."""
    if isinstance(spec, bool):
        return f"SELECT {'DISTINCT ' if spec else ''}* FROM ({{rows}})"
    for column in spec:
        if column not in columns:
            raise InputError(
                f"{where}.distinct: there is no column {column!r}; there are {', '.join(columns)}"
            )
    order = ", ".join(f"{name(column)} NULLS FIRST" for column in dict.fromkeys([*spec, *columns]))
    return f"SELECT DISTINCT ON ({', '.join(map(name, spec))}) * FROM ({{rows}}) ORDER BY {order}"


def _explode(spec: Mapping[str, Any], scope: Scope, columns: dict[str, str]) -> str:
    """Return what to select for a row an element; add the new columns to those that expressions may speak of."""
    scope.where += ".explode"
    value = scope.column(spec["column"])
    sql, kind = value.sql, value.type
    if "split" in spec:
        if kind != "string":
            raise scope.error(f"split works on text; {spec['column']!r} is of type {kind}")
        sql, kind = f"string_split(nullif({sql}, ''), {quote(spec['split'])})", "list<string>"
    if not kind.startswith("list<"):
        raise scope.error(f"{spec['column']!r} is of type {kind}; expected a list, or a text with split")
    new = {spec["as"]: element_type(kind)}
    rows = f"*, unnest({sql}) AS {name(spec['as'])}"
    if "position" in spec:
        rows += f", generate_subscripts({sql}, 1) AS {name(spec['position'])}"
        new[spec["position"]] = "int64"
    for column in new:
        if column in columns:
            raise scope.error(f"there is a column {column!r} already")
    columns.update(new)
    return rows


def _load(
    raw: RawFiles, engine: DuckEngine, layouts: Mapping[str, Layout], sources: Sequence[Source]
) -> dict[str, list[Part]]:
    """Read every file that a source uses, once, with the columns that any of them uses; one part a path."""
    uses = {use for source in sources for use in source.uses}
    parts: dict[str, list[Part]] = {}
    for file in sorted({file for file, _ in uses}):
        keep = [column for column in layouts[file].columns if (file, column) in uses]
        parts[file] = []
        for place, path in enumerate(raw.paths(file)):
            relation = f"file {file} {place}"
            parts[file].append(Part(path, load(engine, relation, path, layouts[file], keep), relation))
        whole = " UNION ALL ".join(f"SELECT * FROM {name(part.relation)}" for part in parts[file])
        engine.view(f"file {file}", whole)
    return parts


def _check_lookups(engine: DuckEngine, source: Source, parts: Mapping[str, Sequence[Part]]) -> None:
    """Raise InputError where a file holds the key that something is looked up by more than once."""
    for lookup in source.lookups:
        key, relation = name(lookup.key), name(f"file {lookup.file}")
        twice = engine.fetch(
            f"SELECT {key}, count(*) FROM {relation} WHERE {key} IS NOT NULL "
            f"GROUP BY {key} HAVING count(*) > 1 ORDER BY {key} LIMIT 1"
        )
        if twice:
            path, (value, times) = parts[lookup.file][0].path, twice[0]
            raise InputError(
                f"{path}, column {lookup.key!r}: {value!r} stands there {times} times; what is looked up stands once"
            )


def _select(engine: DuckEngine, source: Source, parts: Sequence[Part]) -> str:
    """Return the SELECT of a source's canonical columns; its bad rows are left out, or refused."""
    rows = " UNION ALL ".join(_rows(engine, source, part) for part in parts)
    return f"({source.distinct.format(rows=rows)})"


def _rows(engine: DuckEngine, source: Source, part: Part) -> str:
    tables = f"(SELECT {source.rows} FROM {name(part.relation)}) AS given"
    for place, lookup in enumerate(source.lookups):
        key, value = name(f"lookup {place} key"), name(f"lookup {place} value")
        tables += (
            f" LEFT JOIN (SELECT {name(lookup.key)} AS {key}, {name(lookup.value)} AS {value} "
            f"FROM {name(f'file {lookup.file}')}) ON {lookup.sql} = {key}"
        )
    conditions = list(source.conditions)
    for fault in _occurring(engine, source, tables, part):
        engine.bad_rows.add(_bad_rows(engine, fault, tables, conditions, part))
        conditions.append(f"NOT ({fault.condition})")
    columns = ", ".join(f"{sql} AS {name(column)}" for column, sql in source.columns.items())
    filtered = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {columns} FROM {tables}{filtered}"


def _occurring(engine: DuckEngine, source: Source, tables: str, part: Part) -> list[Fault]:
    """Return the faults that some row has, in one pass over all of them."""
    if not source.faults:
        return []
    found = ", ".join(f"coalesce(bool_or({fault.condition}), false)" for fault in source.faults)
    filtered = f" WHERE {' AND '.join(source.conditions)}" if source.conditions else ""
    try:
        (row,) = engine.fetch(f"SELECT {found} FROM {tables}{filtered}")
    except duckdb.Error as error:
        raise InputError(f"{part.path}: {error}") from error
    return [fault for fault, there in zip(source.faults, row, strict=True) if there]


def _bad_rows(
    engine: DuckEngine, fault: Fault, tables: str, conditions: Sequence[str], part: Part
) -> list[BadRow]:
    """Return the rows that are what ``fault`` says they may not be, a few more than may be left out."""
    shown = f"CAST({name(fault.column)} AS VARCHAR)"
    limit = max(engine.bad_rows.left, 0) + 5
    wrong = " AND ".join([*conditions, f"({fault.condition})"])
    values = [value for (value,) in engine.fetch(f"SELECT {shown} FROM {tables} WHERE {wrong} LIMIT {limit}")]
    lines = lines_of(part.path, part.layout, fault.column, values)
    bad = [
        BadRow(part.path, line, fault.column, f"expected {fault.expected}, found {value!r}", text)
        for value, (line, text) in zip(values, lines, strict=True)
    ]
    return sorted(bad, key=lambda row: row.line or 0)
