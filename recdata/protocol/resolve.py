"""From a citation back to the bytes: what a paper names, found or made again, and proved to be that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from recdata.errors import InputError
from recdata.protocol.answers import AnyTask
from recdata.store.files import check_files

_CITED = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*@[0-9]+(\.[0-9a-z+-]+)*(/[a-z0-9-]+@[1-9][0-9]*)?)")
_PRINT = re.compile(r"(?:#|fingerprint\s+)`?(?P<print>[0-9a-f]{6,64})\b")


class Resolved(NamedTuple):
    """name and fingerprint in full, the folder that has the bytes, and its files with their rows."""

    name: str
    fingerprint: str
    folder: Path
    files: dict[str, int]


def cited_name(text: str) -> str:
    """Return the name with fingerprint that a citation gives: as it is, or out of a sentence.

    >>> cited_name("We use the split ml@1.0.0/loo-last@1 of recdata 0.1.0 (fingerprint 85b9ed9d518b).")
    'ml@1.0.0/loo-last@1#85b9ed9d518b'

    Raises InputError where no version or no fingerprint is named: nothing could be proved then.
    """
    if text.startswith("hf://"):
        if "#" not in text:
            raise InputError(f"{text!r} has no fingerprint: NAME#FINGERPRINT is what can be proved")
        return text
    name, fingerprint = _CITED.search(text), _PRINT.search(text)
    if name is None or fingerprint is None:
        raise InputError(
            f"{text!r} does not name versions and a fingerprint, like movielens-100k@1.0.0/loo-last@1#85b9ed9d518b"
        )
    return f"{name['name']}#{fingerprint['print']}"


def resolve(text: str, load: Callable[[str], Any], task: Callable[[str], AnyTask]) -> Resolved:
    """Return what a citation names, after comparing fingerprint and files.

    load, task: how a corpus and a task are had by name, built where they have to be; both raise MismatchError where the
    fingerprint is another. Raises MismatchError where a file was changed since it was built.
    """
    name = cited_name(text)
    rest = name.removeprefix("hf://datasets/").partition("#")[0]
    is_task = rest.count("/") > (1 if name.startswith("hf://") else 0)
    found = task(name) if is_task else load(name)
    manifest = found.manifest
    tables = {**manifest["tables"], **(manifest.get("ids", {}))}
    check_files(found.folder, tables)
    rows = {entry["file"]: entry["rows"] for entry in manifest["tables"].values()}
    return Resolved(found.name, found.fingerprint, found.folder, rows)
