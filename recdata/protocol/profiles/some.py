"""A few entries of each profile: the newest, or any, as hashes have it."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recdata.engines.base import UNIT
from recdata.protocol.profiles._asked import Asked, check_k, first

_PRIME = 2**31 - 1


def recent(asked: Asked, *, k: int) -> pa.ListArray:
    """Take the ``k`` newest entries, the newest first.

    By timestamp; of equal ones the one that stands later in the profile is newer, and an entry without a timestamp is older
    than any that has one. Where the publisher gives no times, these are the last entries from the end.

    ::

        profile  a(3) b(1) c(-) d(3)
        k = 3    d a b
    """
    check_k(k)
    stamp = asked.entries("timestamp").cast(pa.int64())
    known = pc.is_valid(stamp).to_numpy(zero_copy_only=False)
    when = pc.fill_null(stamp, 0).to_numpy(zero_copy_only=False)
    return first(asked, np.lexsort((-asked.place, -when, ~known, asked.owner)), k)


def random(asked: Asked, *, k: int) -> pa.ListArray:
    """Take ``k`` entries as if at random, in the order in which they are drawn.

    The key of an entry is (a * b + c) mod (2**31 - 1): a is 1 more than the first 8 hex digits of the MD5 of (seed,
    "example", example id) modulo 2**31 - 2, c its second 8 modulo 2**31 - 1; b the first 8 of the MD5 of (seed, "place",
    the entry's place from 0) modulo 2**31 - 1. The parts are joined by ASCII's unit separator, UTF-8. The lowest keys are
    taken, of equal ones the lower place.
    """
    check_k(k)
    most = int(asked.many.max(initial=0))
    places = np.array(
        [_hashes(asked.seed, "place", str(place))[0] % _PRIME for place in range(most)], np.int64
    )
    drawn = [_hashes(asked.seed, "example", each) for each in asked.example_id.to_pylist()]
    factor = np.array([1 + one % (_PRIME - 1) for one, _ in drawn], np.int64)
    offset = np.array([other % _PRIME for _, other in drawn], np.int64)
    # Both factors are below 2**31, so that the product stays within 64 bits.
    key = (factor[asked.owner] * places[asked.place] + offset[asked.owner]) % _PRIME
    return first(asked, np.lexsort((asked.place, key, asked.owner)), k)


def _hashes(*words: str) -> tuple[int, int]:
    """Return the first and the second 8 hex digits of the MD5 of words, as integers."""
    digest = hashlib.md5(UNIT.join(words).encode("utf-8"), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16), int(digest[8:16], 16)
