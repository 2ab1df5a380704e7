"""Leakage: how much of what comes after the test, or of the test itself, the training part gives away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.protocol.task import distinct

if TYPE_CHECKING:
    from recdata.protocol.task import Rows, Task

_NEVER = np.iinfo(np.int64).min


class Measure(NamedTuple):
    """One measure: ``number`` of ``of`` things, and their share (None where there is nothing to count).

    ``number`` and ``of`` are None where the measure is no count.
    """

    name: str
    about: str
    share: float | None
    number: int | None = None
    of: int | None = None


class Leakage(NamedTuple):
    """What was measured on a task. stated: whether its protocol says that it can leak the future, and why."""

    task: str
    fingerprint: str
    stated: dict[str, Any]
    measures: list[Measure]

    @property
    def contradicted(self) -> bool:
        """Whether the protocol says that nothing of the future leaks, and training rows are newer than tested ones."""
        found = {measure.name: measure.share for measure in self.measures}
        return not self.stated["future"] and bool(found["test-before-training"])

    def to_json(self) -> dict[str, Any]:
        """Return it as a document of plain values."""
        measures = [measure._asdict() for measure in self.measures]
        return {**self._asdict(), "measures": measures, "contradicted": self.contradicted}


def measure(task: Task) -> Leakage:
    """Measure the leakage of a task's test part. Training is the part that models are trained on, not the context.

    Times (of rows that have one; the share is None where none has):

    test-before-training    test rows older than the newest training row, of all test rows
    users-after-test        users who have a training row newer than their oldest test row, of all users tested
    items-after-test        items that have a training row newer than their oldest test row, of all items tested
    rows-after-test         test rows whose item has a training row newer than them, of all test rows

    Pairs, distinct:

    pairs-in-training, pairs-in-context, pairs-in-valid    test pairs that stand in that part too, of all test pairs
    valid-pairs-in-training, -in-context                   validation's pairs that do, of all of validation's

    What training does not know (no leak: what a model could only know from the test):

    cold-users, cold-items  users tested without a row in training or context, items tested without a row in training
    cold-user-rows, cold-item-rows    test rows of those, of all test rows
    popularity-from-test    the share of popularity that only the test tells: with p and q the shares of the test's and of
                            training's rows that each item has, the sum of max(0, p - q), which is the total variation
                            distance of the two: 0 where the test asks for items as often as training holds them, 1 where
                            it asks for none that training has. A model that counts it leaks: see the two rows of S3-Rec's
                            popularity recommender, which differ by it.
    """
    train, test = task.rows("train"), task.rows("test")
    measures = [*_times(task, train, test), *_pairs(task), *_unknown(task, train, test)]
    stated = dict(task.protocol["leaks"])
    return Leakage(task.name, task.fingerprint, stated, measures)


def _share(name: str, about: str, hits: npt.NDArray[np.bool_]) -> Measure:
    number, total = int(hits.sum()), len(hits)
    return Measure(name, about, number / total if total else None, number, total)


def _times(task: Task, train: Rows, test: Rows) -> Iterator[Measure]:
    trained, tested = (~np.isnat(rows.timestamp) for rows in (train, test))
    moment = test.timestamp[tested].astype(np.int64)
    past = train.timestamp[trained].astype(np.int64)
    # Without times on both sides there is nothing that could be compared.
    keep = slice(None) if len(past) else slice(0)
    newest = int(past.max(initial=_NEVER))
    yield _share(
        "test-before-training", "test rows older than the newest training row", (moment < newest)[keep]
    )
    for entity, ids in (("user", task.user_ids), ("item", task.item_ids)):
        last = np.full(len(ids), _NEVER)
        np.maximum.at(last, getattr(train, entity)[trained], past)
        code = getattr(test, entity)[tested]
        first = np.full(len(ids), np.iinfo(np.int64).max)
        np.minimum.at(first, code, moment)
        asked = distinct(code)
        about = f"{entity}s with a training row newer than their oldest test row"
        yield _share(f"{entity}s-after-test", about, (last[asked] > first[asked])[keep])
        if entity == "item":
            about = "test rows whose item has a newer training row"
            yield _share("rows-after-test", about, (last[code] > moment)[keep])


def _pairs(task: Task) -> Iterator[Measure]:
    width = max(len(task.item_ids), 1)

    def keys(part: str) -> npt.NDArray[np.int64]:
        pairs = task.pairs(part)
        return pairs.user.astype(np.int64) * width + pairs.item

    tested = keys("test")
    names = {"train": "training", "context": "context", "valid": "valid"}
    found = {part: keys(part) for part in names if part in task.parts}
    for part, known in found.items():
        again = np.isin(tested, known, assume_unique=True)
        yield _share(f"pairs-in-{names[part]}", f"test pairs that stand in the {part} part too", again)
    for part, known in found.items():
        if part != "valid":
            again = np.isin(found["valid"], known, assume_unique=True)
            about = f"validation pairs that stand in the {part} part too"
            yield _share(f"valid-pairs-in-{names[part]}", about, again)


def _unknown(task: Task, train: Rows, test: Rows) -> Iterator[Measure]:
    known = {
        "user": np.bincount(train.user, minlength=len(task.user_ids)),
        "item": np.bincount(train.item, minlength=len(task.item_ids)),
    }
    q = known["item"] / max(len(train.item), 1)
    if "context" in task.parts:
        known["user"] = known["user"] + np.bincount(task.rows("context").user, minlength=len(task.user_ids))
    for entity, without in (("user", "training or context"), ("item", "training")):
        code = getattr(test, entity)
        asked = distinct(code)
        yield _share(
            f"cold-{entity}s", f"{entity}s tested without a row in {without}", known[entity][asked] == 0
        )
        yield _share(f"cold-{entity}-rows", f"test rows of those {entity}s", known[entity][code] == 0)
    p = np.bincount(test.item, minlength=len(task.item_ids)) / max(len(test.item), 1)
    about = "share of the test's popularity that training does not tell (total variation distance)"
    yield Measure("popularity-from-test", about, float(np.maximum(p - q, 0).sum()))
