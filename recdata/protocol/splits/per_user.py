"""Splits of each user's own rows: the last ones, some at random, a share of them."""

from __future__ import annotations

from typing import Literal

from recdata.engines.base import Engine, name
from recdata.protocol.hashing import keyed
from recdata.protocol.operators import Rows
from recdata.protocol.splits._common import TEST, VALID, check_numbers, check_percents


def leave_last(engine: Engine, rows: Rows, *, test: int = 1, valid: int = 1) -> str:
    """Hold out each user's newest rows: the last ``test``, and the ``valid`` before them.

    A user with no row to spare for training (``test + valid`` rows or fewer) stays in training whole.

        user    a b c d e f        test: 1, valid: 1
        part    1 1 1 1 2 3

    Source: "leave one last" of Meng et al. 2020 (Exploring Data Splitting Strategies); as He et al. 2017 (NCF), Kang
    and McAuley 2018 (SASRec).
    """
    check_numbers("leave-last", test, valid)
    newest = engine.newest(rows.name, test + valid)
    return (
        f"SELECT row, CASE WHEN place <= {test} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({newest}) AS newest WHERE rows > {test + valid}"
    )


def leave_random(engine: Engine, rows: Rows, *, test: int = 1, valid: int = 0) -> str:
    """Hold out ``test`` and ``valid`` of each user's rows, those with the lowest hashes.

    A user with no row to spare for training (``test + valid`` rows or fewer) stays in training whole.

        user    a b c d e f        test: 1, valid: 1
        part    1 3 1 1 2 1

    Source: Rendle et al. 2009 (BPR), who leave out one of each user; GroupLens's ua and ub of MovieLens 100k, ten.
    """
    check_numbers("leave-random", test, valid)
    both = test + valid
    placed = engine.lowest(rows.name, keyed(engine, rows), f"CASE WHEN rows > {both} THEN {both} ELSE 0 END")
    return f"SELECT row, CASE WHEN place <= {test} THEN {TEST} ELSE {VALID} END AS part FROM ({placed}) AS placed"


def ratio_per_user(
    engine: Engine,
    rows: Rows,
    *,
    order: Literal["temporal", "random"],
    train: int,
    valid: int,
    test: int,
) -> str:
    """Hold out a share of each user's rows, in percent: the newest (``temporal``) or the lowest by hash (``random``).

    Of a user's n rows, ``n * test // 100`` are test and ``n * valid // 100`` validation, rounded down; the rest trains.

        user    a b c d e f g h i j        order: temporal, 80/10/10
        part    1 1 1 1 1 1 1 1 2 3

    Source: temporal: "temporal user" of Meng et al. 2020, as Tang and Wang 2018 (Caser); random: as Wang et al. 2019
    (NGCF).
    """
    check_percents(train, valid, test)
    tests, both = _share(test), f"{_share(test)} + {_share(valid)}"
    if order == "random":
        placed = engine.lowest(rows.name, keyed(engine, rows), both)
    else:
        placed = engine.placed(f"SELECT row, user FROM {name(rows.name)}", ["user"], ["row DESC"])
    return (
        f"SELECT row, CASE WHEN place <= {tests} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({placed}) AS placed WHERE place <= {both}"
    )


def _share(percent: int) -> str:
    """Return SQL for a percent of a user's ``rows``, rounded down."""
    return f"floor(rows * {percent} / 100)"
