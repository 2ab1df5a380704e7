"""Verifying an exported folder: every file against the checksums, and the data files against the manifest too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recdata.errors import MismatchError, MissingError
from recdata.hub.manifest import SUMS, read_export
from recdata.protocol.verify import Check
from recdata.store.files import sha256_of
from recdata.store.manifest import NAME


def is_export(folder: Path) -> bool:
    """Say whether a folder was exported as a dataset repository."""
    return (folder / NAME).is_file() and (folder / SUMS).is_file()


def verify_export(folder: Path) -> list[Check]:
    """Compare the files of an exported folder with what was written there, and return one check for each.

    mlcroissant does the like for what it reads, but for splits of several shards: there for a shard alone.
    """
    checks = []
    data: dict[str, str] = {}
    try:
        data = dict(data_files(read_export(folder / NAME, str(folder))))
        checks.append(Check(NAME, True, ""))
    except (MismatchError, MissingError) as error:
        checks.append(Check(NAME, False, str(error)))
    written = {}
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        sha256, _, name = line.partition("  ")
        written[name] = sha256
    for name, sha256 in sorted({**written, **data}.items()):
        path = folder / name
        found = sha256_of(path) if path.is_file() else None
        detail = "it is gone" if found is None else "" if found == sha256 else "its bytes were changed"
        checks.append(Check(name, not detail, detail))
    return checks


def check_data(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare the data files with the manifest. Raises MismatchError naming the first that differs."""
    for name, sha256 in data_files(manifest):
        path = folder / name
        if not path.is_file() or sha256_of(path) != sha256:
            raise MismatchError(f"{path} is not the file that was exported; export again")


def data_files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the data files that the manifest of an export names, with their SHA-256."""
    for config in manifest["configs"].values():
        for split in config["splits"].values():
            for entry in split["files"]:
                yield entry["file"], entry["sha256"]
