"""Copy BM25: a question gets the label, or title, of the entry shown of who asks that matches it best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recdata.baselines._answers import Answerer, copied, usual
from recdata.protocol.profiles.retrieved import bm25

if TYPE_CHECKING:
    from recdata.protocol.answers import AnswerTask
    from recdata.protocol.profiles._asked import Asked


class Recommender(Answerer):
    """What the entry that matches the question best by BM25 has: its label, or for texts its title, else its text.

    Without an entry it is the majority of training, or for texts the empty one.
    """

    def __init__(self, task: AnswerTask, seed: int) -> None:
        self._answers, self._usual = task.answers, usual(task)

    def answer(self, asked: Asked) -> list[str]:
        """Return what the best matches have."""
        return copied(asked, bm25(asked, k=1), self._answers, self._usual)
