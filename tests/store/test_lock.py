"""One process at a time, and a killed one holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recdata.errors import ResourceError
from recdata.store.lock import locked

HOLDER = """
import sys, time
from pathlib import Path
from recdata.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
COUNTER = """
import sys
from pathlib import Path
from recdata.store.lock import locked
path = Path(sys.argv[1])
for _ in range(50):
    with locked(path):
        number = int(path.read_text())
        path.write_text(str(number + 1))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "x")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with locked(tmp_path / "x"):
        pass


def test_processes_take_turns(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [subprocess.Popen([sys.executable, "-c", COUNTER, str(counter)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert counter.read_text() == "150"


def test_the_folder_is_made_and_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "new" / "x"):
        raise ZeroDivisionError
    with locked(tmp_path / "new" / "x"):
        pass


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="in the way"), locked(tmp_path / "file" / "x"):
        pass
