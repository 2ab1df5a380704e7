"""Split membership without rows: keyed hashes of what is in each part, which only the raw corpus opens.

The key is HMAC-SHA256, under a fixed text, of the corpus's rows in canonical order, row by row. Of interactions: the ids of
user and item, each as its UTF-8 bytes and a byte 0x1F, then the time (int64 microseconds, absent as the least integer) and
the rating (float64, absent as NaN), little-endian. Of examples: example id, user id, input and target, each as the number of
its UTF-8 bytes (int32, little-endian; absent: -1) and these bytes. It is never published, and no published fingerprint gives
it away: those hash the same rows in another arrangement. What is published of a (user, item) pair in a part is the first 32
hex digits of HMAC-SHA256, under the key, of the protocol with its version (``loo-last@1``), the part, the user's id and the
item's id, joined by 0x1F; of an example its id stands in place of the two. Hashes are published sorted.

Who has the raw corpus computes the key and learns which pair or example is in which part: what the protocol says anyway. Who
has not learns how many of them each part has and nothing more: guessing ids (they are often 1, 2, 3, ...) does not help
without the key, and the key is as hard to guess as all rows together. Nor can pairs be followed from one part or protocol to
another, since these are hashed too. A corpus so small that all its rows can be guessed has no secret to keep. See
docs/publishing.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.store.arrays import to_numpy

UNIT = b"\x1f"
MEMBERS = {
    "interactions": ("pair", "keyed hash of a distinct (user, item) pair of the part"),
    "examples": ("example", "keyed hash of the id of an example of the part"),
}
"""The column that a recipe has in place of rows, by the record kind that a task is over, and what it is."""

_COLUMNS = {
    "interactions": ["user_id", "item_id", "timestamp", "rating"],
    "examples": ["example_id", "user_id", "input", "target"],
}
_LABEL = b"recdata split membership 1"
_DIGITS = 32


def membership_key(path: Path, kind: str = "interactions") -> bytes:
    """Return the key of a built corpus, from the file of its interactions or examples: 32 bytes, kept in memory only."""
    key = hmac.new(_LABEL, digestmod=hashlib.sha256)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(
            1 << 16 if kind == "interactions" else 1 << 12, columns=_COLUMNS[kind]
        ):
            key.update(b"".join(_pairs(batch) if kind == "interactions" else _examples(batch)))
    return key.digest()


def _pairs(batch: pa.RecordBatch) -> Iterator[bytes]:
    pairs = zip(batch.column("user_id").to_pylist(), batch.column("item_id").to_pylist(), strict=True)
    stamp = to_numpy(batch.column("timestamp")).astype("datetime64[us]").astype("<i8")
    rating = to_numpy(batch.column("rating")).astype("<f8")
    rating[np.isnan(rating)] = np.nan
    for (user, item), when, how in zip(pairs, stamp, rating, strict=True):
        yield user.encode() + UNIT + item.encode() + UNIT + when.tobytes() + how.tobytes()


def _examples(batch: pa.RecordBatch) -> Iterator[bytes]:
    for row in zip(*(batch.column(name).to_pylist() for name in _COLUMNS["examples"]), strict=True):
        for value in row:
            body = b"" if value is None else value.encode()
            yield (-1 if value is None else len(body)).to_bytes(4, "little", signed=True) + body


def member_hash(key: bytes, protocol: str, part: str, *ids: str) -> str:
    """Return what is published of a pair (user's id, item's id) or an example (its id) in a part: 32 hex digits.

    protocol: with its version, ``loo-last@1``.
    """
    text = UNIT.join(word.encode() for word in (protocol, part, *ids))
    return hmac.digest(key, text, "sha256").hex()[:_DIGITS]


def membership(task: AnyTask, part: str, key: bytes) -> pa.Table:
    """Return the distinct pairs, or the examples, of a part as a table with one column: their hashes, sorted."""
    protocol = f"{task.protocol['name']}@{task.protocol['version']}"
    members: Iterator[tuple[str, ...]]
    if isinstance(task, AnswerTask):
        column, members = MEMBERS["examples"][0], ((each,) for each in task.ids(part).to_pylist())
    else:
        pairs = task.pairs(part)
        users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
        codes = zip(pairs.user.tolist(), pairs.item.tolist(), strict=True)
        column, members = MEMBERS["interactions"][0], ((users[user], items[item]) for user, item in codes)
    hashes = sorted(member_hash(key, protocol, part, *ids) for ids in members)
    return pa.table({column: pa.array(hashes, pa.string())})
