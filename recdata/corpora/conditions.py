"""Conditions of declared corpora: which rows of a raw file count, as data in the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recdata.corpora.expressions import groups, literal
from recdata.corpora.values import Scope
from recdata.engines.base import quote


def condition(spec: Mapping[str, Any], scope: Scope) -> str:
    """Return the SQL of a condition on a raw column: ``{column: event, in: [view, buy]}``.

    Tests: in, not_in (values), at_least, at_most (bounds), matches (a regular expression, RE2), null (true or false).
    Several in one condition must all hold. A row with null in the column passes only ``null: true`` and ``not_in``.
    Raises InputError for a column that is not there or a value that is not of its type.
    """
    value = scope.column(spec["column"])
    made = []
    if "in" in spec:
        made.append(f"{value.sql} IN ({_values(spec['in'], value.type, scope)})")
    if "not_in" in spec:
        made.append(
            f"({value.sql} IS NULL OR {value.sql} NOT IN ({_values(spec['not_in'], value.type, scope)}))"
        )
    for test, operator in (("at_least", ">="), ("at_most", "<=")):
        if test in spec:
            made.append(f"{value.sql} {operator} {literal(spec[test], value.type, scope)}")
    if "matches" in spec:
        groups(spec["matches"], scope)
        made.append(f"regexp_matches({value.sql}, {quote(spec['matches'])})")
    if "null" in spec:
        made.append(f"{value.sql} IS {'' if spec['null'] else 'NOT '}NULL")
    return " AND ".join(made)


def _values(values: Any, type_text: str, scope: Scope) -> str:
    return ", ".join(literal(value, type_text, scope) for value in values)
