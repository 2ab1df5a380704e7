"""Tasks without a training part: what users had before they are tested is all there is to learn from."""

from __future__ import annotations

from pathlib import Path

from recdata.protocol.answers import AnyTask
from recdata.protocol.task import CONTEXT, PARTS, Task

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

    def _path(self, part: str) -> Path:
        return super()._path(part) if part != "train" else self.folder / f"{CONTEXT}.parquet"
