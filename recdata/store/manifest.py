"""Manifests: what a built folder holds and what it was made from, guarded by a hash of its own content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.errors import MismatchError, MissingError
from recdata.schema.documents import check
from recdata.schema.kinds import check_version
from recdata.store.atomic import write_json

NAME = "manifest.json"


def canonical_json(document: Any) -> bytes:
    """Return ``document`` as the one JSON text that is hashed: sorted keys, no spaces, UTF-8.

    >>> canonical_json({"b": [1, 2.5, None], "a": "é"})
    b'{"a":"\\xc3\\xa9","b":[1,2.5,null]}'

    Raises ValueError where a number is NaN or infinite.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of ``document`` without its own ``content_hash``."""
    bare = {key: value for key, value in document.items() if key != "content_hash"}
    return hashlib.sha256(canonical_json(bare)).hexdigest()


def seal(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return ``document`` with its ``content_hash``, as it is written at ``path``.

    Raises InputError where it is not what the manifest's schema says.
    """
    whole = {**document, "content_hash": content_hash(document)}
    check(whole, "manifest", path)
    return whole


def unseal(text: str | bytes, path: str) -> dict[str, Any]:
    """Return the manifest that is written at ``path``. Raises and warns as ``read_manifest`` where it is not as it was."""
    folder = path.rpartition("/")[0]
    try:
        document = json.loads(text)
        known = document["content_hash"]
        found = content_hash(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MismatchError(
            f"{path} is damaged, it cannot be read as a manifest: remove {folder} and build it again"
        ) from None
    if found != known:
        raise MismatchError(
            f"{path} was changed since it was written: its content_hash says {known}, its content gives "
            f"{found}; remove {folder} and build it again"
        )
    check_version(document["schema_version"], path)
    return document  # type: ignore[no-any-return]


def write_manifest(folder: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``document`` as the manifest of ``folder`` and return it with its ``content_hash``; see ``seal``."""
    whole = seal(document, str(folder / NAME))
    write_json(folder / NAME, whole)
    return whole


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of ``folder``.

    Raises MissingError where there is none (the folder is not finished), MismatchError where it was changed
    since it was written, InputError where its schema is of a newer major version; warns where of a newer minor.
    """
    path = folder / NAME
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"{folder} is not built: it has no {NAME}") from None
    return unseal(text, path.as_posix())
