"""Copy BM25: a question gets the label, or title, of the entry shown of who asks that matches it best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recdata.baselines._answers import Copier
from recdata.protocol.profiles.retrieved import bm25

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.profiles._asked import Asked


class Recommender(Copier):
    """What the entry that matches the question best by BM25 has: its label, or for texts its title, else its text."""

    def choose(self, asked: Asked) -> pa.ListArray:
        """Return the best matches."""
        return bm25(asked, k=1)
