"""What a score asks of the reading of predictions beyond canonical hits: other rules, and things kept on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Order = Literal["md5", "id-descending", "id-ascending", "file"]
Seen = Literal["miss", "keep", "remove"]


@dataclass(frozen=True)
class Asked:
    """What is asked for; the defaults are the canonical choices, and nothing is kept.

    Rules. order: of equal scores: by the MD5 of the item id, by item id (its UTF-8 bytes), or as the file has them.
    single: whether scores are rounded to float32 before they are compared. seen: an item that the user already has
    keeps its rank as a miss, counts like any other, or is taken out of the list unless it is relevant. cold: an item that
    training does not have counts like any other, or is taken out of the list.

    Kept, whatever the rules. groups: where each hit stands among equal scores. top: the first so many items of each
    list, 8 bytes each. judged: the ranks of items that are known to be not relevant.
    """

    order: Order = "md5"
    single: bool = False
    seen: Seen = "miss"
    cold: Literal["keep", "remove"] = "keep"
    groups: bool = False
    top: int = 0
    judged: bool = False

    def rules(self) -> Asked:
        """Return the rules alone: what is asked under the same rules comes from one reading."""
        return replace(self, groups=False, top=0, judged=False)

    def together(self, other: Asked) -> Asked:
        """Return what is kept by either, under these rules."""
        return replace(
            self,
            groups=self.groups or other.groups,
            top=max(self.top, other.top),
            judged=self.judged or other.judged,
        )
