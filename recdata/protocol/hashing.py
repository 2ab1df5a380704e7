"""Random choices as functions of content: rows and users in the order of hashes of (seed, ids)."""

from __future__ import annotations

from recdata.engines.base import UNIT, Engine, name, quote
from recdata.protocol.operators import Rows


def keyed(engine: Engine, rows: Rows) -> str:
    """Return a SELECT of (row, user, item, key) whose key orders each user's rows as if at random.

    key = (a * b + c) mod (2**31 - 1): a and c from the MD5 of (seed, "user", user id), b from that of (seed, "item",
    item id), joined by ASCII's unit separator, UTF-8. For one user different b give different keys, and two users' orders
    are independent (universal hashing, Carter and Wegman 1979), so that an MD5 an id is enough where one a row would
    cost as much as the rest of the split.
    """
    for entity in ("user", "item"):
        text = f"{quote(rows.seed + UNIT + entity + UNIT)} || {entity}_id"
        first, second = engine.hash31(text, 0), engine.hash31(text, 1)
        multiplier = f"1 + {first} % 2147483646" if entity == "user" else first
        engine.keep(
            f"{entity} hashes",
            f"SELECT {entity}, {multiplier} AS {entity}_a, {second} AS {entity}_c FROM {entity}_ids",
        )
    return (
        "SELECT r.row, r.user, r.item, (u.user_a * i.item_a + u.user_c) % 2147483647 AS key "
        f'FROM {name(rows.name)} AS r JOIN "user hashes" AS u ON r.user = u.user JOIN "item hashes" AS i ON r.item = i.item'
    )


def users_by_hash(engine: Engine, rows: Rows, purpose: str) -> str:
    """Return a SELECT of (user, place, users): each user of ``rows`` once, place 1 for the lowest hash, users how many.

    The hash is the MD5 of (seed, ``purpose``, user id), joined by ASCII's unit separator, UTF-8: its first 8 hex digits
    modulo 2**31 - 1, then the second 8, then the place of the id among all ids.
    """
    text = f"{quote(rows.seed + UNIT + purpose + UNIT)} || user_id"
    engine.keep(
        "hashed users",
        f"SELECT user, {engine.hash31(text, 0)} AS first, {engine.hash31(text, 1)} AS second "
        f"FROM user_ids JOIN (SELECT DISTINCT user FROM {name(rows.name)}) AS present USING (user)",
    )
    placed = engine.running('SELECT * FROM "hashed users"', ["first", "second", "user"])
    counted = 'SELECT count(*) AS users FROM "hashed users"'
    return f"SELECT user, until AS place, users FROM ({placed}) AS placed CROSS JOIN ({counted}) AS counted"
