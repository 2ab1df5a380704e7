"""Fingerprints: a function of content, whatever the batches, changed by any change."""

from __future__ import annotations

import hashlib
import itertools
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.store.fingerprint import TableHasher, bucket_of, digest, ids_digest

COLUMNS = [
    ("number", "float64", True),
    ("text", "string", True),
    ("words", "list<string>", True),
    ("when", "timestamp", True),
    ("pair", "struct<a: int32, b: string>", True),
    ("flag", "bool", False),
]
SCHEMA = pa.schema(
    [
        ("number", pa.float64()),
        ("text", pa.string()),
        ("words", pa.list_(pa.string())),
        ("when", pa.timestamp("us", tz="UTC")),
        ("pair", pa.struct([("a", pa.int32()), ("b", pa.string())])),
        ("flag", pa.bool_()),
    ]
)
row = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(allow_nan=False),
        "text": st.none() | st.text(max_size=5),
        "words": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
        "when": st.none() | st.integers(0, 2**50),
        "pair": st.none()
        | st.fixed_dictionaries({"a": st.none() | st.integers(-5, 5), "b": st.none() | st.text(max_size=2)}),
        "flag": st.booleans(),
    }
)


def fingerprint(rows: list[dict[str, Any]], cuts: list[int], offset: bool = False) -> str:
    table = pa.Table.from_pylist(rows, SCHEMA).combine_chunks()
    if offset:  # the same rows as a slice of something longer
        table = (
            pa.concat_tables([table.slice(0, 1), table, table.slice(0, 1)])
            .combine_chunks()
            .slice(1, len(rows))
        )
    hasher = TableHasher(COLUMNS, buckets=4)
    bucket = bucket_of(np.arange(len(rows)), len(rows), 4)
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    for start, end in itertools.pairwise(edges):
        part = table.slice(start, end - start).combine_chunks()
        columns = [c.chunk(0) if c.num_chunks else pa.array([], c.type) for c in part.columns]
        hasher.update(bucket[start:end], columns)
    return hasher.fingerprint()


@settings(max_examples=80, deadline=None)
@given(st.lists(row, min_size=1, max_size=20), st.lists(st.integers(0, 20), max_size=4), st.data())
def test_content_alone_decides(rows: list[dict[str, Any]], cuts: list[int], data: st.DataObject) -> None:
    whole = fingerprint(rows, [])
    assert fingerprint(rows, cuts) == whole
    assert fingerprint(rows, cuts, offset=True) == whole
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([column[0] for column in COLUMNS]))
    other = data.draw(row)[name]
    changed = [dict(r) for r in rows]
    changed[place][name] = other
    same = pa.Table.from_pylist(changed, SCHEMA).equals(pa.Table.from_pylist(rows, SCHEMA))
    zero = name == "number" and rows[place][name] == 0 and other == 0
    assert (fingerprint(changed, []) == whole) == (same or zero)


def test_the_definition_by_hand() -> None:
    hasher = TableHasher([("user", "int32", False), ("rating", "float64", True)], buckets=2)
    hasher.update(np.array([0, 0, 1]), [pa.array([0, 0, 1], pa.int32()), pa.array([1.5, None, -0.0])])

    def bucket(users: list[int], valid: list[int], ratings: list[float]) -> str:
        streams = (
            struct.pack(f"<{len(users)}i", *users),
            bytes(valid),
            struct.pack(f"<{len(ratings)}d", *ratings),
        )
        return hashlib.sha256(b"".join(hashlib.sha256(s).digest() for s in streams)).hexdigest()

    buckets = [bucket([0, 0], [1, 0], [1.5, 0.0]), bucket([1], [1], [0.0])]
    assert hasher.buckets() == buckets
    text = (
        f'{{"buckets":["{buckets[0]}","{buckets[1]}"],'
        '"columns":[["user","int32",false],["rating","float64",true]],"rows":3}'
    )
    assert hasher.fingerprint() == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_the_definition_of_texts_by_hand(kind: pa.DataType) -> None:
    texts, words = ["é", None, "ab"], [["x", None], [], ["yz"]]
    hasher = TableHasher([("text", "string", True), ("words", "list<string>", False)], buckets=1)
    hasher.update(np.zeros(3, np.int64), [pa.array(texts, kind), pa.array(words, pa.list_(kind))])
    streams = (
        bytes([1, 0, 1]),
        struct.pack("<3i", 2, 0, 2),
        "éab".encode(),
        struct.pack("<3i", 2, 0, 1),
        bytes([1, 0, 1]),
        struct.pack("<3i", 1, 0, 2),
        b"xyz",
    )
    assert hasher.buckets() == [
        hashlib.sha256(b"".join(hashlib.sha256(stream).digest() for stream in streams)).hexdigest()
    ]


def test_ids_are_not_run_together() -> None:
    assert ids_digest(pa.array(["a", "bc"])) != ids_digest(pa.array(["ab", "c"]))


@pytest.mark.parametrize("total", [1, 3, 255, 256, 257, 100_000])
def test_buckets_never_fall_and_cover(total: int) -> None:
    bucket = bucket_of(np.arange(total), total)
    assert (np.diff(bucket) >= 0).all()
    assert bucket[0] == 0
    assert bucket[-1] == (total - 1) * 256 // total


def test_digest_is_of_canonical_json() -> None:
    assert digest({"b": 1, "a": "é"}) == hashlib.sha256('{"a":"é","b":1}'.encode()).hexdigest()
