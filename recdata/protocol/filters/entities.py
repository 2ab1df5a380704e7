"""Filters of whole users and items: k-cores, activity and popularity, a sample of users."""

from __future__ import annotations

from recdata.engines.base import Engine, name
from recdata.errors import InputError
from recdata.protocol.hashing import users_by_hash
from recdata.protocol.operators import Rows


def k_core(
    engine: Engine, rows: Rows, kept: str, *, users: int = 1, items: int = 1, rounds: int | None = None
) -> Rows:
    """Keep the largest set of rows in which every user has ``users`` and every item ``items`` rows at least.

    Users and items with fewer are dropped at once, then counted again, until nothing changes: the fixed point, which is
    the same whatever the order of dropping. Repeated pairs count.

        u1: a b     u2: a b c     u3: c          users: 2, items: 2
        u1: a b     u2: a b c                    u3 has one row
        u1: a b     u2: a b                      c now has one row; done

    ``rounds`` ends it sooner: with 1, users and items are counted once, as SASRec's preparation of Amazon's reviews
    does, and what is left may have fewer. Activity and then popularity (or the reverse) counts one after the other.

    Source: Seidman 1983 (Network structure and minimum degree); for pairs of users and items Ahmed et al. 2007 (cores
    of two-mode networks).
    """
    if users < 1 or items < 1 or (rounds is not None and rounds < 1):
        raise InputError(f"k-core: users, items and rounds are at least 1, not {users}, {items} and {rounds}")
    engine.keep(kept, f"SELECT {rows.listed()} FROM {name(rows.name)}")
    engine.k_core(kept, users, items, rounds)
    return rows._replace(name=kept)


def activity(engine: Engine, rows: Rows, kept: str, *, at_least: int = 1, at_most: int | None = None) -> Rows:
    """Keep users who have between ``at_least`` and ``at_most`` rows (both included), counted once; repeats count.

        u1: a b     u2: a b c     u3: c          at_least: 2, at_most: 2
        u1: a b

    Source: Liang et al. 2018 (Mult-VAE), who keep users with five rows and more.
    """
    return _counted(engine, rows, kept, "user", at_least, at_most)


def popularity(
    engine: Engine, rows: Rows, kept: str, *, at_least: int = 1, at_most: int | None = None
) -> Rows:
    """Keep items that have between ``at_least`` and ``at_most`` rows (both included), counted once; repeats count.

        u1: a b     u2: a b c     u3: d          at_least: 2
        u1: a b     u2: a b

    Source: Hidasi et al. 2016 (GRU4Rec), whose code keeps items with five clicks and more.
    """
    return _counted(engine, rows, kept, "item", at_least, at_most)


def _counted(engine: Engine, rows: Rows, kept: str, entity: str, at_least: int, at_most: int | None) -> Rows:
    if at_least < 0 or (at_most is not None and at_most < at_least):
        raise InputError(f"a range of counts goes up from 0, not from {at_least} to {at_most}")
    wanted = f"count(*) >= {at_least}" + ("" if at_most is None else f" AND count(*) <= {at_most}")
    chosen = f"SELECT {entity} FROM {name(rows.name)} GROUP BY {entity} HAVING {wanted}"
    engine.keep(kept, f"SELECT {rows.listed()} FROM {name(rows.name)} WHERE {entity} IN ({chosen})")
    return rows._replace(name=kept)


def subsample_users(
    engine: Engine, rows: Rows, kept: str, *, users: int | None = None, percent: int | None = None
) -> Rows:
    """Keep a number of users, or a share of them in percent, rounded down: those whose ids have the lowest hashes.

    A smaller sample by the same seed is inside a larger one.

        hash    u2 < u4 < u1 < u3      users: 2
        kept    u2   u4

    Source: Cohen and Kaplan 2007 (Summarizing data using bottom-k sketches). Raises InputError unless one of the two
    is given, a number of at least 1 or a percent of 1 to 100.
    """
    if (users is None) == (percent is None):
        raise InputError("subsample-users: give users or percent, one of them")
    if (users is not None and users < 1) or (percent is not None and not 1 <= percent <= 100):
        raise InputError(f"subsample-users: users is at least 1 and percent 1 to 100, not {users or percent}")
    limit = str(users) if users is not None else f"floor(users * {percent} / 100)"
    placed = users_by_hash(engine, rows, "subsample-users")
    chosen = f"SELECT user FROM ({placed}) AS placed WHERE place <= {limit}"
    engine.keep(kept, f"SELECT {rows.listed()} FROM {name(rows.name)} WHERE user IN ({chosen})")
    return rows._replace(name=kept)
