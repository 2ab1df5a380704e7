"""Random: the score of a (user, item) pair is a hash of the seed and the two ids.

Let u be the first 64 bits (big-endian) of the MD5 of the UTF-8 bytes of seed, "\\x1f", user id, and i those
of the MD5 of the item id. The score is the upper 53 bits of mix(u + i), divided by 2^53; mix is the
finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014; constants of Stafford's Mix13). All sums and products are modulo 2^64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from recdata.baselines import _base
from recdata.engines.base import UNIT

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.Recommender):
    """Every pair has a score uniform in [0, 1) that depends on seed, user id and item id alone."""

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"

    def __init__(self, task: Task, seed: int) -> None:
        self._users = _base.md5_words(task.user_ids.to_pylist(), f"{seed}{UNIT}")
        self._items = _base.md5_words(task.item_ids.to_pylist())

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the scores of the pairs."""
        z = self._users[user] + self._items[item]
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        scores: _base.Scores = (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return scores
