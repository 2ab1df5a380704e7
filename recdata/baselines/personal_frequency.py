"""Personal frequency: the user's own items again, the most frequent first; then what is popular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recdata.baselines import _base, _matrix
from recdata.baselines.last_item import check_repeats

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByUser):
    """The score is how often the user had the item; popularity stands behind the point."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    paper: ClassVar[dict[str, Any]] = {
        "title": "A next basket recommendation reality check (Li, Jullien, Ariannezhad and de Rijke, ACM TOIS 41(4))",
        "url": "https://doi.org/10.1145/3587153",
        "year": 2023,
    }

    def __init__(self, task: Task, seed: int) -> None:
        check_repeats(task, "personal-frequency")
        self._task = task
        self._popular = _matrix.popularity(task)

    def begin(self, part: str) -> None:
        """Count what users had before ``part``."""
        user, item = _matrix.history(self._task, part)
        shape = len(self._task.user_ids), len(self._task.item_ids)
        self._own = _matrix.sparse().coo_matrix((np.ones(len(user)), (user, item)), shape=shape).tocsr()

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the scores of all items."""
        own: _base.Scores = self._own[users].toarray()
        return own + self._popular
