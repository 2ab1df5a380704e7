"""Lead words: a question that asks for a title gets the first words of the text that it is about."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, ClassVar

from recdata.baselines._answers import Answerer, targets
from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.protocol.answers import AnswerTask
    from recdata.protocol.profiles._asked import Asked

WORDS = 10
"""How many words a title has where no training target says."""


class Recommender(Answerer):
    """The first words of the question behind its first colon and space, of all of it where there is none.

    words: how many; 0 for as many as the median of the training targets has (rounded down), 10 without any.
    """

    types: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(self, task: AnswerTask, seed: int, words: int = 0) -> None:
        if words < 0:
            raise InputError(f"words is {words}: expected 0 or more")
        lengths = [len(text.split()) for text in targets(task)] if not words else []
        self._words = words or (max(int(statistics.median(lengths)), 1) if lengths else WORDS)

    def answer(self, asked: Asked) -> list[str]:
        """Return the first words of each text."""
        return [" ".join(lead(question).split()[: self._words]) for question in asked.input.to_pylist()]


def lead(question: str) -> str:
    """Return what stands behind the instruction of a question: behind its first colon and space.

    >>> lead("Generate a headline for the following article: Rain again. Rain: much of it.")
    'Rain again. Rain: much of it.'
    """
    instruction, colon, text = question.partition(": ")
    return text if colon else instruction
