"""Filters: operators that keep some rows of a corpus's interactions. Each is one SELECT or one engine's primitive.

A filter is a function of (engine, rows, kept) that gives what it keeps the name ``kept`` and returns it. The relation has
the columns row, user, item, timestamp, rating and whatever else the corpus declares; a user's rows run in time.
"""

from __future__ import annotations

from recdata.engines.base import Engine, name
from recdata.errors import InputError
from recdata.protocol.operators import Rows


def min_rating(engine: Engine, rows: Rows, kept: str, *, at_least: float) -> Rows:
    """Keep rows rated ``at_least`` or higher; rows without a rating go.

    rating  5 . 3 . 4 - 2      at_least: 4
    kept    5       4
    """
    engine.view(kept, f"SELECT * FROM {name(rows.name)} WHERE rating >= {float(at_least)!r}")
    return Rows(kept, rows.distinct)


def time_range(
    engine: Engine, rows: Rows, kept: str, *, since: str | None = None, until: str | None = None
) -> Rows:
    """Keep rows with ``since`` <= timestamp < ``until`` (ISO 8601, UTC where no offset is given); unknown times go.

    time    1 2 3 4 5 6 7      since: 3, until: 6
    kept        3 4 5
    """
    from datetime import datetime, timezone

    conditions = ["timestamp IS NOT NULL"]
    for text, sign in ((since, ">="), (until, "<")):
        if text is not None:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                raise InputError(f"time-range: {text!r} is not an ISO 8601 date or time") from None
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            conditions.append(f"timestamp {sign} {engine.moment(moment.isoformat())}")
    engine.view(kept, f"SELECT * FROM {name(rows.name)} WHERE {' AND '.join(conditions)}")
    return Rows(kept, rows.distinct)


def repeated_pairs(engine: Engine, rows: Rows, kept: str, *, keep: str) -> Rows:
    """Keep one row of each (user, item) pair: the ``first`` or the ``last`` in canonical order.

    items   a b a c b          keep: first
    kept    a b   c
    """
    choices = {"first": "min", "last": "max"}
    if keep not in choices:
        raise InputError(f"repeated-pairs: keep is {keep!r}; expected first or last")
    if rows.distinct:
        return rows
    chosen = f"SELECT {choices[keep]}(row) AS row FROM {name(rows.name)} GROUP BY user, item"
    engine.keep(kept, f"SELECT * FROM {name(rows.name)} WHERE row IN ({chosen})")
    return Rows(kept, distinct=True)


def k_core(engine: Engine, rows: Rows, kept: str, *, users: int = 1, items: int = 1) -> Rows:
    """Keep the largest set of rows in which every user has ``users`` and every item ``items`` rows at least.

    Users and items with fewer are dropped at once, then counted again, until nothing changes: the fixed point, which is
    the same whatever the order of dropping (Seidman 1983, Network structure and minimum degree). Repeated pairs count.

        u1: a b     u2: a b c     u3: c          users: 2, items: 2
        u1: a b     u2: a b c                    u3 has one row
        u1: a b     u2: a b                      c now has one row; done
    """
    if users < 1 or items < 1:
        raise InputError(f"k-core: users and items are at least 1, not {users} and {items}")
    engine.keep(kept, f"SELECT * FROM {name(rows.name)}")
    engine.k_core(kept, users, items)
    return Rows(kept, rows.distinct)
