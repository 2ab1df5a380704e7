"""A task over examples as it stands on disk: questions with what a model is shown of a profile, and the answers expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.protocol.folder import TaskFolder
from recdata.protocol.task import PARTS, Task
from recdata.store.arrays import parquet_files, read_table

if TYPE_CHECKING:
    import pyarrow as pa

PICKED = "picked"
"""The column with the places, from 0, that the entries of ``profile`` have in the publisher's own profile."""

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
_BATCH = 1 << 8


@dataclass(frozen=True)
class Answers:
    """What the answers of a corpus are: the card's ``answers``, with what it leaves out filled in.

    type: "label", "number", "text" or "choice". labels: all of them, in the order of their codes. low, high: the numbers
    that are asked for. unparsable: what an answer counts as that cannot be read: "wrong", or "farthest" (low or high,
    whichever is farther from the target). parse: the rule by which the letter of a choice is read, of
    ``recdata.metrics.letters``. groups: columns that slice a score.
    """

    type: str
    labels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    unparsable: str = "wrong"
    parse: str = ""
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Answers:
        """Return what a card or manifest says of answers."""
        filled: dict[str, Any] = {"labels": LETTERS} if said["type"] == "choice" else {}
        filled |= {"parse": "only"} if said["type"] == "choice" else {}
        filled |= {"unparsable": "farthest"} if said["type"] == "number" else {}
        filled |= said
        filled |= {name: tuple(filled[name]) for name in ("labels", "groups") if name in filled}
        return cls(**filled)


class AnswerTask(TaskFolder):
    """A corpus's examples under one setting: each question with the entries of the profile that a model is shown.

    A part's rows stand in the order of the corpus's table: by task, then example id (UTF-8 bytes). Its columns are those
    of the corpus's examples but for ``part``; ``profile`` holds the entries that the setting takes, in the order in which
    they are shown, and ``picked`` the places that they have in the publisher's profile. ``target`` is null where the
    publisher keeps it.
    """

    @cached_property
    def answers(self) -> Answers:
        """What its answers are."""
        return Answers.of(self.manifest["answers"])

    @property
    def metrics(self) -> list[str]:
        """The protocol's metrics for answers of this type."""
        return list(self.protocol["metrics"][self.answers.type])

    @property
    def primary(self) -> str:
        """The metric that results are compared by."""
        return str(self.protocol["primary"][self.answers.type])

    @property
    def compared_part(self) -> str:
        """The part that results are compared on: the test part, or the validation part where the publisher keeps targets."""
        return "valid" if self.hidden("test") or not self.rows("test") else "test"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that the task has: train, valid and test; any of them may be empty."""
        return PARTS

    def rows(self, part: str) -> int:
        """Return how many examples ``part`` has."""
        return self._count(part, "rows")

    def hidden(self, part: str) -> int:
        """Return of how many examples of ``part`` the publisher keeps the target."""
        return self._count(part, "hidden")

    def _count(self, part: str, what: str) -> int:
        self._check(part)
        return int(self.manifest["parts"][part][what])

    def ids(self, part: str = "test") -> pa.StringArray:
        """Return the ids of the examples of ``part``, in its order; no two are equal."""
        return self.column("example_id", part)

    def column(self, name: str, part: str = "test") -> pa.Array:
        """Return one column of ``part`` as one array."""
        column = self.to_arrow(part, [name]).column(name)
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def examples(
        self, part: str = "test", columns: Sequence[str] | None = None, size: int = _BATCH
    ) -> Iterator[pa.RecordBatch]:
        """Yield ``part`` in its order, some columns of it or all, ``size`` rows at a time, holding few of them in memory."""
        import pyarrow.parquet as pq

        for place in parquet_files(self._path(part)):
            with pq.ParquetFile(place) as file:
                yield from file.iter_batches(size, columns=columns)

    def schema(self, part: str = "test") -> pa.Schema:
        """Return the names and types of the columns of ``part``."""
        import pyarrow.parquet as pq

        return pq.read_schema(parquet_files(self._path(part))[0])

    def to_arrow(self, part: str = "test", columns: Sequence[str] | None = None) -> pa.Table:
        """Return ``part`` as an Arrow table in the canonical schema of examples, all of its columns or some."""
        return read_table(self._path(part), columns)


AnyTask = Task | AnswerTask
"""A task of either kind: over interactions, or over examples."""


def of_interactions(task: AnyTask, what: str) -> Task:
    """Return ``task`` where it is one over interactions. what: what needs that, for the message.

    Raises InputError where it is one over examples.
    """
    if isinstance(task, Task):
        return task
    raise InputError(f"{task.name} is a task over examples; {what} is for tasks over interactions")
