"""Mean number: every question that asks for a number gets the mean of training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from recdata.baselines._answers import Answerer, number, targets, written
from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.protocol.answers import AnswerTask
    from recdata.protocol.profiles._asked import Asked


class Recommender(Answerer):
    """One number for all questions: the exactly rounded mean of the training targets, ratings in LaMP-3."""

    types: ClassVar[tuple[str, ...]] = ("number",)

    def __init__(self, task: AnswerTask, seed: int) -> None:
        self._answer = written(mean_of_training(task))

    def answer(self, asked: Asked) -> list[str]:
        """Return the same number for all."""
        return [self._answer] * len(asked)


def mean_of_training(task: AnswerTask) -> float:
    """Return the mean of the targets of the training part. Raises InputError where it has no numbers."""
    found = [value for value in map(number, targets(task)) if value is not None]
    if not found:
        raise InputError(f"{task.name}: there is no number in the training part to learn from")
    return math.fsum(found) / len(found)
