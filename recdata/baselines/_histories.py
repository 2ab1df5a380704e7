"""Tasks without a training part: what users had before they are tested is all there is to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recdata.protocol.answers import AnyTask
from recdata.protocol.task import CONTEXT, PARTS, Pairs, Task
from recdata.store.arrays import read_table

if TYPE_CHECKING:
    import pyarrow as pa

TRAINED_ON = "the histories of tested users (the context part), as the task has no training part"


def trains_on_histories(task: AnyTask) -> bool:
    """Say whether ``task`` has a context part and nothing to train on."""
    return CONTEXT in task.parts and task.manifest["parts"]["train"]["rows"] == 0


class Histories(Task):
    """The same task with the context part in the place of the training part, which is empty."""

    @classmethod
    def of(cls, task: Task) -> Task:
        """Return ``task`` to be trained on: as it is, or with its histories where it has nothing else."""
        return cls(task.folder, task.manifest) if trains_on_histories(task) else task

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts without the context, which is training here."""
        return PARTS

    def seen_pairs(self, part: str = "test") -> Pairs:
        """Return what users had before ``part``, as the task itself does."""
        return Task(self.folder, self.manifest).seen_pairs(part)

    def _table(self, part: str, columns: Sequence[str] | None = None) -> pa.Table:
        if part == "train":
            return read_table(self.folder / f"{CONTEXT}.parquet", columns)
        return super()._table(part, columns)
