"""Filters of repeated rows: one row for each (user, item) pair, or for each run of the same item."""

from __future__ import annotations

from typing import Literal

from recdata.engines.base import Engine, name
from recdata.protocol.operators import Rows


def repeated_pairs(
    engine: Engine, rows: Rows, kept: str, *, keep: Literal["first", "last", "sum", "all"]
) -> Rows:
    """Keep one row of each (user, item) pair: the ``first`` or the ``last`` in canonical order; or ``all`` of them.

    ``sum`` keeps the first row too and writes to its ``weight`` the sum of all the pair's weights, added in canonical
    order; where the corpus has no weights, and for a row without one, each row counts 1.

        items   a b a c b          keep: first      a b c
                                   keep: last           a c b
        weight  1 2 5 1 3          keep: sum        a b c, weights 6 5 1

    Source: first, last: RecPack's Deduplicate and RePlay's filters (2023); sum: Hu, Koren and Volinsky 2008, who add up how
    often something was watched.
    """
    if keep == "sum":
        return _summed(engine, rows, kept)
    if keep == "all" or rows.distinct:
        return rows
    choice = {"first": "min", "last": "max"}[keep]
    chosen = f"SELECT {choice}(row) AS row FROM {name(rows.name)} GROUP BY user, item"
    engine.keep(kept, f"SELECT {rows.listed()} FROM {name(rows.name)} WHERE row IN ({chosen})")
    return rows._replace(name=kept, distinct=True)


def _summed(engine: Engine, rows: Rows, kept: str) -> Rows:
    weight = "coalesce(weight, 1.0e0)" if "weight" in rows.columns else "1.0e0"
    engine.keep(
        kept,
        f"SELECT {rows.listed('all', weight='sums.summed')} FROM {name(rows.name)} AS {name('all')} "
        f"JOIN ({engine.add_up(rows.name, weight)}) AS sums ON {name('all')}.row = sums.row",
    )
    tables = {**rows.tables, "interactions": {**rows.columns, "weight": "float64"}}
    changed = tuple(dict.fromkeys((*rows.changed, "weight")))
    return rows._replace(name=kept, distinct=True, tables=tables, changed=changed)


def consecutive_repeats(engine: Engine, rows: Rows, kept: str) -> Rows:
    """Keep the first row of each run: rows go whose item is that of the user's row before.

        items   a a b a a c c
        kept    a   b a   c

    Source: RePlay's ConsecutiveDuplicatesFilter (2024), keep="first".
    """
    before = "lag(item) OVER (PARTITION BY user ORDER BY row)"
    engine.keep(
        kept,
        f"SELECT {rows.listed()} FROM (SELECT {rows.listed()}, {before} AS item_before FROM {name(rows.name)}) AS each "
        "WHERE item_before IS NULL OR item_before <> item",
    )
    return rows._replace(name=kept)
