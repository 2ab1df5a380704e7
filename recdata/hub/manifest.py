"""The manifest of an exported folder: what it holds, the fingerprints of it, and the checksums of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.errors import MismatchError, MissingError
from recdata.schema.documents import check
from recdata.schema.kinds import check_version
from recdata.store.atomic import write_json
from recdata.store.fingerprint import digest
from recdata.store.manifest import NAME, content_hash

SUMS = "SHA256SUMS"
"""The checksums of an exported folder's files; a folder that has them was exported by recdata."""


def write_export(folder: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest of an exported folder and return it with its ``content_hash``."""
    whole = {**document, "content_hash": content_hash(document)}
    check(whole, "export", str(folder / NAME))
    write_json(folder / NAME, whole)
    return whole


def read_export(path: Path, source: str) -> dict[str, Any]:
    """Return the manifest in ``path``; ``source`` is what messages call it.

    Raises MissingError where there is none, MismatchError where it was changed, InputError where it is no export's.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        known, found = document["content_hash"], content_hash(document)
    except FileNotFoundError:
        raise MissingError(f"{source} has no {NAME}: it was not exported by recdata") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise MismatchError(f"{source}: its {NAME} cannot be read as one of recdata's") from None
    if known != found:
        raise MismatchError(f"{source}: its {NAME} was changed since it was written")
    check_version(str(document.get("schema_version", "0.0.0")), source)
    check(document, "export", f"{source}, {NAME}")
    return document  # type: ignore[no-any-return]


def content_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what an export is about, whatever its words and its packaging.

    Two exports with the same content have the same rows, or the same recipe, under the same names.
    """
    return digest(
        {
            "name": document["name"],
            "rows": document["rows"],
            "kinds": {kind: table["fingerprint"] for kind, table in document["corpus"]["kinds"].items()},
            "tasks": {name: [task["name"], task["fingerprint"]] for name, task in document["tasks"].items()},
            "configs": sorted(document["configs"]),
        }
    )
