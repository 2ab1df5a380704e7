"""A small task made by hand and ledgers on it, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from handmade import make_task

from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.submit import submit

USERS = [f"u{n}" for n in range(12)]
ITEMS = [f"i{n:02}" for n in range(30)]


def small_task(folder: Path):
    """A task of 12 users with three training items, and one relevant item each."""
    train = [(user, ITEMS[(n * 5 + step) % 30]) for n, user in enumerate(USERS) for step in range(1 + n % 4)]
    test = [(user, ITEMS[(n * 5 + 7) % 30]) for n, user in enumerate(USERS)]
    return make_task(folder, train=train, test=test, items=ITEMS)


def predictions(path: Path, shift: int = 0, places: int = 10) -> Path:
    """Write lists in which the relevant item of user n stands at rank 1 + (n + shift) % places."""
    rows = []
    for n, user in enumerate(USERS):
        relevant = ITEMS[(n * 5 + 7) % 30]
        others = [ITEMS[(n * 5 + 9 + shift + step) % 30] for step in range(20)]
        items = [item for item in others if item != relevant][: places - 1]
        items.insert((n + shift) % places, relevant)
        rows += [(user, item, float(-rank)) for rank, item in enumerate(items)]
    user, item, score = zip(*rows, strict=True)
    pq.write_table(pa.table({"user_id": user, "item_id": item, "score": score}), path)
    return path


def card(name: str = "model", **more):
    return {
        "name": name,
        "version": "1",
        "authors": ["A. Author"],
        "licence": "MIT",
        "trained_on": "training part",
        **more,
    }


def small_ledger(folder: Path, task, names=("first", "second")) -> Ledger:
    """A ledger with an entry a name, each of other predictions."""
    ledger = Ledger(folder / "ledger")
    for shift, name in enumerate(names):
        submit(task, predictions(folder / f"{name}.parquet", shift), card(name), ledger)
    return ledger
