"""The DuckDB engine's own ways to a primitive give what the plain definition gives."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.engines import open_engine
from recdata.engines.base import Engine, name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, ResourceError

pairs = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=80)


def load(engine: Engine, rows: list[tuple[int, int]]) -> None:
    user, item = np.array(sorted(rows), dtype=np.int32).T
    engine.add("rows", pa.table({"row": np.arange(len(rows)), "user": user, "item": item}))


@settings(max_examples=60, deadline=None)
@given(pairs, st.integers(1, 4))
def test_newest_is_each_users_highest_rows(rows: list[tuple[int, int]], count: int) -> None:
    with open_engine() as engine:
        load(engine, rows)
        found = sorted(engine.fetch(f"SELECT user, row, place, rows FROM ({engine.newest('rows', count)})"))
    expected = []
    users = [user for user, _ in sorted(rows)]
    for user, number in Counter(users).items():
        own = [row for row, other in enumerate(users) if other == user][::-1][:count]
        expected += [(user, row, place, number) for place, row in enumerate(own, start=1)]
    assert found == sorted(expected)


@settings(max_examples=60, deadline=None)
@given(pairs, st.integers(1, 4), st.integers(1, 4))
def test_k_core_is_the_fixed_point(rows: list[tuple[int, int]], users: int, items: int) -> None:
    with open_engine() as engine:
        load(engine, rows)
        engine.keep("core", "SELECT * FROM rows")
        engine.k_core("core", users, items)
        found = sorted(engine.fetch("SELECT user, item FROM core"))
    kept = sorted(rows)
    while True:
        by_user, by_item = Counter(u for u, _ in kept), Counter(i for _, i in kept)
        fewer = [(u, i) for u, i in kept if by_user[u] >= users and by_item[i] >= items]
        if fewer == kept:
            break
        kept = fewer
    assert found == kept


@pytest.mark.parametrize("keys", ["uniform", "equal", "high"])
def test_lowest_sorts_little_and_gives_what_sorting_everything_gives(keys: str) -> None:
    random = np.random.default_rng(3)
    user = np.sort(random.integers(0, 40, 5_000)).astype(np.int32)
    item = random.integers(0, 900, 5_000).astype(np.int32)
    top = 2**31 - 2
    key = {
        "uniform": random.integers(0, top, 5_000),
        "equal": np.full(5_000, 7),
        "high": np.full(5_000, top),  # not uniform at all: the shortcut must notice that it found too few
    }[keys]
    table = pa.table({"row": np.arange(5_000), "user": user, "item": item, "key": key})
    with open_engine() as engine:
        engine.add("rows", table)
        keyed = "SELECT row, user, item, key FROM rows"
        wanted = "floor(rows * 10 / 100) + floor(rows * 15 / 100)"
        short = engine.fetch(engine.lowest("rows", keyed, wanted))
        plain = engine.fetch(Engine.lowest(engine, "rows", keyed, wanted))
    assert sorted(short) == sorted(plain)
    assert len(plain) == sum(int(n * 0.1 + 1e-9) + int(n * 0.15 + 1e-9) for n in np.bincount(user))


def test_hash31_is_md5() -> None:
    import hashlib

    digits = hashlib.md5("né\x1f1".encode()).hexdigest()
    with open_engine() as engine:
        text = quote("né\x1f1")
        assert engine.fetch(f"SELECT {engine.hash31(text, 0)}, {engine.hash31(text, 1)}") == [
            (int(digits[:8], 16) % (2**31 - 1), int(digits[8:16], 16) % (2**31 - 1))
        ]


def test_names_and_texts_cannot_break_out() -> None:
    assert quote("a'b") == "'a''b'"
    assert name('a"b') == '"a""b"'


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(InputError, match="no engine is called 'flink'"):
        open_engine("flink")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("RECDATA_THREADS", "two", "a whole number"), ("RECDATA_MEMORY", "much", "a size such as 4GB")],
)
def test_a_limit_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"{name} is '{value}'; expected {expected}"):
        open_engine()


def test_whatever_asks_for_too_much_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECDATA_MEMORY", "30MB")
    large = "SELECT range AS place FROM range(5000000) ORDER BY md5(CAST(range AS VARCHAR))"
    with DuckEngine(threads=1) as engine:
        engine.connection.execute("SET max_temp_directory_size = '1MB'")
        ways = [
            engine.columns,
            engine.fetch,
            lambda s: list(engine.batches(s, 1000)),
            lambda s: list(engine.stream(s, 1000)),
        ]
        for way in ways:
            with pytest.raises(ResourceError, match="Set RECDATA_MEMORY higher, or TMPDIR to a larger disk"):
                way(large)
