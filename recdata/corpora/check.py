"""Checks of canonical tables when they are built: ids, times, ratings, keys, orphans, and the card's counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, MismatchError
from recdata.schema.kinds import EARLIEST, LATEST, Kind
from recdata.sources.cards import Card


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
        for kind_name in kinds:
            if card.orphans(kind_name) == "error":
                faults += _orphans(engine, kind_name, kinds)
    if faults:
        raise InputError(f"{card.name}: the raw files break the canonical schema:\n" + "\n".join(faults))


def _rules(column: str, kind: str, nullable: bool) -> list[tuple[str, str]]:
    """Return (rule in words, SQL condition that breaks it) for a column."""
    quoted, rules = name(column), []
    if not nullable:
        rules.append(("is null", f"{quoted} IS NULL"))
    if column in ("user_id", "item_id"):
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
    rows = engine.fetch(
        f"SELECT {columns}, n, count(*) OVER () FROM (SELECT {columns}, count(*) AS n FROM {relation} "
        f"GROUP BY {columns} HAVING count(*) > 1) ORDER BY {columns} LIMIT 1"
    )
    if not rows:
        return []
    *values, times, total = rows[0]
    first = ", ".join(f"{column}={value!r}" for column, value in zip(key, values, strict=True))
    return [
        f"  {kind}: {total:,} keys ({', '.join(key)}) occur more than once; the first, {first}, {times} times"
    ]


def _orphans(engine: DuckEngine, kind: str, kinds: Mapping[str, Kind]) -> list[str]:
    faults = []
    for table, column in (("items", "item_id"), ("users", "user_id")):
        if table in kinds and table != kind and column in {c.name for c in kinds[kind].columns}:
            rows = engine.fetch(
                f"SELECT {column}, count(*) OVER () FROM {name('raw ' + kind)} "
                f"ANTI JOIN {name('raw ' + table)} USING ({column}) LIMIT 1"
            )
            if rows:
                faults.append(
                    f"  {kind}: {rows[0][1]:,} rows whose {column} is not in {table}; one: {rows[0][0]!r}"
                )
    return faults


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
            return edition, []
        differences += [f"{edition}: {line}" if edition else line for line in found]
    if differences and not allow_partial:
        raise MismatchError(
            f"{card.name}: the counts are not the card's:\n  " + "\n  ".join(differences) + "\n"
            "Are the raw files whole? For a sample pass --allow-partial: the corpus is then marked as partial."
        )
    return None, differences
