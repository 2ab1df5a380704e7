"""Policies as SQL: which held-out rows are taken out. The arrays' way is in ``recdata.protocol.assign``, which says what
they mean; a test holds the two against each other."""

from __future__ import annotations

from collections.abc import Mapping

from recdata.engines.base import Engine, name

_TRAINED = "part IN (1, 4)"


def apply_policies(engine: Engine, relation: str, policies: Mapping[str, str]) -> str:
    """Return the name of what is left of ``relation``, whose columns are user, item, part and others."""
    for policy, rows_left in (("seen", _new), ("cold_users", _known_users), ("cold_items", _known_items)):
        if policies.get(policy, "keep") == "drop":
            left = f"{relation}, {policy}"
            held = f"SELECT h.* FROM (SELECT * FROM {name(relation)} WHERE NOT {_TRAINED}) AS h"
            trained = f"SELECT * FROM {name(relation)} WHERE {_TRAINED}"
            engine.keep(left, f"{trained} UNION ALL {held} {rows_left(relation)}")
            relation = left
    return relation


def _new(relation: str) -> str:
    """Keep rows of the first part that a pair is in, in the order training or context, validation, test."""
    first = "min(CASE WHEN part = 4 THEN 1 ELSE part END) AS first"
    pairs = f"SELECT user, item, {first} FROM {name(relation)} GROUP BY user, item"
    return f"JOIN ({pairs}) AS p ON h.user = p.user AND h.item = p.item AND h.part = p.first"


def _known_users(relation: str) -> str:
    return f"WHERE h.user IN (SELECT user FROM {name(relation)} WHERE {_TRAINED})"


def _known_items(relation: str) -> str:
    return f"WHERE h.item IN (SELECT item FROM {name(relation)} WHERE part = 1)"
