"""What several splits share: the numbers of parts, percents, cuts by time."""

from __future__ import annotations

from datetime import datetime, timezone

from recdata.engines.base import Engine, name
from recdata.errors import InputError
from recdata.protocol.operators import Rows

DROPPED, TRAIN, VALID, TEST, CONTEXT = range(5)


def check_numbers(operator: str, test: int, valid: int) -> None:
    """Raise InputError unless something is tested and nothing is negative."""
    if test < 1 or valid < 0:
        raise InputError(f"{operator}: test is at least 1 and valid at least 0, not {test} and {valid}")


def check_percents(train: int, valid: int, test: int) -> None:
    """Raise InputError unless the three are percents that add up to 100, with something to test."""
    shares = (train, valid, test)
    if sum(shares) != 100 or min(shares) < 0 or test == 0:
        raise InputError(f"train, valid and test are whole percents that add up to 100, not {shares}")


def check_fold(operator: str, folds: int, fold: int) -> None:
    """Raise InputError unless ``fold`` is one of ``folds``, counted from 1."""
    if folds < 2 or not 1 <= fold <= folds:
        raise InputError(
            f"{operator}: fold is one of 1 to folds, and folds at least 2, not {fold} of {folds}"
        )


def check_times(engine: Engine, rows: Rows, operator: str) -> None:
    """Raise InputError where a row has no timestamp."""
    ((unknown,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)} WHERE timestamp IS NULL")
    if unknown:
        raise InputError(f"{operator}: {unknown:,} rows have no timestamp; choose a protocol that needs none")


def newest_time(engine: Engine, rows: Rows, operator: str) -> datetime:
    """Return the time of the newest row. Raises InputError where there is no row, or one without a time."""
    check_times(engine, rows, operator)
    found = engine.columns(
        f"SELECT max(timestamp) AS newest FROM {name(rows.name)} HAVING max(timestamp) IS NOT NULL"
    )["newest"]
    if not len(found):
        raise InputError(f"{operator}: no rows are left")
    microseconds = int(found.astype("datetime64[us]").astype("int64")[0])
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest)


def between(
    engine: Engine,
    rows: Rows,
    test: datetime,
    *,
    train: datetime | None = None,
    valid: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """Return the SELECT of a split by moments: training from ``train``, validation from ``valid``, test from ``test``.

    A row at a moment is behind the cut; rows before ``train`` or from ``until`` on are in no part. None: no such cut.
    """
    first = valid or test

    def at(moment: datetime) -> str:
        return engine.moment(moment.isoformat())

    cases = [f"WHEN timestamp < {at(train)} THEN {DROPPED}"] if train else []
    cases += [f"WHEN timestamp >= {at(until)} THEN {DROPPED}"] if until else []
    cases += [f"WHEN timestamp >= {at(test)} THEN {TEST}"]
    held = f"timestamp >= {at(first)}" + (f" OR timestamp < {at(train)}" if train else "")
    return f"SELECT row, CASE {' '.join(cases)} ELSE {VALID} END AS part FROM {name(rows.name)} WHERE {held}"
