"""Copy recent: a question gets the label, or title, of the newest entry shown of who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recdata.baselines._answers import Copier
from recdata.protocol.profiles.some import recent

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.profiles._asked import Asked


class Recommender(Copier):
    """What the newest entry that the setting shows has: its label, or for texts its title, else its text."""

    def choose(self, asked: Asked) -> pa.ListArray:
        """Return the newest entries."""
        return recent(asked, k=1)
