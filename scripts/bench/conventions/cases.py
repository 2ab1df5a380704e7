"""Random cases for conventions, and recdata's own scores of them.

A case is a dictionary that goes through JSON: truth, {user: {item: grade}}; lists, {user: [[item, score], ...]};
repeats, pairs of the truth that stand in it again; train, pairs that were seen before; cutoffs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from recdata.scoring.conventions import find_convention
from recdata.scoring.score import compare

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))
USERS = [f"u{number}" for number in range(6)]
ITEMS = [f"i{number}" for number in range(12)]
CUTOFFS = [1, 3, 10, 20]


@st.composite
def cases(draw: st.DrawFn, ties: bool = False, repeats: bool = False, whole: bool = False) -> dict[str, Any]:
    """Users missing from either side, short and empty lists, cutoffs beyond the list, grades; ties where asked for.

    whole: all items are ranked for everyone.
    """
    random = draw(st.randoms(use_true_random=False))
    truth: dict[str, dict[str, int]] = {}
    lists: dict[str, list[list[Any]]] = {}
    for user in USERS[: random.randint(1, len(USERS))]:
        side = "both" if whole or not truth else random.choice(["both", "both", "truth", "lists"])
        if side != "lists":
            truth[user] = {item: random.randint(1, 4) for item in random.sample(ITEMS, random.randint(1, 8))}
        if side != "truth":
            items = random.sample(ITEMS, len(ITEMS) if whole else random.choice([1, 2, 5, len(ITEMS)]))
            scores = [
                random.randint(0, 3) if ties else score for score in random.sample(range(99), len(items))
            ]
            lists[user] = [[item, float(score)] for item, score in zip(items, scores, strict=True)]
    pairs = [[user, item] for user, items in truth.items() for item in items]
    return {
        "truth": truth,
        "lists": lists,
        "repeats": random.sample(pairs, random.randint(0, len(pairs))) if repeats else [],
        "train": [[user, item] for user in USERS for item in random.sample(ITEMS, 2)],
        "cutoffs": CUTOFFS,
    }


def own_scores(case: dict[str, Any], convention: str, metrics: list[str]) -> dict[str, float]:
    """Return recdata's scores of ``case`` under a convention, by the metrics' names as given.

    A name may begin with another convention: "lenskit-offset1/nDCG@10".
    """
    from handmade import make_task

    test = [
        (user, item, float(grade)) for user, items in case["truth"].items() for item, grade in items.items()
    ]
    test += [(user, item, float(case["truth"][user][item])) for user, item in case["repeats"]]
    rows = [(user, item, score) for user, listed in case["lists"].items() for item, score in listed]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "score"])
    with tempfile.TemporaryDirectory() as folder:
        train = [tuple(pair) for pair in case["train"]]
        task = make_task(Path(folder) / "task", train=train, test=test, users=USERS, items=ITEMS)
        asked: dict[str, list[str]] = {}
        for name in metrics:
            special, _, metric = name.rpartition("/")
            asked.setdefault(special or convention, []).append(metric)
        found = {}
        for special, names in asked.items():
            (result,) = compare(task, frame, [find_convention(special)], metrics=names)
            found |= {f"{special}/{name}" if special != convention else name: result[name] for name in names}
        return found
