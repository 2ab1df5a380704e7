"""Majority: every question gets the answer that is most frequent in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from recdata.baselines._answers import Answerer, most_frequent, targets
from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.protocol.answers import AnswerTask
    from recdata.protocol.profiles._asked import Asked


class Recommender(Answerer):
    """The most frequent target of the training part; of equally frequent ones the first label, or the lowest number."""

    types: ClassVar[tuple[str, ...]] = ("label", "number", "choice")

    def __init__(self, task: AnswerTask, seed: int) -> None:
        found = most_frequent(targets(task), task.answers)
        if found is None:
            raise InputError(f"{task.name}: there is no answer in the training part to learn from")
        self._answer = found

    def answer(self, asked: Asked) -> list[str]:
        """Return the same answer for all."""
        return [self._answer] * len(asked)
