"""Paths of this machine and URIs of Spark's file systems, as Spark reads and writes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SCHEME = re.compile(r"(?!hf:)[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""What a URI begins with; what is on the Hub is none of Spark's. A drive of Windows has one letter."""


def is_uri(text: str) -> bool:
    """Say whether ``text`` is the URI of a file system of Spark's, ``file`` among them."""
    return bool(_SCHEME.match(text))


def is_place(text: str) -> bool:
    """Say whether ``text`` is a URI, or a path that cannot be a name: an absolute one, or one that begins with a dot.

    >>> [is_place(text) for text in ("s3a://bucket/tasks/x", "./x", "movielens-100k/loo-last", "hf://datasets/x/y")]
    [True, True, False, False]
    """
    return is_uri(text) or text.startswith(("./", "../")) or Path(text).is_absolute()


def place_of(given: str | os.PathLike[str]) -> Path | str:
    """Return a place of this machine as an absolute path, one of another file system as a URI without a slash at its end.

    A URI that was made a path gets the slash back that it lost.

    >>> place_of("hdfs:///task/"), place_of(Path("s3a://bucket/task")), str(place_of("file:///task"))
    ('hdfs:///task', 's3a://bucket/task', '/task')
    """
    text = os.fspath(given)
    found = _SCHEME.match(text)
    if found is None:
        return Path(text).absolute()
    scheme, rest = found[0][:-1], text[found.end() :]
    if scheme.lower() == "file:":
        return Path("/" + rest.lstrip("/"))
    return f"{scheme}/{rest if rest.startswith('/') else '/' + rest}".rstrip("/")


def location(path: Path | str) -> str:
    """Return a path of this machine as a URI, whatever Spark's default file system is; text is a URI already."""
    return path if isinstance(path, str) else "file://" + path.absolute().as_posix()


def pattern(path: Path | str) -> str:
    """Return the URI of a path as Spark reads it, where a few letters would be patterns; text stays as it is.

    >>> pattern(Path("/a b{1}"))
    'file:///a b\\\\{1\\\\}'
    """
    return path if isinstance(path, str) else literally(location(path))


def literally(uri: str) -> str:
    """Return the pattern that means one URI alone."""
    return re.sub(r"([{}\[\]*?\\])", r"\\\1", uri)


def inside(folder: Path | str, *names: str) -> Path | str:
    """Return a path or URI inside a folder that is one or the other."""
    return folder.joinpath(*names) if isinstance(folder, Path) else "/".join([folder.rstrip("/"), *names])


def above(folder: Path | str, levels: int) -> Path | str:
    """Return the folder that holds ``folder``, so many levels up."""
    return folder.parents[levels - 1] if isinstance(folder, Path) else folder.rsplit("/", levels)[0]
