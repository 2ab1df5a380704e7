"""Standard input as a file: what comes is kept on disk while it is read, since reading may begin again."""

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


class Spooled(NamedTuple):
    """A file whose name means nothing to anyone, and what messages call it instead."""

    path: Path
    name: str


@contextmanager
def spooled(stream: BinaryIO, limits: Limits) -> Iterator[Spooled]:
    """Yield what ``stream`` has as a temporary file, which is removed when the block ends.

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
        yield Spooled(path, "<standard input>")
