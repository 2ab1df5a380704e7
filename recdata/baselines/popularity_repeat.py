"""Popularity of the user's own items: they come first, the most popular of them at the top; then all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from recdata.baselines import _base, _matrix
from recdata.baselines.last_item import check_repeats

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByUser):
    """The score is the item's share of popularity, and 1 more where the user had it before."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"

    def __init__(self, task: Task, seed: int) -> None:
        check_repeats(task, "popularity-repeat")
        self._task = task
        self._popular = _matrix.popularity(task)

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        self._profile = _matrix.profile(self._task, part)

    def rows(self, users: _base.Codes) -> _base.Scores:
        """Return the scores of all items."""
        own: _base.Scores = self._profile[users].toarray()
        return own + self._popular
