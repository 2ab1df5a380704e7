"""Files and folders appear whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recdata.errors import InputError, ResourceError
from recdata.store.atomic import atomic_file, atomic_folder, scratch_folder, sweep, write_json, writing


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(folder: Path, text: str) -> None:
    (folder / "table").write_text(text)
    (folder / "manifest.json").write_text("{}")


def write_and_fail(target: Path, fault: type[BaseException]) -> None:
    with atomic_file(target) as temporary:
        temporary.write_text("half")
        raise fault


def fill_and_fail(target: Path, fault: BaseException) -> None:
    with atomic_folder(target) as work:
        fill(work, "half")
        raise fault


def test_a_file_appears_with_its_folders(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a" / "b" / "c.txt") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "a" / "b" / "c.txt").exists()
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "whole"
    assert entries(tmp_path / "a" / "b") == ["c.txt"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path: Path, fault: type[BaseException]) -> None:
    target = tmp_path / "name with spaces, ünïcode.txt"
    target.write_text("old")
    with pytest.raises(fault):
        write_and_fail(target, fault)
    assert target.read_text() == "old"
    assert entries(tmp_path) == [target.name]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic_file(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_long_name_fits(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 120 + ".json")
    with atomic_file(target) as temporary:
        temporary.write_text("x")
    assert entries(tmp_path) == [target.name]


def test_a_folder_is_refused_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"), atomic_file(tmp_path):
        pass


@pytest.mark.skipif(os.name != "posix", reason="devices by name")
def test_devices_and_open_files_are_written_to_not_replaced(tmp_path: Path) -> None:
    with atomic_file(Path("/dev/null")) as temporary:
        assert temporary == Path("/dev/null")
    script = (
        "import sys; from pathlib import Path; from recdata.store.atomic import atomic_file\n"
        "with atomic_file(Path('/dev/stdout')) as path: path.write_text('out')"
    )
    with (tmp_path / "log").open("wb") as log:
        subprocess.run([sys.executable, "-c", script], stdout=log, check=True)
        inode = os.fstat(log.fileno()).st_ino
    assert (tmp_path / "log").read_text() == "out"
    assert (tmp_path / "log").stat().st_ino == inode


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "corpora" / "x@1") as work:
        fill(work, "first")
        assert not (tmp_path / "corpora" / "x@1").exists()
    assert entries(tmp_path / "corpora") == ["x@1"]


def test_the_loser_of_a_race_is_dropped(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "x") as late:
        fill(late, "late")
        with atomic_folder(tmp_path / "x") as early:
            fill(early, "early")
    assert (tmp_path / "x" / "table").read_text() == "early"
    assert entries(tmp_path) == ["x"]


def test_replace_takes_the_place(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with atomic_folder(tmp_path / "x", replace=True) as work:
            fill(work, text)
    assert (tmp_path / "x" / "table").read_text() == "second"
    assert entries(tmp_path) == ["x"]


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_not_finished_is_replaced(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "table").write_text("torn")
    elif kind == "file":
        (tmp_path / "x").write_text("in the way")
    else:
        (tmp_path / "x").symlink_to("nowhere")
    with atomic_folder(tmp_path / "x") as work:
        fill(work, "whole")
    assert (tmp_path / "x" / "table").read_text() == "whole"
    assert entries(tmp_path) == ["x"]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fill_and_fail(tmp_path / "x", ZeroDivisionError())
    assert entries(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "input/output"),
    ],
)
def test_a_disk_that_refuses_is_explained(tmp_path: Path, number: int, words: str) -> None:
    with pytest.raises(ResourceError, match=words):
        fill_and_fail(tmp_path / "x", OSError(number, os.strerror(number)))
    assert entries(tmp_path) == []


def test_a_refused_permission_is_explained_only_for_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="permission denied"), writing(tmp_path / "x"):
        raise PermissionError(errno.EACCES, "no", str(tmp_path / "x"))
    with pytest.raises(PermissionError), writing(tmp_path / "store" / "x"):
        raise PermissionError(errno.EACCES, "no", "/elsewhere/raw.csv")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResourceError, match="RECDATA_HOME"), atomic_file(tmp_path / "x" / "y"):
        pass
    tmp_path.chmod(0o700)


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="in the way"), atomic_folder(tmp_path / "file" / "x"):
        pass


def test_json_is_for_people_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "d.json", {"b": "é", "a": [1]})
    assert (tmp_path / "d.json").read_text(encoding="utf-8") == '{\n  "b": "é",\n  "a": [\n    1\n  ]\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "d.json", {"a": float("nan")})
    assert entries(tmp_path) == ["d.json"]


def test_scratch_goes(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "archives") as work:
        (work / "sub").mkdir()
    assert entries(tmp_path / "archives") == []


KILLED = """
import sys, time
from pathlib import Path
from recdata.store.atomic import atomic_folder
with atomic_folder(Path(sys.argv[1])) as work:
    (work / "manifest.json").write_text("{}")
    for place in range(100000):
        (work / f"table{place}").write_bytes(bytes(1000))
        if place == 20:
            print("writing", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_process_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    target = tmp_path / "x@1.0.0"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(target)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    left = entries(tmp_path)
    assert len(left) == 1
    assert left[0].startswith(".x@1.0.0.")
    assert left[0].endswith(".tmp")
    with atomic_folder(target) as work:  # the next one carries on, and clears up
        fill(work, "whole")
    assert entries(tmp_path) == ["x@1.0.0"]


def test_the_living_and_the_young_are_left_alone(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "mine"):
        mine = entries(tmp_path)
        foreign = tmp_path / ".x.00000000-1-00000000.tmp"
        foreign.mkdir()
        (foreign / "part").write_text("")
        (tmp_path / ".gitignore.tmp").write_text("a name like ours, but not ours")
        sweep(tmp_path)
        assert entries(tmp_path) == sorted([*mine, foreign.name, ".gitignore.tmp"])
        old = time.time() - 100_000
        for path in (foreign / "part", foreign, tmp_path / ".gitignore.tmp"):
            os.utime(path, (old, old))
        sweep(tmp_path)
        assert entries(tmp_path) == sorted([*mine, ".gitignore.tmp"])


def test_a_wrong_clock_makes_nothing_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What another machine is writing is dated by the file system's clock, and this machine's may be years away.
    live = tmp_path / ".x.00000000-1-00000000.tmp"
    for wrong in (0.0, 4e9):
        live.write_text("")
        monkeypatch.setattr("time.time", lambda wrong=wrong: wrong)
        sweep(tmp_path)
        assert live.exists()
    os.utime(live, (4e9, 4e9))
    sweep(tmp_path)
    assert live.exists()
    os.utime(live, (0, 0))
    sweep(tmp_path)
    assert not live.exists()
