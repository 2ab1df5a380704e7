"""The command line: one module a verb, found by its name; no logic of its own.

Exit codes: 0 done; 1 a bug in recdata; 2 wrong usage; 3 wrong input; 4 something needed is missing;
5 bytes or counts differ from what was promised; 6 the machine could not do it; 130 interrupted (Ctrl-C), 143 ended
(SIGTERM): either way what was begun is removed, and nothing that was there before is harmed.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from recdata.errors import RecdataError
from recdata.version import __version__

_FOLDER = Path(__file__).parent
_AGAIN = 3.0
"""Seconds before a second signal to end counts again."""


class Verbs(click.Group):
    """A group whose commands are the modules of this folder, each imported only when it is run.

    A module's first line is ``recdata VERB``: and what it does; it exports the click command as ``command``.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs: the modules here whose names do not begin with an underscore."""
        files = [file.stem for file in _FOLDER.glob("*.py")]
        return sorted(stem.replace("_", "-") for stem in files if not stem.startswith("_"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with what their modules' first lines say, so that help need not import any of them."""
        rows = []
        for verb in self.list_commands(ctx):
            with (_FOLDER / f"{verb.replace('-', '_')}.py").open(encoding="utf-8") as source:
                rows.append((verb, source.readline().strip().strip('"').partition(": ")[2]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"recdata.cli.{cmd_name.replace('-', '_')}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"recdata.cli.{cmd_name} must export a click command named 'command'")
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="recdata")
def cli() -> None:
    """Recommendation results that can be compared: corpora, splits and scores, to the byte.

    Exit codes: 0 done, 2 wrong usage, 3 wrong input, 4 something is missing, 5 bytes differ from
    what was promised, 6 the machine could not do it, 130 interrupted (Ctrl-C), 143 ended (SIGTERM).
    """


class _Stopped:
    """Notes which signal asked the program to end; library code that it lands in may turn it into errors of its own."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._last = -_AGAIN

    def listen(self) -> None:
        """Let Ctrl-C and SIGTERM end the program by an exception, so that what was begun is removed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            # A program that is started to ignore a signal (nohup, a shell's background job) goes on ignoring it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)

    def ignored(self, unraisable: sys.UnraisableHookArgs) -> None:
        """Say nothing of an exception that Python cannot pass on, where it is the interrupt itself or follows from it."""
        if self.code is None:
            sys.__unraisablehook__(unraisable)

    def _note(self, number: int, _frame: object) -> None:
        self.code = 128 + number
        # What is being removed is not disturbed by impatience; what goes on regardless can be asked again.
        if time.monotonic() - self._last >= _AGAIN:
            self._last = time.monotonic()
            raise KeyboardInterrupt


def _prepare_text() -> None:
    """See to it that file names and words get through whatever the locale is.

    Where it says that file names are not UTF-8, Arrow and DuckDB would not find files that Python finds: Python is begun
    again in its UTF-8 mode. What a terminal should not be told is escaped.
    """
    if sys.getfilesystemencoding() != "utf-8" and os.name == "posix" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    from recdata.cli._output import Harmless

    sys.stdout, sys.stderr = Harmless.around(sys.stdout), Harmless.around(sys.stderr)


def main() -> NoReturn:
    """Run the command line; turn recdata's own errors into one message and their exit code."""
    _prepare_text()
    # What a library warns of is told as a sentence, without the line of code that said it.
    warnings.formatwarning = lambda message, *_args, **_more: f"warning: {message}\n"
    stopped = _Stopped()
    sys.unraisablehook = stopped.ignored
    try:
        stopped.listen()
        code = _run()
    except BaseException:
        if stopped.code is None:
            raise
        code = None
    if stopped.code is not None and code != 0:
        click.echo("interrupted", err=True)
        # All blocks that clean up have ended. Python would now wait for threads that read, and turn an interrupt that came
        # while a library was executing text of its own into another exit code.
        _leave(stopped.code)
    sys.exit(code if isinstance(code, int) else 0)


def program(memory: tuple[str, int] = ("there is not enough memory for this", 6)) -> NoReturn:
    """Run the command line as a program of its own: ``main``, and then leave, without waiting for what libraries began.

    Threads of theirs that are still there while Python takes itself apart can abort the process after all was done.
    memory: what is said, and the exit code, where there is not enough.
    """
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except MemoryError:
        said, code = memory
        click.echo(f"error: {said}", err=True)
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process: what wants to be done at the end is done, threads are not waited for."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more, or it is closed
            stream.flush()
    os._exit(code)


def _run() -> object:
    """Run the command and return its exit code; None and what is no number mean that all went well."""
    try:
        return cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        return 130
    except RecdataError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; there is nobody left to tell.
        sys.stderr.close()
        return 0
    except OSError as error:
        from recdata.store.atomic import refusal

        if (reason := refusal(error)) is None:
            raise
        click.echo(f"error: cannot write {error.filename or 'a file'}: {reason}", err=True)
        return 6
