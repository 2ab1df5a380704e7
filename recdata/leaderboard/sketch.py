"""Sketches: the smallest hashes of what a prediction file recommends, by which near copies are told.

Of up to 1,000 users (those of the population whose ids have the smallest MD5) the 10 best items are taken, of fixed
candidates at most a fifth of them; of a rating task every pair, with the rating to one decimal; of a task over examples the
answers to the 1,000 examples whose ids have the smallest MD5. Each (user, item), or (example, answer), is hashed, and the
256 smallest hashes are the sketch. From two sketches the overlap of the two sets (Jaccard's: what both have over what
either has) is estimated as Broder does, "On the resemblance and containment of documents", 1997.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from recdata.engines.base import UNIT
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.submission.finding import Findings
from recdata.submission.opening import open_predictions

USERS, ITEMS, KEPT, DIGITS = 1000, 10, 256, 12
NEAR = 0.9
"""An overlap from which two files are flagged as near copies."""


def sketch(task: AnyTask, predictions: Any, part: str = "test") -> str:
    """Return the sketch of predictions that have been found valid: up to 256 times 12 hex digits, ascending."""
    if isinstance(task, AnswerTask):
        return _joined(_answers_of_some(task, predictions, part))
    reader, _ = open_predictions(predictions, 1)
    if reader is None:
        raise ValueError("predictions without a reader have no sketch")
    rows = _rows_of_some(task, reader, part)
    if task.protocol["task"] == "rating":
        words = {f"{user}{UNIT}{item}{UNIT}{value:.1f}" for user, own in rows.items() for item, value in own}
    else:
        sign = -1 if reader.value == "score" else 1
        words = set()
        for user, own in rows.items():
            many = ITEMS if task.candidates() is None else max(1, min(ITEMS, len(own) // 5))
            best = sorted(own, key=lambda row: (sign * row[1], _md5(row[0])))[:many]
            words.update(f"{user}{UNIT}{item}" for item, _ in best)
    return _joined(words)


def _joined(words: set[str]) -> str:
    return "".join(sorted(_md5(word)[:DIGITS] for word in words)[:KEPT])


def overlap(one: str, other: str) -> float:
    """Return the estimated overlap of two sketches, 0 to 1.

    >>> overlap("0" * 12 + "1" * 12, "1" * 12 + "2" * 12)
    0.3333333333333333
    """
    first, second = (_cut(each) for each in (one, other))
    smallest = sorted(first | second)[:KEPT]
    if not smallest:
        return 0.0
    both = first & second
    return sum(word in both for word in smallest) / len(smallest)


def smallest(text: str, n: int) -> list[str]:
    """Return the ``n`` smallest hashes of a sketch."""
    return [text[start : start + DIGITS] for start in range(0, min(len(text), n * DIGITS), DIGITS)]


def _cut(text: str) -> set[str]:
    return set(smallest(text, KEPT))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _rows_of_some(task: Task, reader: Any, part: str) -> dict[str, list[tuple[str, float]]]:
    """Return (item, value) of the chosen users' rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    population = task.user_ids.take(pa.array(task.population(part))).to_pylist()
    chosen = pa.array(sorted(population, key=_md5)[:USERS], pa.string())
    rows: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for block in reader.blocks(Findings(reader.name, reader.unit, 0)):
        user, item, value = block.user, block.item, block.value
        for start in range(0, len(user), 1 << 18):
            whose = user.slice(start, 1 << 18).cast(pa.string())
            keep = pc.is_in(whose, value_set=chosen)
            columns = (whose, item.slice(start, 1 << 18).cast(pa.string()), value.slice(start, 1 << 18))
            for who, what, number in zip(
                *(column.filter(keep).to_pylist() for column in columns), strict=True
            ):
                rows[who].append((what, float(number)))
    return rows


def _answers_of_some(task: AnswerTask, predictions: Any, part: str) -> set[str]:
    """Return the words of the chosen examples: id and answer."""
    from recdata.submission.answers.opening import open_answers

    reader, _ = open_answers(predictions, 1)
    if reader is None:
        raise ValueError("predictions without a reader have no sketch")
    chosen = set(sorted(task.ids(part).to_pylist(), key=_md5)[:USERS])
    words = set()
    for batch in reader.batches(Findings(reader.name, reader.unit, 0)):
        for key, answer in zip(batch.id.to_pylist(), batch.answer.to_pylist(), strict=True):
            if key in chosen:
                words.add(f"{key}{UNIT}{answer.strip()}")
    return words
