"""Facts about files in the store: their sizes and checksums, as manifests keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.errors import MismatchError

_CHUNK = 1 << 22


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hex digits."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


def file_entry(path: Path) -> dict[str, Any]:
    """Return what a manifest says of a file: its name, size in bytes and SHA-256."""
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def check_files(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare the files of a built folder with its manifest. Raises MismatchError naming the first that differs."""
    for entry in tables.values():
        path = folder / entry["file"]
        if not path.is_file():
            raise MismatchError(f"{path} is gone; build it again")
        if path.stat().st_size != entry["bytes"] or sha256_of(path) != entry["sha256"]:
            raise MismatchError(f"{path} is not the file that was built: its bytes changed; build it again")
