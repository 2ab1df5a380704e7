"""Users whose rows can matter, so that what a file says of its row groups spares the reading of those that have none."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")

if TYPE_CHECKING:
    import pyarrow as pa

_INTEGER = re.compile("0|-?[1-9][0-9]*")


class Once(Generic[T]):
    """A value that is computed by whichever thread asks first, while the others wait for it."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._lock = Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """Return the value. Raises what computing it raises."""
        with self._lock:
            if not self._made:
                self._made.append(self._compute())
            return self._made[0]


class Wanted:
    """The ids of the users of a part, asked for when they are needed first."""

    def __init__(self, ids: Callable[[], pa.StringArray]) -> None:
        """ids: gives them, sorted by their bytes in UTF-8."""
        self._ids = Once(ids)

    def between(self, low: Any, high: Any) -> bool:
        """Say whether an id may be among those from ``low`` to ``high``: two texts, or two integers; else it may."""
        if isinstance(low, int) and isinstance(high, int):
            at = int(np.searchsorted(self._integers, low))
            return at < len(self._integers) and int(self._integers[at]) <= high
        if isinstance(low, str) and isinstance(high, str):
            ids = self._ids()
            at = _first(ids, low)
            return at < len(ids) and str(ids[at].as_py()) <= high
        return True

    @cached_property
    def _integers(self) -> Any:
        """The ids that are how integers are written, as Python integers, which have no limit, sorted."""
        texts = self._ids().to_pylist()
        return np.array(sorted(int(text) for text in texts if _INTEGER.fullmatch(text)), dtype=object)


def _first(ids: pa.StringArray, low: str) -> int:
    """Return the place of the first id that is not below ``low``; Python compares texts as their UTF-8 bytes are."""
    first, last = 0, len(ids)
    while first < last:
        middle = (first + last) // 2
        if ids[middle].as_py() < low:
            first = middle + 1
        else:
            last = middle
    return first
