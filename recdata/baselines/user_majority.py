"""User majority: a question gets the label that is most frequent in the entries shown of who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from recdata.baselines._answers import Answerer, entries, most_frequent, usual

if TYPE_CHECKING:
    from recdata.protocol.answers import AnswerTask
    from recdata.protocol.profiles._asked import Asked


class Recommender(Answerer):
    """The most frequent label of the entries that the setting shows; the majority of training where they have none."""

    types: ClassVar[tuple[str, ...]] = ("label", "number", "choice")

    def __init__(self, task: AnswerTask, seed: int) -> None:
        self._answers, self._usual = task.answers, usual(task)

    def answer(self, asked: Asked) -> list[str]:
        """Return each person's own majority."""
        return [
            most_frequent(filter(None, labels), self._answers) or self._usual
            for labels in entries(asked, "label")
        ]
