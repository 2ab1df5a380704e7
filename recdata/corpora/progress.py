"""Showing how far a long step is, on standard error where somebody sees it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def bar(what: str, total: int) -> tqdm[Any]:
    """Return a bar over ``total`` rows, to be used as a context manager and told of rows by ``update``."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit=" rows", unit_scale=True, file=sys.stderr, disable=None)
