"""Splits of users: the held-out ones are never trained on; a model sees their context when it predicts the rest.

This is strong generalisation (Marlin 2004; Liang et al. 2018): the user is new, and what is known of the user is folded in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from recdata.engines.base import Engine, name
from recdata.errors import InputError
from recdata.protocol.hashing import keyed, users_by_hash
from recdata.protocol.operators import Rows
from recdata.protocol.splits._common import (
    CONTEXT,
    DROPPED,
    TEST,
    VALID,
    check_fold,
    newest_time,
)

Order = Literal["random", "temporal"]
Unknown = Literal["keep", "drop"]


def user_holdout(
    engine: Engine,
    rows: Rows,
    *,
    test: int,
    valid: int = 0,
    unit: Literal["percent", "users"] = "percent",
    context: int = 80,
    order: Order = "random",
    unknown_items: Unknown = "keep",
) -> str:
    """Hold out whole users, those with the lowest hashes: ``test`` and ``valid`` percent of them (rounded down), or as many.

    Of a held-out user's n rows, ``n * (100 - context) // 100`` are asked for, the newest (``temporal``) or those with the
    lowest hashes (``random``); the rest is context. With ``unknown_items: drop``, rows of held-out users whose item no
    training user has are first taken out, into no part. context: 0 asks for everything of users of whom nothing is known.

        u1  a b c d e        test: 25 (u2), valid: 25 (u4), context: 60, order: temporal
        u2  f g h i j
        u3  k l m n o
        u4  p q r s t
            1 1 1 1 1
            4 4 4 3 3
            1 1 1 1 1
            4 4 4 2 2

    Source: Liang et al. 2018 (Variational Autoencoders for Collaborative Filtering): unit: users, context: 80, order:
    random, unknown_items: drop.
    """
    if test < 1 or valid < 0 or (unit == "percent" and test + valid >= 100):
        raise InputError(
            f"user-holdout: test is at least 1, valid at least 0, and training users are left, not {test} and {valid}"
        )
    tests, both = (
        f"floor(users * {number} / 100)" if unit == "percent" else str(number)
        for number in (test, test + valid)
    )
    if unit == "percent":
        both = f"{tests} + floor(users * {valid} / 100)"
    held = (
        f"SELECT user, CASE WHEN place <= {tests} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({users_by_hash(engine, rows, 'user-holdout')}) AS placed WHERE place <= {both}"
    )
    return _fold_in(engine, rows, held, "user-holdout", context, order, unknown_items)


def k_fold_users(
    engine: Engine,
    rows: Rows,
    *,
    folds: int,
    fold: int,
    valid: bool = False,
    context: int = 80,
    order: Order = "random",
    unknown_items: Unknown = "keep",
) -> str:
    """Hold out one of ``folds`` disjoint shares of the users, dealt out by hash, with context as user-holdout.

    A user's fold is (place - 1) mod ``folds`` + 1. With ``valid`` the next fold (after the last, the first) validates.

        hash    u2 < u4 < u1 < u3        folds: 2, fold: 1, context: 50
        fold    1    2    1    2
        part    u1: 4 4 3 3    u2: 4 4 3 3    u3: 1 1 1 1    u4: 1 1 1 1

    Source: Marlin 2004 (Collaborative Filtering: A Machine Learning Perspective): users are new.
    """
    check_fold("k-fold-users", folds, fold)
    if valid and folds < 3:
        raise InputError("k-fold-users: with valid there are at least 3 folds, or nobody is left to train on")
    dealt = f"SELECT user, (place - 1) % {folds} + 1 AS fold FROM ({users_by_hash(engine, rows, 'k-fold-users')}) AS placed"
    chosen = f"{fold}, {fold % folds + 1}" if valid else f"{fold}"
    held = (
        f"SELECT user, CASE WHEN fold = {fold} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({dealt}) AS dealt WHERE fold IN ({chosen})"
    )
    return _fold_in(engine, rows, held, "k-fold-users", context, order, unknown_items)


def newest_users(
    engine: Engine,
    rows: Rows,
    *,
    test_days: int,
    valid_days: int = 0,
    last: int = 1,
    given: int | None = None,
    unknown_items: Unknown = "keep",
) -> str:
    """Hold out the users whose last row is of the newest ``test_days``: where a user is a session, the newest sessions.

    The cut is ``test_days`` before the newest row; users whose last row is at or after it are tested, those of the
    ``valid_days`` before validate, the others train. Of a held-out user the ``last`` rows are asked for and what came
    before is context; one who has ``last`` rows or fewer is in no part. Or the first ``given`` rows are context, and all
    that came behind them is asked for; one who has no more is in no part. ``unknown_items`` as in user-holdout.

        day     1 2 3 4            test_days: 1
        s1      a b                1 1
        s2        c d e                4 4 3     given: 1  4 3 3
        s3          f                . (one row)

    Source: Hidasi et al. 2016 (GRU4Rec), with ``given: 1``, each row asked for by itself (the question each-row).
    """
    if test_days < 1 or valid_days < 0 or last < 1 or (given is not None and given < 1):
        raise InputError("newest-users: test_days, last and given are at least 1, valid_days at least 0")
    cut = newest_time(engine, rows, "newest-users") - timedelta(days=test_days)
    first = engine.moment((cut - timedelta(days=valid_days)).isoformat())
    held = (
        f"SELECT user, CASE WHEN max(timestamp) >= {engine.moment(cut.isoformat())} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM {name(rows.name)} GROUP BY user HAVING max(timestamp) >= {first}"
    )
    theirs = _held_rows(engine, rows, held, unknown_items)
    placed = engine.placed(f"SELECT row, user, part FROM {name(theirs.name)}", ["user"], ["row DESC"])
    asked = str(last) if given is None else f"rows - {given}"
    chosen = (
        f"SELECT row, CASE WHEN rows <= {given or last} THEN {DROPPED} WHEN place <= {asked} THEN part ELSE {CONTEXT} END "
        f"AS part FROM ({placed}) AS placed"
    )
    return _with_dropped(rows, theirs, chosen, unknown_items)


def _fold_in(
    engine: Engine, rows: Rows, held: str, operator: str, context: int, order: Order, unknown_items: Unknown
) -> str:
    """Return the SELECT of (row, part) for users ``held``, a SELECT of (user, part): some rows asked, the rest context."""
    if not 0 <= context < 100:
        raise InputError(f"{operator}: context is a percent of 0 to 99, not {context}")
    theirs = _held_rows(engine, rows, held, unknown_items)
    wanted = f"floor(rows * {100 - context} / 100)"
    if order == "random":
        placed = engine.lowest(theirs.name, keyed(engine, theirs), wanted)
    else:
        placed = engine.placed(f"SELECT row, user FROM {name(theirs.name)}", ["user"], ["row DESC"])
    chosen = (
        f"SELECT h.row, CASE WHEN place IS NULL THEN {CONTEXT} ELSE part END AS part FROM {name(theirs.name)} AS h "
        f"LEFT JOIN (SELECT row, place FROM ({placed}) AS placed WHERE place <= {wanted}) AS asked ON h.row = asked.row"
    )
    return _with_dropped(rows, theirs, chosen, unknown_items)


def _held_rows(engine: Engine, rows: Rows, held: str, unknown_items: Unknown) -> Rows:
    """Name the rows (row, user, item, part) of the held-out users; those of items that nobody trains on may be left out."""
    engine.keep("held users", held)
    known = ""
    if unknown_items == "drop":
        held_out = 'SELECT 1 FROM "held users" AS h WHERE h.user = t.user'
        known = f" WHERE item IN (SELECT item FROM {name(rows.name)} AS t WHERE NOT EXISTS ({held_out}))"
    engine.keep(
        "held rows",
        f'SELECT r.row, r.user, r.item, h.part FROM {name(rows.name)} AS r JOIN "held users" AS h ON r.user = h.user{known}',
    )
    columns = {"row": "int64", "user": "int32", "item": "int32", "part": "int32"}
    return rows._replace(name="held rows", tables={"interactions": columns})


def _with_dropped(rows: Rows, theirs: Rows, chosen: str, unknown_items: Unknown) -> str:
    """Add to ``chosen`` the held-out users' rows that were left out, as rows of no part."""
    if unknown_items == "keep":
        return chosen
    left = (
        f'SELECT row FROM {name(rows.name)} AS r JOIN "held users" USING (user) '
        f"WHERE NOT EXISTS (SELECT 1 FROM {name(theirs.name)} AS t WHERE t.row = r.row)"
    )
    return f"{chosen} UNION ALL SELECT row, {DROPPED} AS part FROM ({left}) AS left_out"
