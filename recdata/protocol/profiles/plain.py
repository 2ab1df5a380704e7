"""Profiles as they are: nothing of them, or all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recdata.protocol.profiles._asked import Asked, picked


def none(asked: Asked) -> pa.ListArray:
    """Take nothing: the task is not personalized.

    ::

        profile  a b c d
        taken    -
    """
    return picked(np.zeros(len(asked), dtype=np.int64), np.empty(0, dtype=np.int64))


def full(asked: Asked) -> pa.ListArray:
    """Take every entry, in the publisher's order.

    ::

        profile  a b c d
        taken    a b c d
    """
    return picked(asked.many, asked.place)
