"""Leakage: how much of what comes after the test, or of the test itself, the training part gives away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.engines import open_engine

if TYPE_CHECKING:
    from recdata.engines.base import Engine
    from recdata.protocol.task import Task


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


def measure(task: Task, engine: str | Any = None) -> Leakage:
    """Measure the leakage of a task's test part. Training is the part that models are trained on, not the context.

    engine: what counts, as ``open_engine`` takes it.

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
    with open_engine(task.engine(engine)) as opened:
        for part in task.parts:
            opened.read(part, task.tables(part), ["user", "item", "timestamp"])
        measures = [*_times(opened), *_pairs(opened, task.parts), *_unknown(opened, task)]
    return Leakage(task.name, task.fingerprint, dict(task.protocol["leaks"]), measures)


def _share(engine: Engine, name: str, about: str, select: str) -> Measure:
    """Make a measure of a SELECT of two counts: how many there are, and of how many."""
    ((number, total),) = engine.fetch(select)
    return Measure(name, about, number / total if total else None, number, total)


def _times(engine: Engine) -> Iterator[Measure]:
    # Without times on both sides there is nothing that could be compared.
    newest = "(SELECT max(timestamp) AS newest FROM train) AS n"
    timed = (
        f"(SELECT * FROM test CROSS JOIN {newest} WHERE newest IS NOT NULL AND timestamp IS NOT NULL) AS t"
    )
    yield _share(
        engine,
        "test-before-training",
        "test rows older than the newest training row",
        f"SELECT count(CASE WHEN timestamp < newest THEN 1 END), count(*) FROM {timed}",
    )
    for entity in ("user", "item"):
        first = f"(SELECT {entity}, min(timestamp) AS first FROM {timed} GROUP BY {entity}) AS f"
        last = f"(SELECT {entity}, max(timestamp) AS last FROM train GROUP BY {entity}) AS l"
        yield _share(
            engine,
            f"{entity}s-after-test",
            f"{entity}s with a training row newer than their oldest test row",
            f"SELECT count(CASE WHEN last > first THEN 1 END), count(*) FROM {first} LEFT JOIN {last} "
            f"ON f.{entity} = l.{entity}",
        )
    yield _share(
        engine,
        "rows-after-test",
        "test rows whose item has a newer training row",
        f"SELECT count(CASE WHEN last > timestamp THEN 1 END), count(*) FROM {timed} LEFT JOIN {last} ON t.item = l.item",
    )


def _pairs(engine: Engine, parts: tuple[str, ...]) -> Iterator[Measure]:
    names = {"train": "training", "context": "context", "valid": "valid"}

    def again(name: str, about: str, tested: str, part: str) -> Measure:
        asked, known = (f"(SELECT DISTINCT user, item FROM {each})" for each in (tested, part))
        joined = f"{asked} AS a LEFT JOIN {known} AS k ON a.user = k.user AND a.item = k.item"
        select = f"SELECT count(k.user), count(*) FROM {joined}"
        return _share(engine, name, f"{about} pairs that stand in the {part} part too", select)

    found = [part for part in names if part in parts]
    for part in found:
        yield again(f"pairs-in-{names[part]}", "test", "test", part)
    for part in found:
        if part != "valid":
            yield again(f"valid-pairs-in-{names[part]}", "validation", "valid", part)


def _unknown(engine: Engine, task: Task) -> Iterator[Measure]:
    context = " UNION SELECT user FROM context" if "context" in task.parts else ""
    known = {"user": f"SELECT user FROM train{context}", "item": "SELECT item FROM train"}
    for entity, without in (("user", "training or context"), ("item", "training")):
        warm = f"(SELECT DISTINCT {entity} FROM ({known[entity]}) AS every) AS w ON a.{entity} = w.{entity}"
        counts = f"SELECT count(*) - count(w.{entity}), count(*) FROM"
        yield _share(
            engine,
            f"cold-{entity}s",
            f"{entity}s tested without a row in {without}",
            f"{counts} (SELECT DISTINCT {entity} FROM test) AS a LEFT JOIN {warm}",
        )
        yield _share(
            engine,
            f"cold-{entity}-rows",
            f"test rows of those {entity}s",
            f"{counts} test AS a LEFT JOIN {warm}",
        )
    p, q = (_popularity(engine, part, task.manifest["counts"]["items"]) for part in ("test", "train"))
    about = "share of the test's popularity that training does not tell (total variation distance)"
    yield Measure("popularity-from-test", about, float(np.maximum(p - q, 0).sum()))


def _popularity(engine: Engine, part: str, items: int) -> npt.NDArray[np.float64]:
    """Return the share of a part's rows that each item has."""
    found = engine.columns(f"SELECT item, count(*) AS n FROM {part} GROUP BY item")
    counts = np.zeros(items, dtype=np.int64)
    counts[found["item"]] = found["n"]
    return counts / max(int(counts.sum()), 1)
