"""Checks of canonical tables when they are built: ids, times, ratings, keys, orphans, and the card's counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, MismatchError
from recdata.schema.kinds import EARLIEST, LATEST, Kind
from recdata.sources.cards import Card

IDS = ("user_id", "item_id", "source_id", "target_id", "session_id", "example_id")
"""The columns that hold ids: never empty, never with control characters, which files and hashes use between ids."""


def check_tables(
    card: Card, kinds: Mapping[str, Kind], engine: DuckEngine, allow_partial: bool = False
) -> None:
    """Check the tables ``raw <kind>`` of ``engine``.

    Raises InputError that lists, for each rule that is broken, how many rows break it and what the first of them says.
    allow_partial: a sample may hold interactions with users and items that its other tables leave out.
    """
    faults: list[str] = []
    for kind in kinds.values():
        relation = name(f"raw {kind.name}")
        for column in kind.columns:
            for rule, wrong in _rules(column.name, column.type, column.nullable):
                faults += _count(engine, kind, relation, wrong, f"{column.name} {rule}")
        for key in filter(None, (kind.key, card.unique(kind.name))):
            faults += _repeats(engine, kind.name, relation, key)
    if not allow_partial:
        for kind in kinds.values():
            if card.orphans(kind.name) == "error":
                faults += _orphans(engine, kind, kinds)
    if faults:
        raise InputError(f"{card.name}: the raw files break the canonical schema:\n" + "\n".join(faults))


def _rules(column: str, kind: str, nullable: bool) -> list[tuple[str, str]]:
    """Return (rule in words, SQL condition that breaks it) for a column."""
    quoted, rules = name(column), []
    if not nullable:
        rules.append(("is null", f"{quoted} IS NULL"))
    if column in IDS:
        rules.append(("is empty", f"{quoted} = ''"))
        rules.append(("holds a control character", f"regexp_matches({quoted}, '[\\x00-\\x1f\\x7f]')"))
    if kind == "timestamp":
        outside = f"{quoted} < {quote(EARLIEST)}::TIMESTAMPTZ OR {quoted} >= {quote(LATEST)}::TIMESTAMPTZ"
        rules.append((f"is not between {EARLIEST[:10]} and {LATEST[:10]} (a unit mistaken?)", outside))
    if kind in ("float32", "float64"):
        rules.append(("is not a finite number", f"isnan({quoted}) OR isinf({quoted})"))
    return rules


def _count(engine: DuckEngine, kind: Kind, relation: str, wrong: str, rule: str) -> list[str]:
    shown = ", ".join(f"CAST({name(c.name)} AS VARCHAR)" for c in kind.columns[:5])
    rows = engine.fetch(f"SELECT {shown}, count(*) OVER () FROM {relation} WHERE {wrong} LIMIT 1")
    if not rows:
        return []
    *values, total = rows[0]
    first = ", ".join(f"{c.name}={v!r}" for c, v in zip(kind.columns, values, strict=False))
    return [f"  {kind.name}: {total:,} rows where {rule}; one of them: {first}"]


def _repeats(engine: DuckEngine, kind: str, relation: str, key: Sequence[str]) -> list[str]:
    columns = ", ".join(map(name, key))
    shown = ", ".join(f"CAST({name(column)} AS VARCHAR)" for column in key)
    rows = engine.fetch(
        f"SELECT {shown}, n, count(*) OVER () FROM (SELECT {columns}, count(*) AS n FROM {relation} "
        f"GROUP BY {columns} HAVING count(*) > 1) ORDER BY {columns} LIMIT 1"
    )
    if not rows:
        return []
    *values, times, total = rows[0]
    first = ", ".join(f"{column}={value!r}" for column, value in zip(key, values, strict=True))
    return [
        f"  {kind}: {total:,} keys ({', '.join(key)}) occur more than once; the first, {first}, {times} times"
    ]


def _orphans(engine: DuckEngine, kind: Kind, kinds: Mapping[str, Kind]) -> list[str]:
    faults = []
    for table, column, ids in _references(kind):
        if table in kinds and table != kind.name:
            rows = engine.fetch(
                f"SELECT id, count(*) OVER () FROM (SELECT {ids}) ANTI JOIN "
                f"(SELECT {table[:-1]}_id AS id FROM {name('raw ' + table)}) USING (id) WHERE id IS NOT NULL LIMIT 1"
            )
            if rows:
                faults.append(
                    f"  {kind.name}: {rows[0][1]:,} rows whose {column} is not in {table}; one: {rows[0][0]!r}"
                )
    return faults


def _references(kind: Kind) -> Iterator[tuple[str, str, str]]:
    """Yield (table, column, the SELECT without its keyword) for what names a row of another table as ``id``."""
    relation = name(f"raw {kind.name}")
    for column in (column.name for column in kind.columns):
        if column in ("user_id", "item_id", "next_item"):
            table = "users" if column == "user_id" else "items"
            yield table, column, f"{column} AS id FROM {relation}"
        elif column == "previous_items":
            yield "items", column, f"unnest({column}) AS id FROM {relation}"
        elif column in ("source_id", "target_id"):
            for entity in ("user", "item"):
                of_type = column.replace("_id", "_type")
                yield (
                    f"{entity}s",
                    column,
                    f"{column} AS id FROM {relation} WHERE {of_type} = {quote(entity)}",
                )


def check_counts(card: Card, counts: Mapping[str, int], allow_partial: bool) -> tuple[str | None, list[str]]:
    """Hold the built counts against the card's.

    Returns the name of the edition whose counts these are (None where the card names no editions) and what differs
    (empty where nothing does). Raises MismatchError where something differs and ``allow_partial`` is not set.
    """
    editions = card.editions()
    differences: list[str] = []
    for edition, expected in editions:
        found = [
            f"{what}: expected {number:,}, found {counts.get(what, 0):,}"
            for what, number in expected.items()
            if counts.get(what, 0) != number
        ]
        if not found:
            unknown = allow_partial and not expected
            return edition, ["a sample was allowed, and the card knows no counts"] if unknown else []
        differences += [f"{edition}: {line}" if edition else line for line in found]
    if differences and not allow_partial:
        raise MismatchError(
            f"{card.name}: the counts are not the card's:\n  " + "\n  ".join(differences) + "\n"
            "Are the raw files whole? For a sample pass --allow-partial: the corpus is then marked as partial."
        )
    return None, differences
