"""Facts about files in the store: their sizes and checksums, as manifests keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.errors import MismatchError
from recdata.store.arrays import parquet_files

_CHUNK = 1 << 22


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hex digits."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


def file_entry(path: Path) -> dict[str, Any]:
    """Return what a manifest says of a file: its name, size in bytes and SHA-256; of a folder see ``folder_entry``."""
    if path.is_dir():
        return folder_entry(
            path.name, {f.name: (f.stat().st_size, sha256_of(f)) for f in parquet_files(path)}
        )
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def folder_entry(name: str, files: Mapping[str, tuple[int, str]]) -> dict[str, Any]:
    """Return what a manifest says of a folder of files, by name (bytes, SHA-256).

    Its SHA-256 is that of the lines ``SHA-256  NAME`` in the order of the names, as sha256sum prints them.
    """
    lines = "".join(f"{digest}  {file}\n" for file, (_, digest) in sorted(files.items()))
    size = sum(size for size, _ in files.values())
    return {"file": name, "bytes": size, "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def check_files(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare the files of a built folder with its manifest. Raises MismatchError naming the first that differs."""
    for entry in tables.values():
        path = folder / entry["file"]
        if not path.exists():
            raise MismatchError(f"{path} is gone; build it again")
        longer = path.is_file() and path.stat().st_size != entry["bytes"]
        if longer or file_entry(path) != {key: entry[key] for key in ("file", "bytes", "sha256")}:
            raise MismatchError(f"{path} is not the file that was built: its bytes changed; build it again")
