"""Fingerprints: the SHA-256 of a table's content, computed in parts, whatever the batches it comes in.

The definition, so that another language can compute it. Rows stand in canonical order and each belongs to one of
``buckets`` buckets (for interactions by user code, ``code * buckets // users``; elsewhere by place,
``place * buckets // rows``). A column of a bucket is a few byte streams, each hashed with SHA-256:

- nullable values begin with a stream of one byte a row: 1 where there is a value, 0 where it is null;
- numbers: the values as little-endian bytes, nulls as 0, -0.0 as 0.0; booleans one byte; timestamps int64
  microseconds since 1970 in UTC;
- strings: the byte lengths as int32, then a stream of the UTF-8 bytes one after the other (nulls are empty);
- lists: the lengths as int32, then the streams of all elements; structs: the streams of each field.

A bucket's digest is the SHA-256 of its streams' digests in this order, column by column. The table's fingerprint is the
SHA-256 of the canonical JSON of ``{"buckets": [hex digests], "columns": [[name, type, nullable]], "rows": n}`` together
with what the caller adds (digests of the lists of ids that codes point into).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recdata.store.manifest import canonical_json

if TYPE_CHECKING:
    from hashlib import _Hash

BUCKETS = 256
"""How many parts a fingerprint is computed in; a difference is named by its bucket."""


class Content(NamedTuple):
    """What a table's fingerprint is made of.

    columns: (name, type as in cards, nullable). buckets: the digest of each, in hex; an empty bucket's is that of no bytes.
    """

    columns: Sequence[tuple[str, str, bool]]
    buckets: list[str]
    rows: int

    def fingerprint(self, **more: Any) -> str:
        """Return the table's fingerprint, ``more`` included in what is hashed."""
        return digest({"buckets": self.buckets, "columns": self.columns, "rows": self.rows, **more})


class TableHasher:
    """Hash a table batch by batch; batches may be cut anywhere, but come in canonical order."""

    def __init__(self, columns: Sequence[tuple[str, str, bool]], buckets: int = BUCKETS) -> None:
        """columns: (name, type as in cards, nullable) of what ``update`` is given, in order."""
        self._columns = [(name, kind, nullable) for name, kind, nullable in columns]
        self._streams: list[list[_Hash]] = [[] for _ in range(buckets)]
        self.rows = 0

    def update(self, bucket: npt.NDArray[np.integer[Any]], columns: Sequence[pa.Array]) -> None:
        """Hash rows: ``bucket`` (one number a row, never falling) and one Arrow array a declared column."""
        self.rows += len(bucket)
        borders = np.flatnonzero(np.diff(bucket)) + 1
        starts = [0, *borders.tolist()]
        ends = [*borders.tolist(), len(bucket)]
        for start, end in zip(starts, ends, strict=True):
            if start == end:
                continue
            streams = self._streams[int(bucket[start])]
            place = 0
            for (_, _, nullable), column in zip(self._columns, columns, strict=True):
                for piece in _streams(column.slice(start, end - start), bool(nullable)):
                    if place == len(streams):
                        streams.append(hashlib.sha256())
                    streams[place].update(piece)
                    place += 1

    def buckets(self) -> list[str]:
        """Return the digest of each bucket, in hex; an empty bucket's is that of no bytes."""
        return [
            hashlib.sha256(b"".join(s.digest() for s in streams)).hexdigest() for streams in self._streams
        ]

    def digests(self) -> dict[int, str]:
        """Return the digests of the buckets that have rows, by their numbers."""
        return {
            number: digest
            for number, (streams, digest) in enumerate(zip(self._streams, self.buckets(), strict=True))
            if streams
        }

    def content(self) -> Content:
        """Return what was hashed so far."""
        return Content(self._columns, self.buckets(), self.rows)

    def fingerprint(self, **more: Any) -> str:
        """Return the table's fingerprint, ``more`` included in what is hashed."""
        return self.content().fingerprint(**more)


def hashed_columns(schema: pa.Schema) -> list[tuple[str, str, bool]]:
    """Return what ``TableHasher`` is told of the columns of ``schema`` (of flat types): name, canonical type, nullable."""
    names = {pa.float64(): "float64", pa.timestamp("us", tz="UTC"): "timestamp"}
    return [(field.name, names.get(field.type, str(field.type)), field.nullable) for field in schema]


def digest(content: Any) -> str:
    """Return the SHA-256 of a document's canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def ids_digest(ids: pa.Array) -> str:
    """Return the SHA-256 over a sorted list of ids: lengths as int32, then their UTF-8 bytes."""
    total = hashlib.sha256()
    for piece in _streams(ids, nullable=False):
        total.update(piece)
    return total.hexdigest()


def ids_streams(ids: pa.Array) -> tuple[memoryview | bytes, memoryview | bytes]:
    """Return the two byte streams of some ids: their lengths, and their UTF-8 bytes."""
    lengths, texts = _streams(ids, nullable=False)
    return lengths, texts


def bucket_of(
    code: npt.NDArray[np.integer[Any]], total: int, buckets: int = BUCKETS
) -> npt.NDArray[np.int64]:
    """Return the bucket of each code of ``total``: ``code * buckets // total``."""
    return code.astype(np.int64) * buckets // max(total, 1)


def _streams(column: pa.Array, nullable: bool) -> Iterator[memoryview | bytes]:
    """Yield the byte streams of a column, as the module's docstring defines them."""
    if nullable:
        yield _raw(pc.is_valid(column).cast(pa.uint8()))
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield _raw(pc.fill_null(pc.list_value_length(column), 0).cast(pa.int32()))
        yield from _streams(column.flatten(), nullable=True)
    elif pa.types.is_struct(kind):
        for field in column.flatten():
            yield from _streams(field, nullable=True)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        filled = pc.fill_null(column, "") if column.null_count else column
        yield _raw(pc.binary_length(filled).cast(pa.int32()))
        yield _text(filled)
    else:
        yield _raw(_plain(column))


def _plain(column: pa.Array) -> pa.Array:
    """Return a fixed-width column as integers or floats without nulls."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.uint8())
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(0, column.type))
    if pa.types.is_floating(column.type):
        column = pc.add(column, pa.scalar(0.0, column.type))
    return column


def _raw(column: pa.Array) -> memoryview | bytes:
    """Return the bytes of a fixed-width column without nulls (little-endian, as Arrow keeps them)."""
    if len(column) == 0:
        return b""
    width = column.type.bit_width // 8
    return memoryview(column.buffers()[1])[column.offset * width : (column.offset + len(column)) * width]


def _text(column: pa.Array) -> memoryview | bytes:
    """Return the UTF-8 bytes of a string column, one value after the other."""
    offsets, data = column.buffers()[1], column.buffers()[2]
    if len(column) == 0 or data is None:
        return b""
    wide = np.dtype("<i8") if pa.types.is_large_string(column.type) else np.dtype("<i4")
    places = np.frombuffer(offsets, wide)
    return memoryview(data)[int(places[column.offset]) : int(places[column.offset + len(column)])]
