"""Predictions with more than a path: limits of their own, a name for messages, standard input kept on disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from recdata.errors import InputError
from recdata.store.atomic import writing
from recdata.submission.limits import Limits

_CHUNK = 1 << 20
_LITTLE = 100_000_000
"""Bytes from which on it is said where standard input is kept."""


class Given(NamedTuple):
    """A file or folder, how much of it is read, and what messages call it where its path means nothing to anyone."""

    path: Path | str
    limits: Limits
    name: str | None = None


@contextmanager
def spooled(
    stream: BinaryIO, limits: Limits, announce: Callable[[str], None] = lambda _: None
) -> Iterator[Given]:
    """Yield what ``stream`` has as a temporary file, since reading may begin again; it is removed when the block ends.

    announce: called once with what is to be said of the disk, where it is more than a little. Raises InputError where it is
    over a limit, ResourceError where the disk refuses.
    """
    with tempfile.TemporaryDirectory(prefix="recdata-") as folder:
        path, most = Path(folder, "predictions"), min(limits.spool, limits.bytes)
        with writing(path), path.open("wb") as file:
            total = 0
            while chunk := stream.read(_CHUNK):
                if total <= _LITTLE < total + len(chunk):
                    announce(
                        f"standard input is kept in {folder} while it is read, at most {most:,} bytes "
                        f"(--limit spool=NUMBER); {shutil.disk_usage(folder).free:,} are free there"
                    )
                total += len(chunk)
                if total > most:
                    raise InputError(
                        f"standard input is over the limit of {most:,} bytes (--limit spool=NUMBER): name a file instead"
                    )
                file.write(chunk)
        yield Given(path, limits, "<standard input>")
