"""The file systems that a Spark session knows, by Hadoop's own interface: small files as texts, checksums of large ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from recdata.engines.spark_places import above, inside, literally, location
from recdata.engines.spark_session import told
from recdata.errors import MismatchError, ResourceError
from recdata.store.files import folder_entry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LARGE = 1 << 28
"""A file of more bytes is hashed as a stream by the driver: a worker would hold all of it."""


class Stored(NamedTuple):
    """A file: its path as Spark writes it, its name, its size in bytes."""

    path: str
    name: str
    size: int


class Storage:
    """Files on any file system of a Spark session's, at paths of this machine (Path) or URIs (text)."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def read_text(self, path: Path | str) -> str | None:
        """Return a small file's text; None where there is none."""
        with told():
            place, system = self._place(path)
            if not system.exists(place):
                return None
            stream = system.open(place)
            try:
                return bytes(stream.readAllBytes()).decode()
            finally:
                stream.close()

    def write_text(self, path: Path | str, text: str) -> None:
        """Write a small file, in place of one that is there. Nobody sees part of it: it is renamed when it is whole."""
        with told():
            place, system = self._place(path)
            work, _ = self._place(f"{above(location(path), 1)}/.{place.getName()}.{uuid4().hex}.tmp")
            stream = system.create(work, True)
            try:
                stream.write(bytearray(text.encode()))
            finally:
                stream.close()
            if system.exists(place):
                system.delete(place, False)
            if not system.rename(work, place):
                raise ResourceError(f"{path} cannot be written: somebody else wrote it meanwhile")

    def files(self, path: Path | str, ending: str = "") -> list[Stored]:
        """Return the file at ``path``, or those in the folder there, whose names end so, by name; none where nothing is.

        Names that begin with ``_`` or ``.`` are Spark's own and no files.
        """
        with told():
            place, system = self._place(path)
            if not system.exists(place):
                return []
            found = [
                Stored(status.getPath().toString(), status.getPath().getName(), status.getLen())
                for status in system.listStatus(place)
                if status.isFile()
            ]
        return sorted(f for f in found if f.name.endswith(ending) and not f.name.startswith(("_", ".")))

    def sha256(self, files: Sequence[Stored]) -> dict[str, str]:
        """Return the SHA-256 (hex) of each file by its path: read where Spark's workers are, large ones by the driver."""
        from pyspark.sql import functions as f

        large = [file.path for file in files if file.size > LARGE]
        with ThreadPoolExecutor(8) as pool:
            found = dict(zip(large, pool.map(self._stream_sha256, large), strict=True))
        paths = [literally(file.path) for file in files if file.size <= LARGE]
        if paths:
            with told():
                read = self._spark.read.format("binaryFile").load(paths)
                found |= dict(map(tuple, read.select("path", f.sha2("content", 256)).collect()))
        return found

    def entries(self, folder: Path | str, tables: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what a manifest says of files in ``folder``, or of folders of Parquet files: see ``files.file_entry``.

        Those that are not there are left out.
        """
        listed = {table: self.files(inside(folder, table), ".parquet") for table in tables}
        hashed = self.sha256([file for files in listed.values() for file in files])
        found = {}
        for table, files in listed.items():
            if [file.name for file in files] == [table]:
                found[table] = {"file": table, "bytes": files[0].size, "sha256": hashed[files[0].path]}
            elif files:
                found[table] = folder_entry(table, {f.name: (f.size, hashed[f.path]) for f in files})
        return found

    def check(self, folder: Path | str, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Compare the files of a built folder with its manifest, as ``files.check_files`` does on this machine."""
        found = self.entries(folder, [entry["file"] for entry in tables.values()])
        for entry in tables.values():
            file = entry["file"]
            if file not in found:
                raise MismatchError(f"{inside(folder, file)} is gone; make it again")
            if found[file] != {key: entry[key] for key in ("file", "bytes", "sha256")}:
                raise MismatchError(
                    f"{inside(folder, file)} is not what was written: its bytes changed; make it again"
                )

    def _stream_sha256(self, path: str) -> str:
        with told():
            place, system = self._place(path)
            java: Any = self._spark._jvm.java
            total = java.security.MessageDigest.getInstance("SHA-256")
            stream = java.security.DigestInputStream(system.open(place), total)
            try:
                stream.transferTo(java.io.OutputStream.nullOutputStream())
            finally:
                stream.close()
            return bytes(total.digest()).hex()

    def _place(self, path: Path | str) -> tuple[Any, Any]:
        """Return Hadoop's path, and the file system that it is on."""
        place = self._spark._jvm.org.apache.hadoop.fs.Path(location(path))  # type: ignore[union-attr]
        return place, place.getFileSystem(self._spark._jsc.hadoopConfiguration())
