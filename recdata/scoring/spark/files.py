"""The files of predictions on a path that Spark reads: listed, told apart by their names, hashed where they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import is_uri, literally, pattern, place_of
from recdata.engines.spark_session import LOCAL, told
from recdata.engines.spark_storage import Stored
from recdata.errors import MissingError
from recdata.store.files import sha256_of
from recdata.submission.finding import Findings, StopReadingError
from recdata.submission.limits import Limits
from recdata.submission.opening import EXTENSIONS

if TYPE_CHECKING:
    import pyarrow as pa

_FORMATS = {ending: format for ending, format in EXTENSIONS.items() if format != "trec"}
_SMALL = 100_000_000
"""Files of this machine of so many bytes together are hashed where they are, without a job of Spark's."""
_PACKED = (".gz", ".gzip", ".bz2", ".zst", ".zstd", ".deflate", ".snappy")


class Part(NamedTuple):
    """A file: its path, what Spark calls it in the metadata of rows, its name, its size in bytes."""

    path: str
    key: str
    name: str
    size: int


class Files:
    """The files of one format on a path, by path. format: what a result calls them. single: whether the path is a file."""

    def __init__(self, engine: SparkEngine, text: str, limits: Limits, findings: Findings) -> None:
        """List the files of ``text``, a path or URI. Raises MissingError where there are none, StopReadingError with the
        reason in ``findings`` where they are in no format that is read here.
        """
        self._engine = engine
        # A path that is not there may be one of Spark's default file system.
        given = place_of(text) if is_uri(text) or Path(text).exists() else text
        with told():
            listed = engine.session.read.format("binaryFile").load(pattern(given))
            columns = listed.selectExpr("path", "_metadata.file_path AS key", "length")
            rows = columns.limit(limits.parts + 1).collect()
        limits.check("parts", len(rows), findings)
        if not rows:
            raise MissingError(f"there are no files in {findings.file}")
        found = sorted(Part(path, key, path.rpartition("/")[2], size) for path, key, size in rows)
        kinds = sorted({kind(file.name) for file in found})
        chosen = "parquet" if "parquet" in kinds else kinds[0] if len(kinds) == 1 else ""
        if not chosen:
            names = ", ".join(file.name for file in found[:3])
            findings.add("unknown-format", value=names, expected="Parquet, CSV, TSV or JSON Lines, named so")
            raise StopReadingError
        self.parts = [file for file in found if kind(file.name) == chosen]
        self.kind = chosen
        self.single = len(found) == 1 and found[0].name == text.rstrip("/").rpartition("/")[2]
        self.format = chosen if self.single else f"{chosen}-folder"
        if not self.size():
            findings.add("no-rows")
            raise StopReadingError

    @property
    def paths(self) -> list[str]:
        """The files' paths, as Spark's readers take them."""
        return [literally(file.path) for file in self.parts]

    def size(self) -> int:
        """Return the size of the files in bytes."""
        return sum(file.size for file in self.parts)

    def digest(self) -> str:
        """Return the SHA-256 that ``digest_of`` describes, as for files that are not read by Spark."""
        found = self._hashed()
        if self.single:
            return found[self.parts[0].path]
        whole = hashlib.sha256()
        for file in self.parts:
            whole.update(f"{found[file.path]}  {file.name}\n".encode("utf-8", "surrogateescape"))
        return whole.hexdigest()

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        return (
            "the file's bytes"
            if self.single
            else "lines of the SHA-256 and name of each file, as sha256sum prints them"
        )

    def _hashed(self) -> dict[str, str]:
        """Return the SHA-256 of each file by its path; by one task each, in pieces where Spark is on this machine."""
        session = self._engine.session
        paths = [file.path for file in self.parts]
        here = all(path.startswith("file:") for path in paths)
        if here and self.size() <= _SMALL:
            return {path: sha256_of(Path(path.removeprefix("file:"))) for path in paths}
        if not here or not LOCAL.match(session.sparkContext.master):
            return self._engine.storage.sha256([Stored(f.path, f.name, f.size) for f in self.parts])
        with told():
            listed = session.createDataFrame([(path,) for path in paths], "path string")
            spread = listed.repartition(min(len(paths), session.sparkContext.defaultParallelism))
            hashed = self._engine.mapped(spread, _hash_files, "path string, sha256 string")
            return dict(map(tuple, hashed.collect()))


def kind(name: str) -> str:
    """Return the format that a file's name says, "" for none.

    >>> kind("part-0.snappy.parquet"), kind("part-0.csv.gz"), kind("_SUCCESS")
    ('parquet', 'csv', '')
    """
    name = name.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return _FORMATS.get("." + name.rpartition(".")[2], "")


def _hash_files(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        paths: Sequence[str] = batch.column("path").to_pylist()
        found = [sha256_of(Path(path.removeprefix("file:"))) for path in paths]
        yield pa.record_batch({"path": pa.array(paths), "sha256": pa.array(found)})
