"""Every filter and split keeps and holds out the same rows on DuckDB and on Spark."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from operating import DAY, START, Operating, Spec

from recdata.engines.spark import SparkEngine
from recdata.protocol import filters, splits
from recdata.protocol.operators import operators

FILTERS: list[Spec] = [
    {"k-core": {"users": 9, "items": 6}},
    {"k-core": {"users": 10, "items": 8, "rounds": 1}},
    {"activity": {"at_least": 10, "at_most": 30}},
    {"popularity": {"at_least": 8}},
    {"subsample-users": {"percent": 60}},
    {"repeated-pairs": {"keep": "first"}},
    {"repeated-pairs": {"keep": "last"}},
    {"repeated-pairs": {"keep": "sum"}},
    {"consecutive-repeats": {}},
    {"min-rating": {"at_least": 3.5}},
    {"binarise": {"at_least": 4, "at_most": 2.5}},
    {"time-range": {"since": "2001-09-10T12:00:00+02:00", "until": "2001-09-13"}},
    {"event-types": {"keep": ["cart", "buy"]}},
    {"column-values": {"column": "locale", "values": ["UK"]}},
    {"column-values": {"column": "kind", "values": ["x"], "of": "items"}},
    {"column-values": {"column": "genres", "values": ["a", "c"], "of": "items"}},
]
SPLITS: list[Spec] = [
    {"global-time": {"train": 70, "valid": 10, "test": 20}},
    {"global-moments": {"moments": ["2001-09-10", "2001-09-11", "2001-09-12"], "fold": 1, "valid": True}},
    {"sliding-windows": {"test_days": 1, "valid_days": 1, "windows": 2, "window": 1}},
    {"next-period": {"period": "day", "valid": True, "skip": 1}},
    {"last-session": {"pause_minutes": 700}},
    {"last-session": {"column": "session_id"}},
    {"next-basket": {"same": "day"}},
    {"last-of-session": {"test": 1, "valid": 1}},
    {"ratio-overall": {"train": 70, "valid": 10, "test": 20}},
    {"ratio-overall": {"train": 70, "valid": 10, "test": 20, "order": "temporal"}},
    {"k-fold-rows": {"folds": 5, "fold": 5, "valid": True}},
    {"predefined": {"column": "split"}},
    {"leave-last": {}},
    {"leave-random": {"test": 2, "valid": 1}},
    {"ratio-per-user": {"order": "temporal", "train": 80, "valid": 10, "test": 10}},
    {"ratio-per-user": {"order": "random", "train": 60, "valid": 10, "test": 30}},
    {"user-holdout": {"test": 20, "valid": 20, "context": 60, "unknown_items": "drop"}},
    {"k-fold-users": {"folds": 3, "fold": 2, "order": "temporal"}},
    {"newest-users": {"test_days": 2, "last": 2, "unknown_items": "drop"}},
]


def rows() -> list[dict[str, Any]]:
    """Rows of users of whom one has half of all, and one leaves early; repeats, gaps, one moment shared by many."""
    draw = random.Random(9)
    users = ["a", "b", "ç", "10", "9", "é中", "B", "z"]
    found = [
        {
            "user": "a" if draw.random() < 0.5 else draw.choice(users),
            "item": f"i{int(30 * draw.random() ** 2)}",
            "seconds": draw.choice([4 * DAY, draw.randrange(6 * DAY)]),
            "rating": draw.choice([None, *(n / 2 for n in range(1, 11))]),
            "event": draw.choice(["view", "cart", "buy"]),
            "session_id": draw.choice(["s1", "s2", "s3"]),
            "locale": draw.choice([None, "UK", "DE"]),
            "weight": draw.choice([None, draw.random()]),
            "split": draw.choice([None, "train", "valid", "test"]),
        }
        for _ in range(300)
    ]
    return [{**row, "seconds": row["seconds"] // 3} if row["user"] == "z" else row for row in found]


ITEMS = pa.table(
    {
        "item_id": pa.array([f"i{n}" for n in range(20)]),
        "kind": pa.array([("x", "y", None)[n % 3] for n in range(20)]),
        "genres": pa.array(
            [[["a", "b"], ["c", None], [], None][n % 4] for n in range(20)], pa.list_(pa.string())
        ),
    }
)


def label(spec: Spec) -> str:
    ((name, arguments),) = spec.items()
    return f"{name} {' '.join(map(str, arguments.values()))}".strip()


def test_none_is_left_out() -> None:
    for package, specs in ((filters, FILTERS), (splits, SPLITS)):
        assert {name for spec in specs for name in spec} == set(operators(package))
    assert START % DAY  # days begin inside the rows


@pytest.mark.parametrize("spec", FILTERS, ids=label)
def test_filters(spark: Any, spec: Spec) -> None:
    summed = spec == {"repeated-pairs": {"keep": "sum"}}
    found = []
    for engine, shuffle in (("duckdb", 0), (spark, 1)):
        with Operating(rows(), engine=engine, shuffle=shuffle, items=ITEMS) as operating:
            found.append(operating.filter(spec, column="weight" if summed else None))
    assert found[0] == found[1]
    assert 0 < len(found[0]) < 300


@pytest.mark.parametrize("spec", SPLITS, ids=label)
def test_splits(spark: Any, spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    # Half of the rows are one user's: these are numbered by all partitions.
    monkeypatch.setattr(SparkEngine, "heavy", 100)
    found = []
    for engine, shuffle in (("duckdb", 0), (spark, 1)):
        with Operating(rows(), engine=engine, shuffle=shuffle, items=ITEMS) as operating:
            found.append(operating.split(spec))
    assert found[0] == found[1]
    assert len(set(found[0].values())) > 1
