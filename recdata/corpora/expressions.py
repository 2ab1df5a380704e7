"""Expressions of declared corpora: data in a card that says how a canonical column is made, compiled to SQL.

An expression is the name of a raw column, or a mapping. First the value it starts from: ``column``; ``constant``; or
what is made of several columns (recdata/corpora/starts.py): ``columns`` with ``join``, ``digest``, ``list``, ``either``,
``entries``. Then steps, always in this order, each leaving null as null:

    field      of a struct: the field's value
    nulls      values that mean that there is none
    within     [least, most] of a number: outside of it there is none
    match      a regular expression (RE2): its first group, or all of it where it has none; null where nothing matches
    remove     a regular expression (RE2): all that matches is taken out of the text
    replace    values to put in place of others
    lookup     {file, key, value}: the value that stands beside this key in another file; {optional: true}: or null
    split      the text between the elements of a list
    epoch      a number of s, ms or us since 1970 in UTC
    time       a format of strptime, a list of formats to try, or iso (ISO 8601); in UTC where it names no offset
    plus       {column, unit}: a number of s, ms or us to add to a time
    else       an expression to take where the value is null

What comes out is cast to the canonical column's type. Nothing in a card is ever run: texts end up as quoted literals,
names as quoted names, and there is nothing else to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from recdata.corpora.starts import STARTS
from recdata.corpora.tables import duck_type
from recdata.corpora.values import Fault, Lookup, Scope, Value
from recdata.engines.base import name, quote
from recdata.schema.kinds import struct_fields

UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""The units of times that are numbers, in microseconds."""

_BEYOND = 4_000_000_000_000_000_000
"""Microseconds that no time is away from 1970: some hundred thousand years."""

_INTEGERS = ("int8", "int32", "int64")
_NUMBERS = (*_INTEGERS, "float32", "float64")


def compile_expression(spec: Any, target: str, scope: Scope) -> str:
    """Return the SQL of an expression, cast to the canonical type ``target``.

    Raises InputError, naming the place in the card, for what cannot become that type.
    """
    if spec is None:
        return f"CAST(NULL AS {duck_type(target)})"
    if isinstance(spec, str):
        return _cast(scope.column(spec), target, scope)
    value = _start(spec, target, scope)
    for step, apply in _STEPS.items():
        if step in spec:
            value = apply(value, spec[step], scope)
    sql = _cast(value, target, scope)
    if "else" in spec:
        sql = f"coalesce({sql}, {compile_expression(spec['else'], target, scope)})"
    return sql


def _start(spec: Mapping[str, Any], target: str, scope: Scope) -> Value:
    if "constant" in spec:
        return Value(literal(spec["constant"], target, scope), target, None)
    if "column" in spec:
        return scope.column(spec["column"])
    start = next(start for start in STARTS if start in spec)
    return STARTS[start](spec, target, scope)


def literal(value: Any, target: str, scope: Scope) -> str:
    """Return the SQL of a constant in a card as a value of a canonical type."""
    if value == [] and target.startswith("list"):
        return f"CAST([] AS {duck_type(target)})"
    fits = {
        "string": isinstance(value, str),
        "bool": isinstance(value, bool),
        **dict.fromkeys(_INTEGERS, isinstance(value, int) and not isinstance(value, bool)),
        **dict.fromkeys(
            ("float32", "float64"), isinstance(value, int | float) and not isinstance(value, bool)
        ),
    }
    if not fits.get(target, False):
        raise scope.error(f"the constant {value!r} is not of type {target}")
    return f"CAST({quote(str(value))} AS {duck_type(target)})"


def _text(value: Value, step: str, scope: Scope) -> Value:
    if value.type != "string":
        raise scope.error(f"{step} works on text; the value is of type {value.type}")
    return value


def _nulls(value: Value, nulls: Sequence[Any], scope: Scope) -> Value:
    listed = ", ".join(literal(null, value.type, scope) for null in nulls)
    return value._replace(sql=f"CASE WHEN {value.sql} NOT IN ({listed}) THEN {value.sql} END")


def _within(value: Value, bounds: Sequence[Any], scope: Scope) -> Value:
    if value.type not in _NUMBERS:
        raise scope.error(f"within bounds numbers; the value is of type {value.type}")
    least, most = (literal(bound, value.type, scope) for bound in bounds)
    return value._replace(sql=f"CASE WHEN {value.sql} BETWEEN {least} AND {most} THEN {value.sql} END")


def _match(value: Value, pattern: str, scope: Scope) -> Value:
    _text(value, "match", scope)
    found = f"regexp_extract({value.sql}, {quote(pattern)}, {min(groups(pattern, scope), 1)})"
    return value._replace(sql=f"CASE WHEN regexp_matches({value.sql}, {quote(pattern)}) THEN {found} END")


def _remove(value: Value, pattern: str, scope: Scope) -> Value:
    _text(value, "remove", scope)
    groups(pattern, scope)
    return value._replace(sql=f"regexp_replace({value.sql}, {quote(pattern)}, '', 'g')")


def groups(pattern: str, scope: Scope) -> int:
    """Return how many groups a regular expression has. Raises InputError where it is none that the engine knows (RE2)."""
    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [pattern])
        return re.compile(pattern).groups
    except (re.error, duckdb.Error) as error:
        why = str(error).splitlines()[0]
        raise scope.error(f"{pattern!r} is not a regular expression of RE2: {why}") from None


def _replace(value: Value, pairs: Mapping[str, str], scope: Scope) -> Value:
    _text(value, "replace", scope)
    cases = " ".join(f"WHEN {quote(old)} THEN {quote(new)}" for old, new in pairs.items())
    return value._replace(sql=f"CASE {value.sql} {cases} ELSE {value.sql} END")


