"""Tasks written by hand, for tests that need one without building a corpus; and a slow, plain oracle of scoring."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recdata.protocol.task import Task

Pair = tuple[str, str]
PROTOCOL: dict[str, Any] = {
    "name": "by-hand",
    "version": 1,
    "task": "ranking",
    "relevance": {"min_rating": None},
    "candidates": {"full": {"seen": "mask"}},
    "population": "users-with-relevant",
    "cutoffs": [2, 5],
    "metrics": ["nDCG", "Recall", "Precision", "HR", "MRR", "MAP"],
    "primary": "nDCG@5",
    "seed": "recdata",
}
RATING = {
    "task": "rating",
    "metrics": ["RMSE", "MAE"],
    "cutoffs": [],
    "primary": "RMSE",
    "population": "rows",
}


def make_task(
    folder: Path,
    *,
    train: Sequence[Pair] = (),
    valid: Sequence[Pair] = (),
    test: Sequence[tuple[str, str] | tuple[str, str, float]] = (),
    users: Iterable[str] = (),
    items: Iterable[str] = (),
    candidates: Sequence[Pair] | None = None,
    **protocol: Any,
) -> Task:
    """Write a task to ``folder``. users, items: ids besides those of the parts. Rows of test may have a rating."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"train": train, "valid": valid, "test": test}
    rows = [row for part in parts.values() for row in part]
    user_ids = sorted({row[0] for row in rows} | set(users) | {user for user, _ in candidates or ()})
    item_ids = sorted({row[1] for row in rows} | set(items) | {item for _, item in candidates or ()})
    pq.write_table(pa.table({"user_id": pa.array(user_ids, pa.string())}), folder / "users.parquet")
    pq.write_table(pa.table({"item_id": pa.array(item_ids, pa.string())}), folder / "items.parquet")
    for name, part in parts.items():
        coded = sorted(
            (user_ids.index(row[0]), item_ids.index(row[1]), float(row[2]) if len(row) > 2 else None)
            for row in part
        )
        time = datetime(2020, 1, 1, tzinfo=timezone.utc)
        table = {
            "user": pa.array([row[0] for row in coded], pa.int32()),
            "item": pa.array([row[1] for row in coded], pa.int32()),
            "timestamp": pa.array([time] * len(coded), pa.timestamp("us", tz="UTC")),
            "rating": pa.array([row[2] for row in coded], pa.float64()),
            "row": pa.array(range(len(coded)), pa.int64()),
        }
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
    if candidates is not None:
        coded_pairs = sorted({(user_ids.index(user), item_ids.index(item)) for user, item in candidates})
        user, item = (pa.array([pair[side] for pair in coded_pairs], pa.int32()) for side in (0, 1))
        pq.write_table(pa.table({"user": user, "item": item}), folder / "candidates.parquet")
        protocol.setdefault("candidates", {"sampled-uniform": {"n": 2, "seen": "mask"}})
    manifest = {
        "name": "handmade@1.0.0/by-hand@1",
        "fingerprint": "ab" * 32,
        "corpus": {"name": "handmade", "version": "1.0.0", "fingerprint": "cd" * 32},
        "protocol": {**PROTOCOL, **protocol},
        "parts": {name: {"rows": len(part)} for name, part in parts.items()},
    }
    return Task(folder, manifest)


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def oracle(
    rows: Sequence[tuple[str, str, float]],
    truth: Mapping[str, set[str]],
    seen: Mapping[str, set[str]],
) -> dict[str, list[int]]:
    """Return for each user of the truth the ranks of the hits, by sorting each list in plain Python."""
    ranks = {}
    for user, relevant in truth.items():
        mine = [(-score, md5(item), item) for who, item, score in rows if who == user]
        ranks[user] = [
            rank
            for rank, (_, _, item) in enumerate(sorted(mine), 1)
            if item in relevant and item not in seen.get(user, set())
        ]
    return ranks
