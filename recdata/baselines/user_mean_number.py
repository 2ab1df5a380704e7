"""User mean number: a question gets the mean of the numbers in the entries shown of who asks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from recdata.baselines._answers import Answerer, entries, number, written
from recdata.baselines.mean_number import mean_of_training

if TYPE_CHECKING:
    from recdata.protocol.answers import AnswerTask
    from recdata.protocol.profiles._asked import Asked


class Recommender(Answerer):
    """The mean of the labels of the entries that the setting shows; the mean of training where they have no numbers."""

    types: ClassVar[tuple[str, ...]] = ("number",)

    def __init__(self, task: AnswerTask, seed: int) -> None:
        self._mean = mean_of_training(task)

    def answer(self, asked: Asked) -> list[str]:
        """Return each person's own mean."""
        means = []
        for labels in entries(asked, "label"):
            found = [value for value in map(number, labels) if value is not None]
            means.append(written(math.fsum(found) / len(found) if found else self._mean))
        return means
