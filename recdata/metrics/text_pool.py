"""Slow text metrics on all processors: pairs of texts in chunks, each to a process, results in the order of the pairs.

The processes are plain Pythons that run ``work``, told what to do through their pipes, rather than multiprocessing's: those
would import the caller's script again, and forked ones would share locks of other threads. What a chunk gives does not
depend on who computes it, so that their number changes no value.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.errors import ResourceError

if TYPE_CHECKING:
    from recdata.metrics.answers import Texts

Values = npt.NDArray[Any]
Chunk = Callable[..., Values]
"""``function(gold, answer, *arguments)``: lists of n texts to an array of n rows; a module's own, at its top level."""

_ROWS, _LETTERS = 512, 1 << 20
"""How many pairs, and how many bytes of them, a chunk has at most."""

_WORTH = 8 * _ROWS
"""From how many pairs, or as many chunks by size, processes are worth the second that they take to start."""


_START = "import sys; sys.path[:] = {path!r}; from recdata.metrics.text_pool import work; work()"


def run(texts: Texts, what: str, function: Chunk, *arguments: Any) -> Values:
    """Return ``function`` of all pairs of ``texts``, computed in chunks; with a bar on a terminal that says ``what``.

    Raises whatever the function raises, and ResourceError where a process dies.
    """
    bounds = list(_chunks(texts))
    workers = min(texts.workers or processors(), len(bounds))
    if len(texts) < _WORTH and len(bounds) < _WORTH // _ROWS:
        workers = 1
    results: list[Values] = [np.empty(0)] * len(bounds)
    from recdata.corpora.progress import bar

    with bar(what, len(texts)) as progress:

        def done(place: int, values: Values) -> None:
            results[place] = values
            progress.update(len(values))

        processes = _start(workers) if workers > 1 else []
        if processes:
            _spread(texts, bounds, processes, (function, arguments), done)
        else:
            for place, (start, end) in enumerate(bounds):
                done(place, function(*_pairs(texts, start, end), *arguments))
    return np.concatenate(results) if results else np.empty(0)


def processors() -> int:
    """Return how many processors this process may use, RECDATA_THREADS where that is set."""
    if given := int(os.environ.get("RECDATA_THREADS", 0)):
        return given
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chunks(texts: Texts) -> Iterator[tuple[int, int]]:
    """Yield the spans of the chunks, by number and size of the pairs alone."""
    import pyarrow.compute as pc

    sizes = sum(
        pc.binary_length(column).to_numpy(zero_copy_only=False) for column in (texts.gold, texts.answer)
    )
    start = size = 0
    for place, letters in enumerate(np.asarray(sizes).tolist()):
        if place > start and (place - start >= _ROWS or size + letters > _LETTERS):
            yield start, place
            start, size = place, 0
        size += letters
    if len(texts):
        yield start, len(texts)


def _pairs(texts: Texts, start: int, end: int) -> tuple[list[str], list[str]]:
    return texts.gold.slice(start, end - start).to_pylist(), texts.answer.slice(
        start, end - start
    ).to_pylist()


def _start(workers: int) -> list[subprocess.Popen[bytes]]:
    """Start processes, as many as this machine lets; without any the work is done in this one."""
    processes: list[subprocess.Popen[bytes]] = []
    command = [sys.executable, "-c", _START.format(path=sys.path)]
    for _ in range(workers):
        try:
            processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        except OSError:
            break
    return processes


def _spread(
    texts: Texts,
    bounds: Sequence[tuple[int, int]],
    processes: Sequence[subprocess.Popen[bytes]],
    task: tuple[Chunk, tuple[Any, ...]],
    done: Callable[[int, Values], None],
) -> None:
    """Have processes compute the chunks, a thread for each that hands it the next one and takes what it gives."""
    waiting = iter(enumerate(bounds))
    lock = threading.Lock()
    failures: list[BaseException] = []

    def serve(process: subprocess.Popen[bytes]) -> None:
        try:
            into, out = _pipes(process)
            _send(into, task)
            while not failures:
                with lock:
                    place, span = next(waiting, (-1, (0, 0)))
                if place < 0:
                    return
                _send(into, _pairs(texts, *span))
                fine, value = _receive(out)
                if not fine:
                    raise value
                with lock:
                    done(place, value)
        except (OSError, EOFError) as error:
            failures.append(
                ResourceError(
                    f"a process that computed a metric of texts died ({type(error).__name__}: {error}); the machine may be "
                    "out of memory: set RECDATA_THREADS=1 to compute in one process"
                )
            )
        except BaseException as error:
            failures.append(error)

    try:
        threads = [threading.Thread(target=serve, args=(process,), daemon=True) for process in processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for pipe in _pipes(process):
                _close(pipe)
    if failures:
        raise failures[0]


def _close(pipe: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        pipe.close()
    except OSError:
        return


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise OSError("a process has no pipes")
    return process.stdin, process.stdout


def _send(into: IO[bytes], value: Any) -> None:
    pickle.dump(value, into, protocol=pickle.HIGHEST_PROTOCOL)
    into.flush()


def _receive(out: IO[bytes]) -> Any:
    return pickle.load(out)


def work() -> None:
    """Be a process of the pool: compute what comes in until the pipe closes."""
    # An interruption is for the process that waits: it ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # nltk imports these where they are there, a second for nothing that a metric of texts uses.
    sys.modules.update(dict.fromkeys(("sklearn", "scipy", "pandas")))  # type: ignore[arg-type]
    with os.fdopen(os.dup(1), "wb") as out:
        # What a library prints must not come between the results.
        os.dup2(2, 1)
        function, arguments = _receive(sys.stdin.buffer)
        while True:
            try:
                gold, answer = _receive(sys.stdin.buffer)
            except EOFError:
                return
            try:
                reply = True, function(gold, answer, *arguments)
            except Exception as error:
                reply = False, error
            _send(out, reply)
