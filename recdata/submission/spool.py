"""Predictions with more than a path: limits of their own, a name for messages, standard input kept on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from recdata.errors import InputError
from recdata.store.atomic import writing
from recdata.submission.limits import Limits

_CHUNK = 1 << 20


class Given(NamedTuple):
    """A file or folder, how much of it is read, and what messages call it where its path means nothing to anyone."""

    path: Path
    limits: Limits
    name: str | None = None


@contextmanager
def spooled(stream: BinaryIO, limits: Limits) -> Iterator[Given]:
    """Yield what ``stream`` has as a temporary file, since reading may begin again; it is removed when the block ends.

    Raises InputError where it is over the limit of bytes, ResourceError where the disk refuses.
    """
    with tempfile.TemporaryDirectory(prefix="recdata-") as folder:
        path = Path(folder, "predictions")
        with writing(path), path.open("wb") as file:
            total = 0
            while chunk := stream.read(_CHUNK):
                total += len(chunk)
                if total > limits.bytes:
                    raise InputError(f"standard input is over the limit of {limits.bytes:,} bytes")
                file.write(chunk)
        yield Given(path, limits, "<standard input>")
