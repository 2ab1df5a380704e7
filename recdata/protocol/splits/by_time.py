"""Splits at moments that are the same for all users: nothing in training is newer than anything held out."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from recdata.engines.base import Engine, name
from recdata.errors import InputError
from recdata.protocol.moments import Period, parse_moment, period_start
from recdata.protocol.operators import Rows
from recdata.protocol.splits._common import (
    TEST,
    VALID,
    between,
    check_fold,
    check_percents,
    check_times,
    newest_time,
)


def global_time(engine: Engine, rows: Rows, *, train: int, valid: int, test: int) -> str:
    """Cut all users at the same two moments, so that nothing in training is newer than anything held out.

    The moments are the times of the rows at ``n * train // 100`` and ``n * (train + valid) // 100`` (from 0) when all n
    rows are put in the order of time; a row at the moment itself is behind the cut. Rows of one moment are never torn
    apart, so the shares are met as nearly as equal times allow.

        u1  1 2     5   7          cuts at 5 and 7
        u2      3 4   6   8
            1 1 1 1 2 2 3 3

    Source: "temporal global" of Meng et al. 2020 (Exploring Data Splitting Strategies).
    """
    check_percents(train, valid, test)
    check_times(engine, rows, "global-time")
    ((total,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)}")
    first, second = total * train // 100, total * (train + valid) // 100
    counted = f"SELECT timestamp, count(*) AS rows FROM {name(rows.name)} GROUP BY timestamp"
    moments = engine.running(counted, ["timestamp"], "rows")
    cuts = (
        f"SELECT min(CASE WHEN until > {first} THEN timestamp END) AS first_cut, "
        f"min(CASE WHEN until > {second} THEN timestamp END) AS second_cut FROM ({moments}) AS moments"
    )
    return (
        f"SELECT r.row, CASE WHEN r.timestamp >= c.second_cut THEN {TEST} ELSE {VALID} END AS part "
        f"FROM {name(rows.name)} AS r CROSS JOIN ({cuts}) AS c WHERE r.timestamp >= c.first_cut"
    )


def global_moments(
    engine: Engine, rows: Rows, *, moments: list[str], fold: int = 1, valid: bool = False
) -> str:
    """Cut all users at the ``moments`` given (ISO 8601, UTC where no offset is given), rising.

    Fold k trains before the k-th moment and tests from there to the next one, or to the end; what comes later is in no
    part. With ``valid`` it validates from the k-th to the next and tests from there to the one after that, or to the end.

        time    1 2 3 4 5 6 7 8    moments: [3, 5, 7]
        part    1 1 3 3 . . . .    fold: 1
                1 1 1 1 3 3 . .    fold: 2
                1 1 2 2 3 3 . .    fold: 1, valid: true

    Source: Ji, Sun, Zhang and Li 2023 (A Critical Study on Data Leakage in Recommender System Offline Evaluation).
    Raises InputError where the moments do not rise, or are too few for the fold.
    """
    cuts = [parse_moment(moment, "global-moments") for moment in moments]
    if any(later <= earlier for earlier, later in pairwise(cuts)):
        raise InputError(f"global-moments: the moments do not rise: {', '.join(moments)}")
    folds = len(cuts) - valid
    if not 1 <= fold <= folds:
        raise InputError(
            f"global-moments: {len(cuts)} moments make {max(folds, 0)} folds; there is no fold {fold}"
        )
    check_times(engine, rows, "global-moments")
    test = fold - 1 + valid
    until = cuts[test + 1] if test + 1 < len(cuts) else None
    return between(engine, rows, cuts[test], valid=cuts[fold - 1] if valid else None, until=until)


def sliding_windows(
    engine: Engine,
    rows: Rows,
    *,
    test_days: int,
    valid_days: int = 0,
    train_days: int | None = None,
    windows: int = 1,
    window: int = 1,
) -> str:
    """Test ``test_days`` after all that was before: window ``window`` of ``windows`` equal ones, the last at the end.

    The last window's test begins ``test_days`` before the newest row and holds it; each window before it begins
    ``test_days`` earlier and ends where the next begins. Validation is the ``valid_days`` before the test, training the
    ``train_days`` before that, or all there is; what is older or newer is in no part. A day has 24 hours; a row at a
    moment is behind the cut.

        day     1 2 3 4 5 6 7 8 9    test_days: 2, windows: 3
        part    1 1 3 3 . . . . .    window: 1
                1 1 1 1 3 3 . . .    window: 2
                1 1 1 1 1 1 3 3 3    window: 3
                . . 1 1 1 1 3 3 3    window: 3, train_days: 4

    Source: Scheidt and Beel 2021 (Time-dependent Evaluation of Recommender Systems).
    """
    if test_days < 1 or valid_days < 0 or (train_days is not None and train_days < 1):
        raise InputError("sliding-windows: test_days and train_days are at least 1, valid_days at least 0")
    if windows > 1:
        check_fold("sliding-windows", windows, window)
    elif (windows, window) != (1, 1):
        raise InputError(f"sliding-windows: window is one of 1 to windows, not {window} of {windows}")
    length = timedelta(days=test_days)
    test = newest_time(engine, rows, "sliding-windows") - (windows - window + 1) * length
    valid = test - timedelta(days=valid_days)
    train = None if train_days is None else valid - timedelta(days=train_days)
    until = test + length if window < windows else None
    return between(engine, rows, test, train=train, valid=valid, until=until)


def next_period(engine: Engine, rows: Rows, *, period: Period, valid: bool = False, skip: int = 0) -> str:
    """Test the newest calendar period (day, week from Monday, month or year, in UTC) after all that was before.

    The newest period is that of the newest row; ``skip`` leaves out as many at the end, which may be incomplete. With
    ``valid`` the period before it validates. What users had before and what is new to them are the slices "repeat" and
    "novel" of the test; the policy ``seen: drop`` tests new items alone.

        month   1 1 2 2 3 3 4      period: month, valid: true, skip: 1
        part    1 1 2 2 3 3 .

    Source: H&M Personalized Fashion Recommendations (Kaggle 2022), where the week after the data is asked for.
    """
    if skip < 0:
        raise InputError(f"next-period: skip is at least 0, not {skip}")
    newest = newest_time(engine, rows, "next-period")
    until = period_start(newest, period, skip - 1) if skip else None
    before = period_start(newest, period, skip + 1) if valid else None
    return between(engine, rows, period_start(newest, period, skip), valid=before, until=until)