def _lookup(value: Value, spec: Mapping[str, Any], scope: Scope) -> Value:
    file, key, wanted = spec["file"], spec["key"], spec["value"]
    there = scope.files.get(file)
    if there is None:
        raise scope.error(f"lookup: there is no file {file!r}; there are {', '.join(scope.files)}")
    for column in (key, wanted):
        if column not in there:
            raise scope.error(f"lookup: file {file!r} has no column {column!r}; it has {', '.join(there)}")
    if there[key] != value.type:
        raise scope.error(f"lookup: {value.type} is looked up in {key!r}, which is of type {there[key]}")
    place = len(scope.lookups)
    scope.lookups.append(Lookup(file, key, wanted, value.sql))
    if not spec.get("optional", False) and value.column is not None:
        scope.faults.append(
            Fault(
                f"{value.sql} IS NOT NULL AND {name(f'lookup {place} key')} IS NULL",
                value.column,
                f"a value of column {key!r} in {file}",
            )
        )
    return Value(name(f"lookup {place} value"), there[wanted], value.column)


def _split(value: Value, separator: str, scope: Scope) -> Value:
    _text(value, "split", scope)
    # An empty field reads as null; what is split was text, so that an empty text is an empty list.
    parts = f"string_split({value.sql}, {quote(separator)})"
    return Value(f"CASE {value.sql} WHEN '' THEN [] ELSE {parts} END", "list<string>", value.column)


def _epoch(value: Value, unit: str, scope: Scope) -> Value:
    number = value.sql if value.type in _NUMBERS else _cast(value, "int64", scope)
    sql = f"make_timestamptz({_microseconds(number, unit)})"
    _must_be(value, sql, f"a time in {unit} since 1970", scope)
    return _moment(sql, value)


def _microseconds(number: str, unit: str) -> str:
    """Return the SQL of a number of a unit in microseconds, null where it is beyond all times."""
    limit = _BEYOND // UNITS[unit]
    return (
        f"CASE WHEN {number} BETWEEN -{limit} AND {limit} "
        f"THEN CAST(round({number} * CAST({UNITS[unit]} AS BIGINT)) AS BIGINT) END"
    )


def _moment(sql: str, value: Value) -> Value:
    return Value(sql, "timestamp", value.column)


def _time(value: Value, formats: str | Sequence[str], scope: Scope) -> Value:
    _text(value, "time", scope)
    listed = [formats] if isinstance(formats, str) else list(formats)
    # strptime gives a time without a zone; the session's is UTC.
    tried = [
        f"TRY_CAST({value.sql} AS TIMESTAMPTZ)"
        if each == "iso"
        else f"CAST(try_strptime({value.sql}, {quote(each)}) AS TIMESTAMPTZ)"
        for each in listed
    ]
    sql = f"coalesce({', '.join(tried)})"
    _must_be(value, sql, f"a time like {' or '.join(listed)}", scope)
    return _moment(sql, value)


def _plus(value: Value, spec: Mapping[str, str], scope: Scope) -> Value:
    if value.type != "timestamp":
        raise scope.error("plus is added to a time: say epoch or time as well")
    more = scope.column(spec["column"])
    number = more.sql if more.type in _INTEGERS else _cast(more, "int64", scope)
    added = _microseconds(number, spec["unit"])
    _must_be(more, added, f"a number of {spec['unit']}", scope)
    # Null where there is nothing to add: the day alone would be another time.
    return value._replace(sql=f"({value.sql} + to_microseconds({added}))")


def _field(value: Value, path: str, scope: Scope) -> Value:
    for step in path.split("."):
        fields = struct_fields(value.type)
        if step not in fields:
            there = f"it has {', '.join(fields)}" if fields else f"it is of type {value.type}"
            raise scope.error(f"field: there is no field {step!r}; {there}")
        value = Value(f"struct_extract({value.sql}, {quote(step)})", fields[step], value.column)
    return value


_STEPS: Mapping[str, Callable[[Value, Any, Scope], Value]] = {
    "field": _field,
    "nulls": _nulls,
    "within": _within,
    "match": _match,
    "remove": _remove,
    "replace": _replace,
    "lookup": _lookup,
    "split": _split,
    "epoch": _epoch,
    "time": _time,
    "plus": _plus,
}


def _must_be(value: Value, sql: str, expected: str, scope: Scope) -> None:
    """Note that ``sql`` is not null where the value is not."""
    if value.column is not None:
        scope.faults.append(Fault(f"{value.sql} IS NOT NULL AND {sql} IS NULL", value.column, expected))


def _cast(value: Value, target: str, scope: Scope) -> str:
    """Return the SQL of a value as another type. What cannot be cast becomes null, and is a fault."""
    if value.type == target:
        return value.sql
    if target == "timestamp":
        raise scope.error(
            f"a value of type {value.type} is no time: say epoch (s, ms, us) or time (a format)"
        )
    if value.type == "timestamp" or _depth(value.type) != _depth(target) or "struct" in value.type + target:
        raise scope.error(f"a value of type {value.type} cannot become {target}")
    sql = f"TRY_CAST({value.sql} AS {duck_type(target)})"
    if value.type.startswith("float") and target in _INTEGERS:
        # DuckDB rounds; a fraction where a whole number is declared is a mistake.
        sql = f"CASE WHEN {value.sql} = trunc({value.sql}) THEN {sql} END"
    _must_be(value, sql, f"a value of type {target}", scope)
    return sql


def _depth(type_text: str) -> int:
    return type_text.count("list<")
