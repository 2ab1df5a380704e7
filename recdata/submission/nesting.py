"""How deep brackets are inside one another in lines of JSON, told before a parser descends into them."""

from __future__ import annotations

import re

import numpy as np

_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}\n"))
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
_STRING = re.compile(rb'"(?:[^"\\\n]|\\.)*"')


def too_deep(text: bytes, most: int) -> tuple[int, int] | None:
    """Return the first line (from 0) of ``text`` that has more than ``most`` brackets inside one another, and how many.

    None where there is none. Brackets inside strings do not count.

    >>> too_deep(b'{"a": [1]}' + bytes([10]) + b'{"b": [[2]], "c": "[["}', 2)
    (1, 3)
    """
    brackets = np.frombuffer(text.translate(None, _NO_BRACKETS), np.uint8)
    step = _STEPS[brackets]
    depth = np.cumsum(step, dtype=np.int64)
    breaks = np.flatnonzero(step == 0)
    line = np.cumsum(step == 0)
    before = np.append(0, depth[breaks])  # where a line begins, by line
    suspects = np.unique(line[depth - before[line] > most])
    if not len(suspects):
        return None
    ends = np.append(np.flatnonzero(np.frombuffer(text, np.uint8) == 10), len(text))
    for number in suspects.tolist():
        first = int(ends[number - 1]) + 1 if number else 0
        bare = _STRING.sub(b"", text[first : int(ends[number])]).translate(None, _NO_BRACKETS)
        deepest = int(np.cumsum(_STEPS[np.frombuffer(bare, np.uint8)], dtype=np.int64).max(initial=0))
        if deepest > most:
            return number, deepest
    return None
