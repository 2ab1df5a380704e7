"""Working ahead: an iterator that runs in a thread of its own, a few steps before who uses it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

Step = TypeVar("Step")

_POLL = 0.1


def ahead(steps: Iterable[Step], depth: int = 1) -> Iterator[Step]:
    """Yield ``steps`` in their order, while a thread makes the next one, and up to ``depth`` that wait.

    What the thread raises is raised here. Where the caller stops early, the thread ends before this returns.
    """
    made: queue.Queue[tuple[str, object]] = queue.Queue(depth)
    stop = threading.Event()

    def put(kind: str, value: object) -> bool:
        while not stop.is_set():
            try:
                made.put((kind, value), timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        try:
            iterator = iter(steps)
            for step in iterator:
                if not put("step", step):
                    break
            close = getattr(iterator, "close", None)
            if close:
                close()
            put("end", None)
        except BaseException as error:  # handed over, whatever it is
            put("error", error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            kind, value = made.get()
            if kind == "end":
                return
            if kind == "error":
                raise cast("BaseException", value)
            yield cast("Step", value)
    finally:
        stop.set()
        thread.join()
