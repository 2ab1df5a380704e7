"""Five users and four lists: one and the same file, nDCG@5 from .284 to .509, whoever computes it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

from recdata.scoring.result import Result
from recdata.scoring.score import compare

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))

RELEVANT = {"ann": "bf", "bob": "abdg", "cyd": "de", "dan": "afgh", "eve": "adgh"}
LISTS = {"ann": "cheaf", "bob": "afbcd", "cyd": "fgcae", "dan": "fdheg"}
METRICS = ["nDCG@5", "Recall@3", "Precision@5", "MAP@5"]


def results() -> list[Result]:
    """Return the case's results under all conventions that have one of the metrics."""
    from handmade import make_task

    rows = [(user, item, 5.0 - rank) for user, items in LISTS.items() for rank, item in enumerate(items)]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "score"])
    with tempfile.TemporaryDirectory() as folder:
        # In training, since some libraries know the users and items of training alone.
        pairs = [("zoe", item) for item in "abcdefgh"] + [(user, "z") for user in RELEVANT]
        test = [(user, item) for user, items in RELEVANT.items() for item in items]
        task = make_task(Path(folder) / "task", train=pairs, test=test)
        return compare(task, frame, metrics=METRICS)


def block() -> str:
    """Return what the README says of the case."""
    from recdata.scoring.table import markdown

    relevant = ", ".join(f"{user} {items}" for user, items in RELEVANT.items())
    lists = ", ".join(f"{user} {items}" for user, items in LISTS.items())
    return f"""Relevant items: {relevant}. Lists, best first: {lists}; eve has none. Nothing was seen before.

{markdown(results())}

`recdata score TASK FILE --conventions all` prints this table for any file, `--convention lenskit` a result with one of them.
"""
