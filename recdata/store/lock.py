"""One process at a time: a lock that goes with the process that held it, even when it is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recdata.store.atomic import writing


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock on ``path`` (a file or folder, which need not exist) while the block runs; wait for it.

    The lock is the file ``.<name>.lock`` beside ``path``; it stays there, empty, and means nothing when no
    one holds it. Not to be taken twice by one thread. Raises ResourceError where it cannot be written.
    """
    from filelock import FileLock

    lock = FileLock(path.parent / f".{path.name}.lock")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
