"""Split membership without rows: keyed hashes of (user, item) pairs, which only the raw corpus opens.

The key is HMAC-SHA256, under a fixed text, of all interactions in canonical order, row by row: the ids of user and item,
each as its UTF-8 bytes and a byte 0x1F, then the time (int64 microseconds, absent as the least integer) and the rating
(float64, absent as NaN), little-endian. It is never published, and no published fingerprint gives it away: those hash the
same rows in another arrangement. A pair's hash is the first 32 hex digits of HMAC-SHA256, under the key, of the protocol
with its version (``loo-last@1``), the part, the user's id and the item's id, joined by 0x1F. Hashes are published sorted.

Who has the raw corpus computes the key and learns which pair is in which part: what the protocol says anyway. Who has
not learns how many distinct pairs each part has and nothing of them: guessing ids (they are often 1, 2, 3, ...) does not
help without the key, and the key is as hard to guess as all interactions together. Nor can pairs be followed from one part
or protocol to another, since these are hashed too. A corpus so small that all its rows can be guessed has no secret to keep.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.store.arrays import to_numpy

if TYPE_CHECKING:
    from recdata.protocol.task import Task

UNIT = b"\x1f"
_LABEL = b"recdata split membership 1"
_DIGITS = 32


def membership_key(interactions: Path) -> bytes:
    """Return the key of a built corpus, from the Parquet file of its interactions: 32 bytes, to be kept in memory only."""
    key = hmac.new(_LABEL, digestmod=hashlib.sha256)
    columns = ["user_id", "item_id", "timestamp", "rating"]
    with pq.ParquetFile(interactions) as file:
        for batch in file.iter_batches(1 << 16, columns=columns):
            pairs = zip(batch.column("user_id").to_pylist(), batch.column("item_id").to_pylist(), strict=True)
            stamp = to_numpy(batch.column("timestamp")).astype("datetime64[us]").astype("<i8")
            rating = to_numpy(batch.column("rating")).astype("<f8")
            rating[np.isnan(rating)] = np.nan
            rows = zip(pairs, stamp, rating, strict=True)
            key.update(
                b"".join(
                    user.encode() + UNIT + item.encode() + UNIT + when.tobytes() + how.tobytes()
                    for (user, item), when, how in rows
                )
            )
    return key.digest()


def pair_hash(key: bytes, protocol: str, part: str, user_id: str, item_id: str) -> str:
    """Return what is published of a pair in a part: 32 hex digits. protocol: with its version, ``loo-last@1``."""
    text = UNIT.join(word.encode() for word in (protocol, part, user_id, item_id))
    return hmac.digest(key, text, "sha256").hex()[:_DIGITS]


def membership(task: Task, part: str, key: bytes) -> pa.Table:
    """Return the distinct pairs of a part as a table with one column, ``pair``: their hashes, sorted."""
    pairs = task.pairs(part)
    users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
    protocol = f"{task.protocol['name']}@{task.protocol['version']}"
    hashes = [
        pair_hash(key, protocol, part, users[user], items[item])
        for user, item in zip(pairs.user.tolist(), pairs.item.tolist(), strict=True)
    ]
    return pa.table({"pair": pa.array(sorted(hashes), pa.string())})
