"""Paths of this machine and URIs of Spark's file systems, as Spark reads and writes them."""

from __future__ import annotations

import re
from pathlib import Path


def location(path: Path | str) -> str:
    """Return a path of this machine as a URI, whatever Spark's default file system is; text is a URI already."""
    return path if isinstance(path, str) else "file://" + path.absolute().as_posix()


def pattern(path: Path | str) -> str:
    """Return the URI of a path as Spark reads it, where a few letters would be patterns; text stays as it is.

    >>> pattern(Path("/a b{1}"))
    'file:///a b\\\\{1\\\\}'
    """
    return path if isinstance(path, str) else re.sub(r"([{}\[\]*?\\])", r"\\\1", location(path))


def inside(folder: Path | str, *names: str) -> Path | str:
    """Return a path or URI inside a folder that is one or the other."""
    return folder.joinpath(*names) if isinstance(folder, Path) else "/".join([folder.rstrip("/"), *names])
