"""Objects of JSON in which each key stands once: of two values one would be lost without a word."""

from __future__ import annotations

from collections import Counter
from typing import Any

_SHOWN = 60
"""How many letters of a stranger's key a message has."""


class RepeatedKeyError(ValueError):
    """An object has a key twice."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object from its keys and values, as the ``object_pairs_hook`` of ``json.loads``.

    >>> import json
    >>> json.loads('{"a": 1}', object_pairs_hook=unique)
    {'a': 1}

    Raises RepeatedKeyError that names the first such key.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise RepeatedKeyError(f"the key {twice[:_SHOWN]!r} stands twice")
    return found
