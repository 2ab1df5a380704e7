"""Filters and splits: by example, and by properties that hold for any rows."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import build_small, make_task, parts

from recdata.errors import InputError
from recdata.protocol.task import Task

ROWS = [
    *((f"u{u}", f"i{(u * 7 + k * 3) % 23}", 1.0 + k % 5, 1_000_000_000 + 100 * k + u) for u in range(12) for k in range(11)),
    ("few", "i1", 5.0, 1_000_000_000),
    ("few", "i2", 5.0, 1_000_000_001),
]  # fmt: skip


@pytest.fixture
def corpus(home: Path, tmp_path: Path) -> Path:
    return build_small(tmp_path / "raw", ROWS)


def test_leave_last_takes_the_newest_and_spares_the_short(corpus: Path, tmp_path: Path) -> None:
    found = parts(make_task(corpus, tmp_path / "task"))
    for user in {row[0] for row in ROWS} - {"few"}:
        own = [item for other, item, _, _ in ROWS if other == user]
        assert [item for other, item in found["test"] if other == user] == own[-1:]
        assert [item for other, item in found["valid"] if other == user] == own[-2:-1]
        assert [item for other, item in found["train"] if other == user] == own[:-2]
    assert [item for user, item in found["train"] if user == "few"] == ["i1", "i2"]


def test_equal_times_are_ordered_by_md5(home: Path, tmp_path: Path) -> None:
    import hashlib

    items = [f"i{k}" for k in range(30)]
    corpus = build_small(tmp_path / "raw", [("u", item, 3.0, 1_000_000_000) for item in items])
    task = make_task(corpus, tmp_path / "task")
    ordered = sorted(items, key=lambda item: hashlib.md5(f"u\x1f{item}".encode()).hexdigest())
    assert [item for part in ("train", "valid", "test") for _, item in parts(task)[part]] == ordered


def test_ratios_round_down(corpus: Path, tmp_path: Path) -> None:
    for name in ("random-80-10-10", "temporal-80-10-10"):
        found = parts(make_task(corpus, tmp_path / name, name))
        for user, rows in Counter(row[0] for row in ROWS).items():
            held = [sum(other == user for other, _ in found[part]) for part in ("valid", "test")]
            assert held == [rows // 10, rows // 10]
    temporal = parts(make_task(corpus, tmp_path / "t", "temporal-80-10-10"))
    assert ("u3", [row for row in ROWS if row[0] == "u3"][-1][1]) in temporal["test"]


def test_global_time_never_looks_ahead(corpus: Path, tmp_path: Path) -> None:
    task = make_task(corpus, tmp_path / "task", "global-time")
    train, valid, test = (task.rows(part).timestamp for part in ("train", "valid", "test"))
    assert train.max() < valid.min()
    assert valid.max() < test.min()
    assert len(test) >= len(ROWS) // 10


def test_min_rating_and_time_range(corpus: Path, tmp_path: Path) -> None:
    filters = [
        {"min-rating": {"at_least": 3}},
        {"time-range": {"since": "2001-09-09T01:48:20", "until": "2001-09-09T01:59:00Z"}},
    ]
    found = parts(make_task(corpus, tmp_path / "task", filters=filters))
    expected = {(u, i) for u, i, r, t in ROWS if r >= 3 and 1_000_000_100 <= t < 1_000_000_740}
    assert {pair for part in found.values() for pair in part} == expected


def test_k_core_and_first_and_last_of_repeats(home: Path, tmp_path: Path) -> None:
    rows = [("a", "x", 1.0, 1_000_000_000 + k) for k in (0, 5)]
    rows += [("a", "y", 1.0, 1_000_000_001), ("a", "z", 1.0, 1_000_000_002), ("b", "w", 1.0, 1_000_000_003)]
    corpus = build_small(
        tmp_path / "raw", [(u, i, r, t) for u, i, r, t in rows if (u, i, t) != ("a", "x", 1_000_000_005)]
    )
    split = {"leave-last": {"test": 1, "valid": 0}}
    found = parts(make_task(corpus, tmp_path / "core", filters=[{"k-core": {"users": 2}}], split=split))
    assert {user for part in found.values() for user, _ in part} == {"a"}


def test_a_number_that_is_no_percent_is_refused(corpus: Path, tmp_path: Path) -> None:
    for split in ({"train": 80, "valid": 10, "test": 20}, {"train": 100, "valid": 0, "test": 0}):
        with pytest.raises(InputError, match="add up to 100"):
            make_task(corpus, tmp_path / "task", split={"ratio-overall": split})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": {"leave-last": {"tests": 1}}}, r"leave-last: got an unexpected keyword argument 'tests'; it takes test"),
        ({"split": {"leave-one": {}}}, r"'leave-one' is not one of the splits: .*leave-last"),
        ({"filters": [{"min-rating": {}}]}, r"min-rating: missing a required.*at_least"),
        ({"filters": [{"repeated-pairs": {"keep": "best"}}]}, r"expected first or last"),
        ({"filters": [{"min-rating": {"at_least": 99}}]}, r"no row of movielens-10m@1.0.0 comes into the train part"),
        ({"relevance": {"min_rating": 99}}, r"no row of the test part is relevant"),
        ({"corpora": ["movielens-1m"]}, r"made for movielens-1m, not for movielens-10m"),
        ({"candidates": {"sampled-uniform": {"n": 0}}}, r"n is at least 1"),
    ],
)  # fmt: skip
def test_a_protocol_that_does_not_fit_is_named(
    corpus: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_task(corpus, tmp_path / "task", **changes)
    assert not (tmp_path / "task").exists()


row = st.tuples(
    st.sampled_from(["a", "b", "ç", "10", "9"]),
    st.sampled_from([f"i{k}" for k in range(12)]),
    st.integers(1, 10).map(lambda n: n / 2),
    st.integers(1_000_000_000, 1_000_000_009),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=25, max_size=60), data=st.data())
@pytest.mark.parametrize(
    "protocol", ["loo-last", "random-80-10-10", "temporal-80-10-10", "rating-random-80-20"]
)
def test_row_order_and_threads_change_nothing(
    home: Path, protocol: str, rows: list[tuple[str, str, float, int]], data: st.DataObject
) -> None:
    unique = list({(u, i): (u, i, r, t) for u, i, r, t in rows}.values())
    if max(Counter(u for u, *_ in unique).values()) < 10:
        return
    shuffled = data.draw(st.permutations(unique))
    with tempfile.TemporaryDirectory() as scratch:
        tasks: list[Task] = []
        for number, (order, threads) in enumerate(((unique, 1), (shuffled, 2))):
            folder = Path(scratch) / str(number)
            corpus = build_small(folder / "raw", order, threads)
            tasks.append(make_task(corpus, folder / "task", protocol, threads))
        first, second = tasks
        assert first.fingerprint == second.fingerprint
        assert first.manifest["corpus"] == second.manifest["corpus"]
        kept = parts(first)
        assert sorted(pair for part in kept.values() for pair in part) == sorted(
            (u, i) for u, i, _, _ in unique
        )
