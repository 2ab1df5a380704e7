"""Filters of repeated rows: one row for each (user, item) pair, or for each run of the same item."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa

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
    """Add weights in NumPy: an engine's sum of floats depends on the order in which its threads come."""
    weight = "coalesce(weight, 1.0e0)" if "weight" in rows.columns else "1.0e0"
    found = engine.columns(f"SELECT row, user, item, {weight} AS weight FROM {name(rows.name)}")
    order = np.lexsort((found["row"], found["item"], found["user"]))
    row, user, item, weights = (found[column][order] for column in ("row", "user", "item", "weight"))
    first = np.ones(len(row), dtype=bool)
    first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    pair = np.cumsum(first) - 1
    # Adds one after the other, in order; add.reduceat would not.
    sums = np.bincount(pair, weights=weights.astype(np.float64))
    engine.add(f"{kept} sums", pa.table({"row": row[first], "summed": sums}))
    engine.keep(
        kept,
        f"SELECT {rows.listed('all', weight='summed')} FROM {name(rows.name)} AS {name('all')} "
        f"JOIN {name(f'{kept} sums')} AS sums ON {name('all')}.row = sums.row",
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
