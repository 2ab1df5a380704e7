"""Splits: operators that say which rows are held out. Each is one SELECT over the filtered rows.

A split is a function of (engine, rows, seed) that returns a SELECT of (row, part) for the rows that are not training:
part 2 is validation, 3 is test, 0 is neither; every row that is not named is training. ``rows`` are in canonical order
(by user, then time, equal times by the MD5 of user and item id), so ``row`` alone says what came before what.
"""

from __future__ import annotations

from recdata.engines.base import UNIT, Engine, name, quote
from recdata.errors import InputError
from recdata.protocol.operators import Rows

VALID, TEST, DROPPED = 2, 3, 0


def leave_last(engine: Engine, rows: Rows, seed: str, *, test: int = 1, valid: int = 1) -> str:
    """Hold out each user's newest rows: the last ``test``, and the ``valid`` before them.

    A user with no row to spare for training (``test + valid`` rows or fewer) stays in training whole.

        user    a b c d e f        test: 1, valid: 1
        part    1 1 1 1 2 3
    """
    del seed
    if test < 1 or valid < 0:
        raise InputError(f"leave-last: test is at least 1 and valid at least 0, not {test} and {valid}")
    newest = engine.newest(rows.name, test + valid)
    return (
        f"SELECT row, CASE WHEN place <= {int(test)} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({newest}) AS newest WHERE rows > {int(test + valid)}"
    )


def ratio_per_user(
    engine: Engine, rows: Rows, seed: str, *, order: str, train: int, valid: int, test: int
) -> str:
    """Hold out a share of each user's rows, in percent: the newest (``temporal``) or the lowest by hash (``random``).

    Of a user's n rows, ``n * test // 100`` are test and ``n * valid // 100`` validation, rounded down; the rest trains.

        user    a b c d e f g h i j        order: temporal, 80/10/10
        part    1 1 1 1 1 1 1 1 2 3
    """
    _percent(train, valid, test)
    if order == "random":
        placed = engine.lowest(rows.name, _keyed(engine, rows, seed), (test, valid))
    elif order == "temporal":
        placed = (
            "SELECT row, row_number() OVER (PARTITION BY user ORDER BY row DESC) AS place, "
            f"count(*) OVER (PARTITION BY user) AS rows FROM {name(rows.name)}"
        )
    else:
        raise InputError(f"ratio-per-user: order is {order!r}; expected temporal or random")
    return (
        f"SELECT row, CASE WHEN place <= {engine.wanted([test])} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({placed}) AS placed WHERE place <= {engine.wanted([test, valid])}"
    )


def ratio_overall(engine: Engine, rows: Rows, seed: str, *, train: int, valid: int, test: int) -> str:
    """Hold out a share of all rows, in percent, by hash: ``n * test // 100`` test, ``n * valid // 100`` validation.

    u1  a b c d e     u2  f g h i j        80/0/20
        1 1 3 1 1         1 1 1 3 1
    """
    _percent(train, valid, test)
    ((total,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)}")
    tests, valids = total * test // 100, total * valid // 100
    return (
        f"SELECT row, CASE WHEN place <= {tests} THEN {TEST} ELSE {VALID} END AS part FROM ("
        f"SELECT row, row_number() OVER (ORDER BY key, user, item, row) AS place "
        f"FROM ({_keyed(engine, rows, seed)}) AS keyed) AS placed WHERE place <= {tests + valids}"
    )


def global_time(engine: Engine, rows: Rows, seed: str, *, train: int, valid: int, test: int) -> str:
    """Cut all users at the same two moments, so that nothing in training is newer than anything held out.

    The moments are the times of the rows at ``n * train // 100`` and ``n * (train + valid) // 100`` (from 0) when all n
    rows are put in the order of time; a row at the moment itself is behind the cut. Rows of one moment are never torn
    apart, so the shares are met as nearly as equal times allow.

        u1  1 2     5   7          cuts at 5 and 7
        u2      3 4   6   8
            1 1 1 1 2 2 3 3
    """
    del seed
    _percent(train, valid, test)
    _ordered(engine, rows, "global-time")
    ((total,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)}")
    first, second = total * train // 100, total * (train + valid) // 100
    moments = f"SELECT timestamp, sum(count(*)) OVER (ORDER BY timestamp) AS until FROM {name(rows.name)} GROUP BY timestamp"
    cuts = (
        f"SELECT min(CASE WHEN until > {first} THEN timestamp END) AS first_cut, "
        f"min(CASE WHEN until > {second} THEN timestamp END) AS second_cut FROM ({moments}) AS moments"
    )
    return (
        f"SELECT row, CASE WHEN timestamp >= second_cut THEN {TEST} ELSE {VALID} END AS part "
        f"FROM {name(rows.name)} CROSS JOIN ({cuts}) AS cuts WHERE timestamp >= first_cut"
    )


def predefined(engine: Engine, rows: Rows, seed: str, *, column: str) -> str:
    """Take the split that the corpus's publisher made: ``column`` holds "train", "valid" or "test"; null is in no part.

    column  train train null test
    part    1     1     0    3
    """
    del engine, seed
    part = name(column)
    return (
        f"SELECT row, CASE {part} WHEN 'test' THEN {TEST} WHEN 'valid' THEN {VALID} ELSE {DROPPED} END AS part "
        f"FROM {name(rows.name)} WHERE {part} IS NULL OR {part} <> 'train'"
    )


def _percent(train: int, valid: int, test: int) -> None:
    shares = (train, valid, test)
    if sum(shares) != 100 or min(shares) < 0 or test == 0 or any(isinstance(s, float) for s in shares):
        raise InputError(f"train, valid and test are whole percents that add up to 100, not {shares}")


def _ordered(engine: Engine, rows: Rows, operator: str) -> None:
    ((unknown,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)} WHERE timestamp IS NULL")
    if unknown:
        raise InputError(f"{operator}: {unknown:,} rows have no timestamp; choose a protocol that needs none")


def _keyed(engine: Engine, rows: Rows, seed: str) -> str:
    """Return a SELECT of (row, user, item, key) whose key orders each user's rows as if at random.

    key = (a * b + c) mod (2**31 - 1): a and c from the MD5 of (seed, "user", user id), b from that of (seed, "item",
    item id), joined by ASCII's unit separator, UTF-8. For one user different b give different keys, and two users' orders
    are independent (universal hashing, Carter and Wegman 1979), so that an MD5 an id is enough where one a row would
    cost as much as the rest of the split.
    """
    for entity in ("user", "item"):
        text = f"{quote(seed + UNIT + entity + UNIT)} || {entity}_id"
        first, second = engine.hash31(text, 0), engine.hash31(text, 1)
        multiplier = f"1 + {first} % 2147483646" if entity == "user" else first
        engine.keep(
            f"{entity} hashes",
            f"SELECT {entity}, {multiplier} AS {entity}_a, {second} AS {entity}_c FROM {entity}_ids",
        )
    return (
        "SELECT row, r.user, r.item, (user_a * item_a + user_c) % 2147483647 AS key "
        f'FROM {name(rows.name)} AS r JOIN "user hashes" AS u ON r.user = u.user JOIN "item hashes" AS i ON r.item = i.item'
    )
