"""The choices behind a score, stated in words, so that a number is never shown without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recdata.metrics.spelling import Measure
from recdata.protocol.task import Task
from recdata.submission.block import Value
from recdata.submission.expected import fixes_candidates, masks_seen

CONVENTION = "recdata"
"""The canonical choices; other libraries' have other names."""


def choices_of(task: Task, part: str, measures: Sequence[Measure], value: Value) -> dict[str, Any]:
    """Return what was chosen: who is averaged over, what counts as what, what each metric is divided by."""
    denominators = {str(measure): measure.denominator for measure in measures}
    if task.protocol["task"] == "rating":
        return {
            "convention": CONVENTION,
            "unit": "rows",
            "population": f"every row of the {part} part, a pair that was rated twice counted twice",
            "missing": "a row without a prediction is an error; there is no score then",
            "unknown": "rows of users, items or pairs that are not in the part are ignored and counted",
            "denominators": denominators,
        }
    return {
        "convention": CONVENTION,
        "unit": "users",
        "population": f"every user with at least one relevant item in the {part} part",
        "relevant": _relevant(task, part),
        "candidates": _candidates(task, part),
        "missing": "a user of the population without a row counts 0",
        "order": (
            "score from high to low, as float64; a rank column beside it is ignored"
            if value == "score"
            else "rank, which must be 1, 2, ... in each list"
        ),
        "ties": "equal scores are ordered by the MD5 (hex digits, ascending) of the UTF-8 item id",
        "seen": _seen(task, part),
        "unknown": (
            "rows of users outside of the population are ignored; an item outside of the task keeps its rank and "
            "counts as a miss"
        ),
        "denominators": denominators,
    }


def _relevant(task: Task, part: str) -> str:
    threshold = task.protocol["relevance"].get("min_rating")
    rows = f"the distinct pairs of the {part} part"
    return rows if threshold is None else f"{rows} with a rating of at least {threshold:g}"


def _candidates(task: Task, part: str) -> str:
    if fixes_candidates(task.protocol, part):
        return "a fixed set for each user, sampled; another item is an error"
    return "all items of the task"


def _seen(task: Task, part: str) -> str:
    if fixes_candidates(task.protocol, part):
        return "not looked at: the candidates are fixed"
    if not masks_seen(task.protocol):
        return "an item that the user already has counts like any other"
    before = "training" if part == "valid" else "training or validation"
    return f"an item that the user has in {before} keeps its rank and counts as a miss, relevant or not"
