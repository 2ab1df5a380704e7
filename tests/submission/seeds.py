"""What fuzzing begins from: a good file in each format, pieces that are put into it, and what once failed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bad_inputs import GOOD, lists, npz, parquet, run, zipped
from bad_inputs import lines as json_lines


def parquet_lists() -> bytes:
    sink = io.BytesIO()
    table = pa.table({"user_id": ["u1", "u2"], "items": [["a", "c"], ["b"]], "scores": [[2.0, 1.0], [1.0]]})
    pq.write_table(table, sink, row_group_size=1)
    return sink.getvalue()


def lenskit() -> bytes:
    sink = io.BytesIO()
    kind = pa.list_(pa.struct([("item_id", pa.string()), ("score", pa.float32()), ("rank", pa.int32())]))
    rows = [[{"item_id": item, "score": 1.0, "rank": 1}] for item in ("a", "b", "a", "b")]
    table = pa.table({"user_id": ["u1", "u2", "u3", "u4"], "items": pa.array(rows, kind)})
    pq.write_table(table, sink, row_group_size=2)
    return sink.getvalue()


def recbole() -> bytes:
    rows = [{"user_id": user, "item_list": ["a", "b"]} for user in ("u1", "u2", "u3", "u4")]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def by_place() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"locale": ["UK", "DE"], "next_item_prediction": [["a"] * 100] * 2}), sink)
    return sink.getvalue()


SEEDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("p.csv", GOOD.encode),
    "tsv": ("p.tsv", GOOD.replace(",", "\t").encode),
    "jsonl": ("p.jsonl", lambda: json_lines().encode()),
    "json lists": ("p.jsonl", lambda: lists().encode()),
    "trec": ("p.run", lambda: run().encode()),
    "parquet": ("p.parquet", parquet),
    "parquet lists": ("p.parquet", parquet_lists),
    "LensKit's lists": ("p.parquet", lenskit),
    "LensKit's frame": ("p.csv", GOOD.replace("user_id,item_id", "user,item").encode),
    "RecBole's atomic file": (
        "p.inter",
        GOOD.replace("user_id,item_id,score", "user_id:token,item_id:token,score:float")
        .replace(",", "\t")
        .encode,
    ),
    "RecBole's lists": ("p.jsonl", recbole),
    "sessions by place": ("p.parquet", by_place),
    "npz": ("p.npz", npz),
    "npz lists": (
        "p.npz",
        lambda: npz(item_id=np.array([["a"], ["b"], ["a"], ["b"]]), score=np.ones((4, 1))),
    ),
    "gz": ("p.csv.gz", lambda: gzip.compress(GOOD.encode(), mtime=0)),
    "bz2": ("p.csv.bz2", lambda: bz2.compress(GOOD.encode())),
    "zst": ("p.csv.zst", lambda: pa.compress(GOOD.encode(), codec="zstd", asbytes=True)),
    "zip": ("p.csv.zip", lambda: zipped("p.csv")),
}
TOKENS = (
    b"\n",
    b"\r",
    b"\0",
    b",",
    b"\t",
    b'"',
    b"nan",
    b"-inf",
    b"{",
    b"[",
    b"u1,a,1\n",
    b"\xff",
    b"\xed\xa0\x80",
    b" ",
    b"1e999",
)

PAST: dict[str, tuple[str, bytes]] = {
    "Parquet magic and nothing else": ("p.parquet", b"PAR1"),
    "a footer of zeros": ("p.parquet", b"PAR1" + bytes(1000) + b"PAR1"),
    "zip magic and nothing else": ("p.zip", b"PK\3\4"),
    "a bracket for each byte": (
        "p.jsonl",
        b'{"user_id": "u1", "item_id": "a", "score": 1}\n' + b"[" * 100_000,
    ),
    "an integer of 400 digits": (
        "p.jsonl",
        b'{"user_id": "u1", "item_id": "a", "score": ' + b"9" * 400 + b"}",
    ),
    "half a surrogate pair": ("p.jsonl", b'{"user_id": "\\ud800", "item_id": "a", "score": 1}'),
    "an empty list first": ("p.jsonl", b'{"user_id": "u1", "items": []}\n{"user_id": "u2", "items": [7]}\n'),
    "a text that is no UTF-8 in the statistics": ("p.parquet", parquet().replace(b"u4", b"\xff4")),
    "an npz of minus four rows": (
        "p.npz",
        npz().replace(b"'shape': (4,), }", b"'shape': (-4,),}", 1),
    ),
    "sixteen million lines with nothing": ("p.csv", GOOD.encode() + b"\n" * 16_000_000),
    "brackets without end where nobody looks": (
        "p.jsonl",
        b'{"user_id": "u1", "item_id": "a", "score": 1, "x": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    ),
    "an id that is another id with a zero byte": (
        "p.jsonl",
        json_lines('{"user_id": "u1\\u0000", "item_id": "c", "score": 0}').encode(),
    ),
    "a first object without a user": ("p.jsonl", b'{"items": ["a"]}'),
}
"""Files that once gave a traceback here or in a program like it; behind these, what fuzzing found (``past``)."""

for _path in sorted(Path(__file__).with_name("past").iterdir()):
    PAST[_path.name] = (_path.name, _path.read_bytes())
