"""Work on all processors: chunks of it to plain Python processes, results by the place of the chunk.

The processes run ``work``, told what to do through their pipes, rather than multiprocessing's: those would import the
caller's script again, and forked ones would share locks of other threads. What a chunk gives must not depend on who
computes it, so that the number of processes changes no result.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import IO, Any, TypeVar

from recdata.errors import InputError, ResourceError

Chunk = TypeVar("Chunk")
Process = subprocess.Popen[bytes]

_START = "import sys; sys.path[:] = {path!r}; from recdata.processes import work; work()"


def processors() -> int:
    """Return how many processors this process may use, RECDATA_THREADS where that is set.

    Raises InputError where RECDATA_THREADS is no number.
    """
    given = os.environ.get("RECDATA_THREADS", "").strip()
    if given and not given.isdecimal():
        raise InputError(f"RECDATA_THREADS is {given!r}; expected a whole number")
    if int(given or 0):
        return int(given)
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes:
    """Processes that compute, started when they are first needed; they end by ``close``, or with this process."""

    def __init__(self, workers: int) -> None:
        self._workers, self._running, self._owner = workers, list[Process](), os.getpid()
        atexit.register(self.close)

    def __enter__(self) -> Processes:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """End the processes."""
        self.close()

    def close(self) -> None:
        """End the processes."""
        atexit.unregister(self.close)
        if self._owner == os.getpid():
            for process in self._running:
                process.kill()
                process.wait()
                for pipe in _pipes(process):
                    _close(pipe)
        self._running = []

    def spread(
        self,
        function: Callable[..., Any],
        chunks: Sequence[Chunk],
        give: Callable[[Chunk], tuple[Any, ...]],
        done: Callable[[int, Any], None],
    ) -> None:
        """Compute ``function(*give(chunk))`` for every chunk, and tell ``done`` each place and result, in any order.

        function: of a module's top level, as are the types of what it takes and gives. Where no process can be started the
        work is done in this one. Raises whatever the function raises, and ResourceError where a process dies; after either
        all processes have ended.
        """
        processes = self._started()
        if not processes:
            for place, chunk in enumerate(chunks):
                done(place, function(*give(chunk)))
            return
        waiting = iter(enumerate(chunks))
        lock = threading.Lock()
        failures: list[BaseException] = []

        def serve(process: Process) -> None:
            try:
                into, out = _pipes(process)
                while not failures:
                    with lock:
                        following = next(waiting, None)
                    if following is None:
                        return
                    place, chunk = following
                    _send(into, (function, give(chunk)))
                    fine, value = pickle.load(out)
                    if not fine:
                        raise value
                    with lock:
                        done(place, value)
            except (OSError, EOFError) as error:
                failures.append(
                    ResourceError(
                        f"a process that computed died ({type(error).__name__}: {error}); the machine may be out of memory: "
                        "set RECDATA_THREADS=1 to compute in one process"
                    )
                )
            except BaseException as error:
                failures.append(error)

        whole = False
        try:
            threads = [threading.Thread(target=serve, args=(process,), daemon=True) for process in processes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            whole = not failures
        finally:
            if not whole:
                self.close()
        if failures:
            raise failures[0]

    def _started(self) -> list[Process]:
        """Return the processes, those that are missing started, as many as this machine lets."""
        if self._owner != os.getpid():  # a fork has the pipes of its parent's
            self._running, self._owner = [], os.getpid()
        command = [sys.executable, "-c", _START.format(path=sys.path)]
        while len(self._running) < self._workers and self._workers > 1:
            try:
                self._running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            except OSError:
                break
        return self._running


def _pipes(process: Process) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise OSError("a process has no pipes")
    return process.stdin, process.stdout


def _close(pipe: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        pipe.close()
    except OSError:
        return


def _send(into: IO[bytes], value: Any) -> None:
    pickle.dump(value, into, protocol=pickle.HIGHEST_PROTOCOL)
    into.flush()


def work() -> None:
    """Be one of the processes: compute what comes in until the pipe closes."""
    # An interruption is for the process that waits: it ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # nltk imports these where they are there, a second for nothing that is computed here.
    sys.modules.update(dict.fromkeys(("sklearn", "scipy", "pandas")))  # type: ignore[arg-type]
    with os.fdopen(os.dup(1), "wb") as out:
        # What a library prints must not come between the results.
        os.dup2(2, 1)
        while True:
            try:
                function, arguments = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                reply = True, function(*arguments)
            except Exception as error:
                reply = False, error
            _send(out, reply)
