"""What an expression may start from that is made of several raw columns.

    columns, join     their texts with the text of ``join`` between them
    digest            the MD5 of their values together
    list              a list of their texts, those that are null left out; turned: in reverse for about half of the rows
    either, turned    the first of two texts, the second for the rows that are turned
    entries           a list of structs from another: {of: column, fields: {field: theirs}, until: column}

A row is turned where the MD5 of the values of the columns ``turned`` begins with an odd hex digit. With it, which of two
answers stands first says nothing, and is the same for everyone:

    options: {list: [chosen, rejected], turned: [id]}
    target: {either: [a, b], turned: [id]}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recdata.corpora.tables import duck_type
from recdata.corpora.values import Fault, Scope, Value
from recdata.engines.base import UNIT, name, quote
from recdata.schema.kinds import element_type, struct_fields


def _joined(spec: Mapping[str, Any], target: str, scope: Scope) -> Value:
    del target
    columns = [scope.column(column) for column in spec["columns"]]
    # Null where any part is null: half a key or half a date is none.
    joined = f" || {quote(spec['join'])} || ".join(f"CAST({value.sql} AS VARCHAR)" for value in columns)
    return Value(f"({joined})", "string", columns[0].column)


def _digest(spec: Mapping[str, Any], target: str, scope: Scope) -> Value:
    del target
    return _hashed(spec["digest"], scope)


def _hashed(columns: Sequence[str], scope: Scope) -> Value:
    """Return the MD5, 32 hex digits, of values as texts (numbers as DuckDB writes them, 260.0), a null as an empty one.

    They are joined by ASCII's unit separator, in the order given, as UTF-8: rows with the same values have the same one,
    wherever in a file they stand.
    """
    values = [scope.column(column) for column in columns]
    texts = f" || {quote(UNIT)} || ".join(f"coalesce(CAST({each.sql} AS VARCHAR), '')" for each in values)
    return Value(f"md5({texts})", "string", values[0].column)


def _turned(columns: Sequence[str], scope: Scope) -> str:
    """Return the SQL of whether a row is turned."""
    return f"{_hashed(columns, scope).sql} SIMILAR TO '[13579bdf].*'"


def _list(spec: Mapping[str, Any], target: str, scope: Scope) -> Value:
    del target
    columns = [scope.column(column) for column in spec["list"]]
    texts = ", ".join(f"CAST({value.sql} AS VARCHAR)" for value in columns)
    sql = f"list_filter([{texts}], lambda x: x IS NOT NULL)"
    if "turned" in spec:
        sql = f"CASE WHEN {_turned(spec['turned'], scope)} THEN list_reverse({sql}) ELSE {sql} END"
    return Value(sql, "list<string>", columns[0].column)


def _either(spec: Mapping[str, Any], target: str, scope: Scope) -> Value:
    del target
    if "turned" not in spec:
        raise scope.error("either: say by which columns rows are turned")
    first, second = map(quote, spec["either"])
    return Value(f"CASE WHEN {_turned(spec['turned'], scope)} THEN {second} ELSE {first} END", "string", None)


def _entries(spec: Mapping[str, Any], target: str, scope: Scope) -> Value:
    said = spec["entries"]
    found = scope.column(said["of"])
    theirs = struct_fields(element_type(found.type)) if found.type.startswith("list<struct<") else {}
    wanted = struct_fields(element_type(target)) if target.startswith("list<struct<") else {}
    if not theirs or not wanted:
        raise scope.error(f"entries makes structs of structs; {found.type} cannot become {target}")
    for mine, their in said["fields"].items():
        if mine not in wanted:
            raise scope.error(f"entries: there is no field {mine!r}; there are {', '.join(wanted)}")
        if theirs.get(their) != wanted[mine]:
            raise scope.error(
                f"entries: {mine} is of type {wanted[mine]}, {their} of {theirs.get(their, 'no')} type"
            )
    parts = ", ".join(
        f"{quote(mine)}: "
        + (
            f"x.{name(said['fields'][mine])}"
            if mine in said["fields"]
            else f"CAST(NULL AS {duck_type(kind)})"
        )
        for mine, kind in wanted.items()
    )
    listed = found.sql
    if "until" in said:
        until = scope.column(said["until"])
        number = f"TRY_CAST({until.sql} AS BIGINT)"
        scope.faults.append(
            Fault(
                f"{number} IS NULL OR {number} NOT BETWEEN 0 AND len({listed})",
                said["until"],
                "a number of entries",
            )
        )
        listed = f"{listed}[1:{number}]"
    return Value(f"list_transform({listed}, lambda x: {{{parts}}})", target, found.column)


STARTS: Mapping[str, Callable[[Mapping[str, Any], str, Scope], Value]] = {
    "columns": _joined,
    "digest": _digest,
    "list": _list,
    "either": _either,
    "entries": _entries,
}
"""The starts by the keys that choose them."""
