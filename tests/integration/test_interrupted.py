"""Ctrl-C and SIGTERM on the real command: a documented exit code, no traceback, nothing left behind; bars on terminals."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import TASK, raw_files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and terminals are POSIX")
RECDATA = [sys.executable, "-m", "recdata"]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return raw_files(tmp_path_factory.mktemp("raw") / "files")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, raw: Path) -> Path:
    """A store with the task, and predictions for it beside."""
    folder = tmp_path_factory.mktemp("store")
    run(folder, "split", TASK, "--from", str(raw), "--allow-partial")
    run(folder, "template", TASK, "-o", str(folder / "p.csv"))
    return folder


def environment(folder: Path) -> dict[str, str]:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return {**os.environ, "RECDATA_HOME": str(folder / "home"), "TMPDIR": str(temporary)}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*RECDATA, *arguments], env=environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def left(folder: Path) -> list[str]:
    """Return temporaries in the store, and whatever stands in the folder of temporary files."""
    return [str(path) for path in [*(folder / "home").rglob("*.tmp"), *(folder / "tmp").iterdir()]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["split", "score", "stdin", "untrusted"])
def test_a_signal_at_any_moment(
    tmp_path: Path, raw: Path, home: Path, verb: str, number: signal.Signals
) -> None:
    drawn = random.Random(f"{verb} {number}")
    folder = tmp_path if verb == "split" else home
    command = {
        "split": ("split", TASK, "--from", str(raw), "--allow-partial"),
        "score": ("score", TASK, str(home / "p.csv"), "-o", str(tmp_path / "r.json")),
        "stdin": ("validate", TASK, "-"),
        "untrusted": ("validate", TASK, "-", "--untrusted"),
    }[verb]
    for attempt in range(3):
        process = subprocess.Popen(
            [*RECDATA, *command],
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        if command[2] == "-":  # it waits for more until the signal comes
            process.stdin.write((home / "p.csv").read_bytes())
            process.stdin.flush()
        wait_for_python(process.pid)
        time.sleep(drawn.random() * (0.6 + attempt))
        process.send_signal(number)
        _, words = process.communicate(timeout=120)
        assert b"Traceback" not in words, words.decode()
        assert process.returncode in (128 + number, 0), words.decode()
        if command[2] == "-":
            assert process.returncode == 128 + number
        assert left(folder) == []
    if verb == "split":
        run(folder, *command)


def wait_for_python(process: int) -> None:
    """Wait until the command listens to signals; before that, it has begun nothing, and Python itself ends."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = Path(f"/proc/{process}/status")
        if not status.exists():
            time.sleep(1)
            return
        caught = next((line for line in status.read_text().splitlines() if line.startswith("SigCgt")), "")
        if caught and int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1:
            return
        time.sleep(0.01)


def test_a_bar_on_a_terminal_and_none_in_a_pipe(tmp_path: Path, home: Path) -> None:
    script = (
        "import sys; from recdata.submission import watch; watch._DELAY = 0\n"
        "from recdata.cli import program; program()"
    )
    for verb in ("validate", "score"):
        command = [sys.executable, "-c", script, verb, TASK, str(home / "p.csv")]
        assert b"rows/s" in on_a_terminal(command, {**environment(home), "TQDM_MININTERVAL": "0"})
        piped = subprocess.run(command, env=environment(home), capture_output=True, check=True)
        assert b"rows" not in piped.stdout + piped.stderr.replace(b" rows a user", b"").replace(
            b"as many rows", b""
        )


def on_a_terminal(command: list[str], env: dict[str, str]) -> bytes:
    """Run a command whose standard error is a terminal; return what is written there."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 1 << 16):
            said += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert process.wait(timeout=120) == 0
    return said
