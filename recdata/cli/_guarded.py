"""A command in a child process whose time and memory are limited, for files that may be hostile.

``python -m recdata.cli._guarded MEMORY SECONDS BYTES VERB ...`` is the child; ``run_child`` starts it and passes on what
it prints, with everything taken out that could steer a terminal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

import click

from recdata.cli._output import say
from recdata.harmless import shown

if TYPE_CHECKING:
    from recdata.submission.limits import Limits

_SHOWN = 50_000_000
"""Bytes of a child's output that are passed on."""
_CODES = frozenset(range(2, 7)) | {0}
_QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Threads and allocators that reserve address space which they never use would be stopped by the limit of memory."""
OVER = 3


def run_child(arguments: Sequence[str], limits: Limits) -> int:
    """Run a recdata command in a child under ``limits``, pass on what it prints, and return its exit code.

    A child that dies of its limits, or in any way that is not documented, gives 3 and a message on standard error.
    """
    numbers = [str(limits.memory), str(limits.seconds), str(limits.bytes)]
    command = [sys.executable, "-m", "recdata.cli._guarded", *numbers, *arguments]
    with (
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as words,
        # What the child keeps on disk goes with it, even where it is killed.
        tempfile.TemporaryDirectory(prefix="recdata-") as folder,
    ):
        try:
            code = subprocess.run(
                command,
                stdout=output,
                stderr=words,
                env={**os.environ, **_QUIET, "TMPDIR": folder},
                timeout=limits.seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
        if code not in _CODES:
            reason = f"took more than {limits.seconds:,} seconds" if code is None else f"ended with {code}"
            say(
                "error: over-limit: the file was not read to its end: the child process that reads it "
                f"{reason}; its memory is limited to {limits.memory:,} bytes (--limit memory=NUMBER)"
            )
            return OVER
        click.echo(_text(output), nl=False)
        click.echo(_text(words), nl=False, err=True)
        return code


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return shown(file.read(_SHOWN).decode("utf-8", "replace"))


def _limit(memory: int, seconds: int, written: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent still watches the time
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main() -> None:
    """Take the limits from the arguments and run the command that follows them."""
    memory, seconds, written = (int(text) for text in sys.argv[1:4])
    _limit(memory, seconds, written)
    sys.argv[1:] = sys.argv[4:]
    from recdata.cli import program

    said = f"over-limit: the file needs more than {memory:,} bytes of memory (--limit memory=NUMBER)"
    program((said, OVER))


if __name__ == "__main__":
    main()
