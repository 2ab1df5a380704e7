"""Rows with long texts are put in the order that the engine itself would give them; working ahead changes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from recdata.corpora import ordering
from recdata.corpora.ahead import ahead
from recdata.corpora.ordering import Order, in_order
from recdata.engines.duck import DuckEngine


def table(rows: int, users: int) -> pa.Table:
    random = np.random.default_rng(7)
    return pa.table(
        {
            "user": pa.array(
                np.sort(random.integers(0, users, rows)).astype(np.int32)[random.permutation(rows)]
            ),
            "when": pa.array(random.integers(0, 3, rows), mask=random.random(rows) < 0.2),
            "text": pa.array(
                [f"{place % 5} " + "x" * int(n) for place, n in enumerate(random.integers(0, 300, rows))]
            ),
            "list": pa.array(
                [[str(place % 3)] * (place % 4) if place % 7 else None for place in range(rows)]
            ),
        }
    )


@pytest.mark.parametrize("size", [1 << 10, 1 << 14, 1 << 30])
@pytest.mark.parametrize("users", [1, 3, 400])
def test_dealt_rows_come_in_the_engines_own_order(
    monkeypatch: pytest.MonkeyPatch, size: int, users: int
) -> None:
    monkeypatch.setattr(ordering, "_FILE", size)
    monkeypatch.setattr(ordering, "_DEALT", 1 << 12)
    rows = table(5_000, users)
    order = Order(
        ["user", '"when" NULLS FIRST', "('0x' || substr(md5(user || ''), 1, 8))::BIGINT"],
        ["text NULLS FIRST", "list NULLS FIRST"],
    )
    with DuckEngine() as engine:
        engine.add("rows", rows)
        expected = engine.connection.sql(f"SELECT * FROM rows ORDER BY {order}").to_arrow_table()
        found = pa.Table.from_batches(in_order(engine, "SELECT * FROM rows", order, "user", users, len(rows)))
    assert found.to_pylist() == expected.to_pylist()


def test_no_rows_are_no_batches() -> None:
    with DuckEngine() as engine:
        engine.add("rows", table(5, 2).slice(0, 0))
        assert list(in_order(engine, "SELECT * FROM rows", Order(["user"]), "user", 0, 0)) == []


def test_what_is_joined_keeps_the_first_table_streaming() -> None:
    with DuckEngine() as engine:
        engine.add("few", pa.table({"k": [1, 2]}))
        select = "SELECT r.i FROM range(100000) AS r(i) JOIN few ON few.k = r.i % 3"
        assert sum(map(len, engine.stream(select, 2048))) == 66_666
        steps = engine.stream(select, 2048)
        next(steps)
        steps.close()
        assert engine.fetch("SELECT count(*) FROM few") == [(2,)]


def test_working_ahead_gives_the_same_steps_and_errors() -> None:
    assert list(ahead(range(100))) == list(range(100))
    assert list(ahead([])) == []

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("the third is missing")

    steps = ahead(failing())
    assert next(steps) == 1
    with pytest.raises(ValueError, match="the third"):
        next(steps)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    steps = ahead(endless())
    assert next(steps) == 0
    steps.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert closed.is_set()
    assert threading.active_count() == before
