"""Splits of all rows together: shares of them, folds, and the publisher's own."""

from __future__ import annotations

from typing import Literal

from recdata.engines.base import UNIT, Engine, name, quote
from recdata.errors import InputError
from recdata.protocol.hashing import keyed
from recdata.protocol.operators import Rows
from recdata.protocol.splits._common import (
    CONTEXT,
    DROPPED,
    TEST,
    VALID,
    check_fold,
    check_percents,
    check_times,
)


def ratio_overall(
    engine: Engine,
    rows: Rows,
    *,
    train: int,
    valid: int,
    test: int,
    order: Literal["random", "temporal"] = "random",
) -> str:
    """Hold out a share of all rows, in percent: ``n * test // 100`` test, ``n * valid // 100`` validation.

    random takes those with the lowest hashes, temporal the newest: then test comes after validation, and validation
    after training, but rows of one moment may be torn apart (global-time keeps them together). They go by the MD5 of
    (user id, item id), joined by ASCII's unit separator: its first 8 hex digits modulo 2**31 - 1, higher is newer.

        u1  a b c d e     u2  f g h i j        order: random, 80/0/20
            1 1 3 1 1         1 1 1 3 1

    Source: split by ratio, random and in time, of Sun et al. 2020 (Are We Evaluating Rigorously?).
    """
    check_percents(train, valid, test)
    ((total,),) = engine.fetch(f"SELECT count(*) FROM {name(rows.name)}")
    tests, valids = total * test // 100, total * valid // 100
    if order == "random":
        dealt = engine.running(keyed(engine, rows), ["key", "user", "item", "row"])
        placed = f"SELECT row, until AS place FROM ({dealt}) AS dealt"
    else:
        placed = _newest_first(engine, rows, (tests, tests + valids))
    return (
        f"SELECT row, CASE WHEN place <= {tests} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({placed}) AS placed WHERE place <= {tests + valids}"
    )


def _newest_first(engine: Engine, rows: Rows, cuts: tuple[int, int]) -> str:
    """Return a SELECT of (row, place), place 1 the newest of all; exact only on which side of ``cuts`` a row is.

    Only moments that a cut falls into are ordered by hash: an MD5 for every row would cost more than all the rest.
    """
    check_times(engine, rows, "ratio-overall")
    counted = f"SELECT timestamp, count(*) AS rows FROM {name(rows.name)} GROUP BY timestamp"
    engine.keep("moments", engine.running(counted, ["timestamp DESC"], "rows"))
    torn = " OR ".join(f"(m.until - m.rows < {cut} AND m.until > {cut})" for cut in cuts)
    hashed = engine.hash31(f"u.user_id || {quote(UNIT)} || i.item_id", 0)
    joined = f'{name(rows.name)} AS r JOIN "moments" AS m ON r.timestamp = m.timestamp'
    return (
        f"SELECT r.row, m.until AS place FROM {joined} WHERE NOT ({torn}) "
        "UNION ALL SELECT r.row, m.until - m.rows + row_number() OVER "
        f"(PARTITION BY m.timestamp ORDER BY {hashed} DESC, r.user DESC, r.item DESC, r.row DESC) AS place "
        f"FROM {joined} JOIN user_ids AS u ON r.user = u.user "
        f"JOIN item_ids AS i ON r.item = i.item WHERE {torn}"
    )


def k_fold_rows(engine: Engine, rows: Rows, *, folds: int, fold: int, valid: bool = False) -> str:
    """Test one of ``folds`` disjoint shares of all rows, dealt out in the order of hashes; the others train.

    A row's fold is (place - 1) mod ``folds`` + 1. With ``valid`` the next fold (after the last, the first) validates.

        u1  a b c d e     u2  f g h i j        folds: 5, fold: 2
            1 1 3 1 1         1 1 1 3 1

    Source: cross-validation (Stone 1974), as Surprise's KFold and GroupLens's u1 to u5 of MovieLens 100k.
    """
    check_fold("k-fold-rows", folds, fold)
    placed = engine.running(keyed(engine, rows), ["key", "user", "item", "row"])
    dealt = f"SELECT row, (until - 1) % {folds} + 1 AS fold FROM ({placed}) AS placed"
    held = f"{fold}, {fold % folds + 1}" if valid else f"{fold}"
    return (
        f"SELECT row, CASE WHEN fold = {fold} THEN {TEST} ELSE {VALID} END AS part "
        f"FROM ({dealt}) AS dealt WHERE fold IN ({held})"
    )


def predefined(engine: Engine, rows: Rows, *, column: str) -> str:
    """Take the split that the corpus's publisher made: ``column`` holds the names of parts; null is in no part.

    They are "train", "valid", "test" and "context": what a model sees of a tested user but does not train on.

        column  train train null context test
        part    1     1     .    4       3

    Source: the publisher's, which the corpus's card names (GroupLens 1998 for MovieLens 100k, for example). Raises
    InputError where the corpus has no such column.
    """
    if column not in rows.columns:
        raise InputError(f"predefined: there is no column {column!r}; there are {', '.join(rows.columns)}")
    del engine
    part = name(column)
    return (
        f"SELECT row, CASE {part} WHEN 'test' THEN {TEST} WHEN 'valid' THEN {VALID} "
        f"WHEN 'context' THEN {CONTEXT} ELSE {DROPPED} END AS part "
        f"FROM {name(rows.name)} WHERE {part} IS NULL OR {part} <> 'train'"
    )
