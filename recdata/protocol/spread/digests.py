"""Fingerprints computed in parts: each bucket is hashed where its rows are, and its digest comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from recdata.engines.spark_session import told
from recdata.store.arrays import to_numpy
from recdata.store.fingerprint import BUCKETS, Content, TableHasher, ids_streams

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from recdata.engines.spark import SparkEngine

Columns = Sequence[tuple[str, str, bool]]
_EMPTY = hashlib.sha256().hexdigest()
_IN_MEMORY = 1 << 26
BUCKET = "_bucket"
"""The column with a row's bucket; no column of a corpus begins so."""


def bucketed(frame: DataFrame, code: str, total: int) -> DataFrame:
    """Return a DataFrame with the column BUCKET: that of the column ``code``, of ``total`` codes; see ``bucket_of``."""
    from pyspark.sql import functions as f

    return frame.withColumn(
        BUCKET, f.expr(f"CAST(CAST({code} AS BIGINT) * {BUCKETS} DIV {max(total, 1)} AS INT)")
    )


def in_buckets(
    engine: SparkEngine, frame: DataFrame, code: str, total: int, order: Sequence[str]
) -> DataFrame:
    """Return a DataFrame with the column BUCKET, each bucket whole in a partition, and partitions in its order.

    code: the column that rows are bucketed by, of ``total`` codes. order: columns that rows of a partition are sorted by.
    """
    from pyspark.sql import functions as f

    spread = min(BUCKETS, int(engine.session.conf.get("spark.sql.shuffle.partitions") or BUCKETS))
    place = f.expr(f"CAST({BUCKET} * {spread} DIV {BUCKETS} AS INT)")
    return bucketed(frame, code, total).repartitionById(spread, place).sortWithinPartitions(*order)


def contents(
    engine: SparkEngine, frame: DataFrame, columns: Columns, part: str | None = "part"
) -> dict[int, Content]:
    """Return what each part of a DataFrame from ``in_buckets`` is, by its number in the column ``part``.

    Rows are sorted by part first. columns: what is hashed of them, as ``TableHasher`` is told. part: None where all rows
    are one part, which has the number 0 then.
    """
    from pyspark.sql import functions as f

    # A column of the corpus may have the name of one that is needed here.
    hashed = (frame[f"`{name}`"].alias(f"column {place}") for place, (name, _, _) in enumerate(columns))
    number = f.lit(0) if part is None else f.col(part)
    chosen = frame.select(number.alias("part"), f.col(BUCKET), *hashed)
    schema = "part int, bucket int, digest string, rows bigint"
    found: dict[int, tuple[list[str], list[int]]] = {}
    with told():
        for of, bucket, digest, rows in engine.mapped(
            chosen, partial(_hash, columns=columns), schema
        ).collect():
            digests, counts = found.setdefault(of, ([_EMPTY] * BUCKETS, []))
            digests[bucket] = digest
            counts.append(rows)
    return {of: Content(columns, digests, sum(counts)) for of, (digests, counts) in found.items()}


def empty(columns: Columns) -> Content:
    """Return what a table without rows is."""
    return Content(columns, [_EMPTY] * BUCKETS, 0)


def _hash(batches: Iterator[pa.RecordBatch], columns: Columns) -> Iterator[pa.RecordBatch]:
    hashers: dict[int, TableHasher] = {}
    for batch in batches:
        if not len(batch):
            continue
        part, bucket = to_numpy(batch.column(0)), to_numpy(batch.column(1))
        borders = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
        for start, end in pairwise(borders):
            rows = batch.slice(start, end - start)
            hasher = hashers.setdefault(int(part[start]), TableHasher(columns))
            hasher.update(bucket[start:end], [rows.column(2 + place) for place in range(len(columns))])
    for number, hasher in hashers.items():
        digests = hasher.digests()
        yield pa.record_batch(
            {
                "part": pa.array([number] * len(digests), pa.int32()),
                "bucket": pa.array(list(digests), pa.int32()),
                "digest": pa.array(list(digests.values()), pa.string()),
                "rows": pa.array([hasher.rows] + [0] * (len(digests) - 1), pa.int64()),
            }
        )


def ids_digests(engine: SparkEngine, lists: Sequence[DataFrame]) -> list[str]:
    """Return the digest of each list of ids. lists: DataFrames of (code, id), distinct codes, in any order.

    The definition is of one hash over a whole list: each list passes through one task, its texts on that task's disk.
    """
    from pyspark.sql import functions as f

    numbered = [
        ids.toDF("code", "id").select(f.lit(n).alias("list"), "code", "id") for n, ids in enumerate(lists)
    ]
    together = numbered[0]
    for more in numbered[1:]:
        together = together.unionAll(more)
    ordered = together.repartitionById(len(lists), f.col("list")).sortWithinPartitions("list", "code")
    found = dict.fromkeys(range(len(lists)), _EMPTY)
    with told():
        for number, digest in engine.mapped(
            ordered.select("list", "id"), _hash_ids, "list int, digest string"
        ).collect():
            found[number] = digest
    return list(found.values())


def _hash_ids(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Hash a list of ids: lengths first, then all texts, which wait in a temporary file."""
    total, number = hashlib.sha256(), None
    with SpooledTemporaryFile(_IN_MEMORY) as texts:
        for batch in batches:
            if len(batch):
                number = batch.column(0)[0].as_py()
                lengths, text = ids_streams(batch.column(1))
                total.update(lengths)
                texts.write(text)
        texts.seek(0)
        while piece := texts.read(1 << 20):
            total.update(piece)
    if number is not None:
        digest = pa.array([total.hexdigest()], pa.string())
        yield pa.record_batch({"list": pa.array([number], pa.int32()), "digest": digest})
