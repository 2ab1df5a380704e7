"""Splits of what users did at a time: sessions and baskets, the last of each user or the last row of each."""

from __future__ import annotations

from typing import Literal

from recdata.engines.base import Engine, name
from recdata.errors import InputError
from recdata.protocol.operators import Rows
from recdata.protocol.splits._common import TEST, VALID, check_numbers, check_times

_DAY = 86_400_000_000


def last_session(
    engine: Engine,
    rows: Rows,
    *,
    column: str | None = None,
    pause_minutes: int | None = None,
    test: int = 1,
    valid: int = 1,
) -> str:
    """Hold out each user's last sessions: the last ``test``, and the ``valid`` before them.

    Sessions are told apart by a declared ``column`` ("session_id"), or by pauses: a row more than ``pause_minutes``
    after the user's row before begins a new one. The last session is the one whose last row comes last. A user with no
    session to spare (``test + valid`` or fewer) stays in training whole.

        session A A A B B C C C    test: 1, valid: 1
        part    1 1 1 2 2 3 3 3

    Source: Quadrana et al. 2017 (hierarchical RNNs), who cut sessions at pauses of 30 minutes. Raises InputError
    unless either column or pause_minutes is given, and where a row has no session or time.
    """
    if (column is None) == (pause_minutes is None):
        raise InputError("last-session: give column or pause_minutes, one of them")
    if column is not None:
        _check_column(engine, rows, "last-session", column)
        group = name(column)
        grouped = f"SELECT row, user, {group} AS grp FROM {name(rows.name)}"
    else:
        grouped = _by_pauses(engine, rows, "last-session", int(pause_minutes or 0))
    return _last_groups(engine, grouped, "last-session", test, valid)


def next_basket(
    engine: Engine,
    rows: Rows,
    *,
    column: str | None = None,
    same: Literal["moment", "day"] = "moment",
    test: int = 1,
    valid: int = 1,
) -> str:
    """Hold out each user's last baskets: the last ``test``, and the ``valid`` before them.

    A basket is what has one value of ``column`` (an order's id), or without it what the user did at the ``same``
    moment or on the same day of UTC. What users had before and what is new to them are the slices "repeat" and "novel"
    of the test; the policy ``seen: drop`` tests new items alone. A user with no basket to spare (``test + valid`` or
    fewer) stays in training whole.

        day     1 1 2 2 2 5 5      same: day
        items   a b a c d a e
        part    1 1 2 2 2 3 3      in the test a is repeat, e is novel

    Source: Rendle et al. 2010 (FPMC); repeat and novel: Li et al. 2023 (A Next Basket Recommendation Reality Check).
    """
    if column is not None:
        _check_column(engine, rows, "next-basket", column)
        group = name(column)
    else:
        check_times(engine, rows, "next-basket")
        moment = engine.microseconds("timestamp")
        group = moment if same == "moment" else f"{moment} - {moment} % {_DAY}"
    grouped = f"SELECT row, user, {group} AS grp FROM {name(rows.name)}"
    return _last_groups(engine, grouped, "next-basket", test, valid)


def last_of_session(
    engine: Engine, rows: Rows, *, column: str = "session_id", test: int = 1, valid: int = 0
) -> str:
    """Hold out each session's newest rows: the last ``test``, and the ``valid`` before them.

    A session with no row to spare (``test + valid`` rows or fewer) stays in training whole. A user of several sessions
    is tested on the last of each at once.

        session A A A B B B B C    test: 1, valid: 1
        part    1 2 3 1 1 2 3 1

    Source: Jin et al. 2023 (Amazon-M2), where sessions are users' own. Raises InputError where there is no such
    column, or a row without a session.
    """
    check_numbers("last-of-session", test, valid)
    _check_column(engine, rows, "last-of-session", column)
    session = ["user", name(column)]
    placed = engine.placed(f"SELECT row, {', '.join(session)} FROM {name(rows.name)}", session, ["row DESC"])
    return (
        f"SELECT row, CASE WHEN place <= {test} THEN {TEST} ELSE {VALID} END AS part FROM ({placed}) AS placed "
        f"WHERE place <= {test + valid} AND rows > {test + valid}"
    )


def _by_pauses(engine: Engine, rows: Rows, operator: str, minutes: int) -> str:
    """Return a SELECT of (row, user, grp): a user's sessions, numbered, cut where nothing was done for so long."""
    if minutes < 1:
        raise InputError(f"{operator}: pause_minutes is at least 1, not {minutes}")
    check_times(engine, rows, operator)
    moment = engine.microseconds("timestamp")
    paused = (
        f"SELECT row, user, CASE WHEN {moment} - lag({moment}) OVER (PARTITION BY user ORDER BY row) "
        f"> {minutes * 60_000_000} THEN 1 ELSE 0 END AS paused FROM {name(rows.name)}"
    )
    return f"SELECT row, user, sum(paused) OVER (PARTITION BY user ORDER BY row) AS grp FROM ({paused}) AS paused"


def _last_groups(engine: Engine, grouped: str, operator: str, test: int, valid: int) -> str:
    """Return the SELECT of (row, part) that holds out each user's last groups of ``grouped`` (row, user, grp)."""
    check_numbers(operator, test, valid)
    engine.keep("grouped rows", grouped)
    groups = 'SELECT user, grp, max(row) AS newest FROM "grouped rows" GROUP BY user, grp'
    placed = engine.placed(groups, ["user"], ["newest DESC"])
    return (
        f"SELECT row, CASE WHEN place <= {test} THEN {TEST} ELSE {VALID} END AS part "
        f'FROM "grouped rows" JOIN ({placed}) AS placed USING (user, grp) '
        f"WHERE place <= {test + valid} AND rows > {test + valid}"
    )


def _check_column(engine: Engine, rows: Rows, operator: str, column: str) -> None:
    if column not in rows.columns:
        raise InputError(f"{operator}: there is no column {column!r}; there are {', '.join(rows.columns)}")
    ((empty,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)} WHERE {name(column)} IS NULL")
    if empty:
        raise InputError(f"{operator}: {empty:,} rows have no {column}; filter them out first")
