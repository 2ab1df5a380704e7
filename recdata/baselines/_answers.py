"""What a baseline for tasks over examples is: a class that learns from the training part and answers questions."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from recdata.store.atomic import atomic_file

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.answers import Answers, AnswerTask
    from recdata.protocol.profiles._asked import Asked

COLUMNS = ("example_id", "input", "profile")
"""What an answerer is shown of an example."""


class Answerer(ABC):
    """A baseline fitted to a task over examples; subclasses fit in ``__init__(task, seed)`` and may take named options."""

    kind: ClassVar[Literal["answers"]] = "answers"
    """The kind of task it is made for."""
    types: ClassVar[tuple[str, ...]] = ("label", "number", "text", "choice")
    """The types of answers that it can give."""
    paper: ClassVar[Mapping[str, Any]] = {}
    """Where it comes from: title, url, year, as in a model card."""
    grid: ClassVar[Mapping[str, Sequence[Any]]] = {}
    """Settings to tune; these have none."""

    @abstractmethod
    def __init__(self, task: AnswerTask, seed: int) -> None:
        """Learn from the targets of the training part of ``task``; ``seed`` is for what is random."""

    @abstractmethod
    def answer(self, asked: Asked) -> list[str]:
        """Return an answer for each of some examples, from the question and the entries that the setting shows."""


class Copier(Answerer):
    """Answers by what an entry of the profile has: its label, or for texts its title, else its text.

    Without an entry it is the majority of training, or for texts the empty one.
    """

    def __init__(self, task: AnswerTask, seed: int) -> None:
        self._answers, self._usual = task.answers, usual(task)

    @abstractmethod
    def choose(self, asked: Asked) -> pa.ListArray:
        """Return for each of some examples a list with the place of the entry to copy, or an empty one."""

    def answer(self, asked: Asked) -> list[str]:
        """Return what the chosen entries have."""
        return copied(asked, self.choose(asked), self._answers, self._usual)


def write(answerer: Answerer, task: AnswerTask, out: Path, part: str = "test") -> int:
    """Write the answers for ``part`` to the Parquet file ``out``, columns example_id and answer; return their number."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from recdata.protocol.profiles._asked import Asked

    schema = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("example_id", "answer")])
    rows = 0
    with atomic_file(out) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for batch in task.examples(part, COLUMNS):
            example, question, profile = (batch.column(name) for name in COLUMNS)
            asked = Asked(example, question, profile, str(task.protocol["seed"]))
            answers = pa.array(answerer.answer(asked), pa.string())
            writer.write_table(pa.table([example.cast(pa.string()), answers], schema=schema))
            rows += len(batch)
    return rows


def targets(task: AnswerTask) -> list[str]:
    """Return the answers of the training part, those that the publisher gives."""
    found: list[str] = task.column("target", "train").drop_null().to_pylist()
    return found


def number(text: str | None) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def written(value: float) -> str:
    """Return a number as an answer: whole ones without a point.

    >>> written(4.0), written(3.5)
    ('4', '3.5')
    """
    return str(int(value)) if value == int(value) else repr(value)


def most_frequent(given: Iterable[str], answers: Answers) -> str | None:
    """Return the answer that occurs most, of equally frequent ones the first of the task's labels, or the lowest number.

    What is no label of the task, or no number where numbers are asked for, is passed over. None where nothing is left.
    """
    counts = Counter(text.strip() for text in given)
    key: Callable[[str], Any]
    if answers.type == "number":
        counts = Counter({text: count for text, count in counts.items() if number(text) is not None})
        key = number
    else:
        places = {label: place for place, label in enumerate(answers.labels)}
        counts = Counter({text: count for text, count in counts.items() if text in places})
        key = places.__getitem__
    return min(counts, key=lambda text: (-counts[text], key(text)), default=None)


def usual(task: AnswerTask) -> str:
    """Return what is answered where an example gives no answer of its own: the majority, for texts the empty one.

    Where the training part has no answers, it is the first label, or the lowest number.
    """
    answers = task.answers
    if answers.type == "text":
        return ""
    first = written(answers.low) if answers.type == "number" else answers.labels[0]
    return most_frequent(targets(task), answers) or first


def entries(asked: Asked, field: str) -> list[list[str | None]]:
    """Return one field of the entries of each example, in the order in which they are shown."""
    values = asked.entries(field).to_pylist()
    starts = asked.start.tolist()
    return [values[start : start + many] for start, many in zip(starts, asked.many.tolist(), strict=True)]


def copied(asked: Asked, places: pa.ListArray, answers: Answers, otherwise: str) -> list[str]:
    """Return for each example what the entry at the first of its ``places`` has: its label, or a title (else its text).

    ``otherwise`` stands where there is no entry, or where it has neither.
    """
    fields = ("title", "text") if answers.type == "text" else ("label",)
    columns = [entries(asked, field) for field in fields]
    found = []
    for row, taken in enumerate(places.to_pylist()):
        given = (column[row][taken[0]] for column in columns) if taken else ()
        found.append(next((text for text in given if text), otherwise))
    return found
