"""What a score asks of the reading of predictions beyond canonical hits: other rules, and things kept on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recdata.protocol.task import Pairs

Order = Literal["md5", "id-descending", "file"]
Seen = Literal["miss", "keep", "remove"]


@dataclass(frozen=True)
class Asked:
    """What is asked for; the defaults are the canonical choices, and nothing is kept.

    order: of equal scores: by the MD5 of the item id, by item id from high to low (its UTF-8 bytes), or as the file
    has them. seen: an item that the user already has keeps its rank as a miss, counts like any other, or is taken
    out of the list unless it is relevant. groups: keep where each hit stands among equal scores. top: keep the first
    so many items of each list, 8 bytes each. judged: pairs whose ranks are kept as those of known misses.
    """

    order: Order = "md5"
    seen: Seen = "miss"
    groups: bool = False
    top: int = 0
    judged: Pairs | None = None
