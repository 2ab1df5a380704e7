"""Kills, full disks and many processes at once: nothing torn, nothing wrong, the next run carries on."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from killing import CORPUS, TASK, raw_files

from recdata.store.files import check_files
from recdata.store.manifest import read_manifest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills and limits are POSIX")
SCRIPT = Path(__file__).with_name("killing.py")


def start(
    home: Path, *arguments: str, limit: int | None = None, stdin: Path | None = None, **variables: str
) -> subprocess.Popen[str]:
    def lower() -> None:
        import resource

        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "recdata", *arguments],
        env={**os.environ, "RECDATA_HOME": str(home), **variables},
        stdin=None if stdin is None else stdin.open("rb"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lower,
    )


def built(home: Path) -> set[str]:
    """Return the fingerprints of all that stands in the store; all of it must be whole."""
    found = set()
    for path in home.rglob("manifest.json"):
        manifest = read_manifest(path.parent)
        check_files(path.parent, manifest["tables"])
        found.add(manifest["fingerprint"])
    assert not list(home.rglob("*.tmp"))
    return found


def test_random_kills(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path), "30", "15"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["turns"] > 0
    assert counts["left"] == 0


def test_eight_processes_at_once(tmp_path: Path) -> None:
    raw, home = raw_files(tmp_path / "raw files ü"), tmp_path / "home ü"
    split = ("split", TASK, "--from", str(raw), "--allow-partial", "--json")
    running = [start(home, *split) for _ in range(8)]
    outcomes = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * 8, outcomes
    assert len({json.loads(stdout)["fingerprint"] for stdout, _ in outcomes}) == 1
    assert len(built(home)) == 2


def test_eight_processes_score_what_none_has_built(tmp_path: Path) -> None:
    raw, home = raw_files(tmp_path / "raw"), tmp_path / "home"
    predictions, result = tmp_path / "p.csv", tmp_path / "r.json"
    rows = (raw / "ratings.txt").read_text().split("\n")[:-1]
    pairs = (line.split()[:2] for line in rows)
    predictions.write_text(
        "user_id,item_id,score\n" + "".join(f"{user},{item},{item}\n" for user, item in pairs)
    )
    split = start(home, "split", TASK, "--from", str(raw), "--allow-partial")
    verbs = [("build", CORPUS, "--from", str(raw), "--allow-partial")] * 3
    building = [start(home, *verb) for verb in verbs]
    assert [process.wait() for process in (split, *building)] == [0] * 4
    scoring = [start(home, "score", TASK, str(predictions), "-o", str(result), "--json") for _ in range(8)]
    outcomes = [process.communicate() for process in scoring]
    assert [process.returncode for process in scoring] == [0] * 8, outcomes
    said = [json.loads(stdout) for stdout, _ in outcomes]
    assert len({json.dumps(document["metrics"]) for document in said}) == 1
    assert json.loads(result.read_text())["metrics"] == said[0]["metrics"]
    assert len(built(home)) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Make file systems of a given size, which are gone after the test."""
    made: list[Path] = []

    def make(options: str) -> Path:
        place = tmp_path / f"disk{len(made)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a file system of one's own needs root: {done.stderr.strip()}")
        made.append(place)
        return place

    if sys.platform != "linux" or os.geteuid():
        pytest.skip("a file system of one's own needs root on Linux")
    yield make
    for place in made:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_really_full(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    raw = raw_files(tmp_path / "raw")
    split = ("split", TASK, "--from", str(raw), "--allow-partial")
    for size in ("16k", "32k", "64k"):
        home = small_disk(f"size={size}")
        full = start(home, *split)
        _, words = full.communicate()
        assert (full.returncode, "disk is full" in words, "Traceback" in words) == (6, True, False), words
        # Whatever stands there is whole; a larger disk, and the next run carries on.
        made = built(home)
        subprocess.run(["mount", "-o", "remount,size=50m", str(home)], check=True)
        assert start(home, *split).wait() == 0
        assert made <= built(home)
    predictions, disk = tmp_path / "p.csv", small_disk("size=12k")
    assert start(home, "template", TASK, "-o", str(predictions)).wait() == 0
    for target in ("-o", "--per-user"):
        result = disk / "values.csv"
        result.write_text("what stood here")
        (disk / "filler").write_bytes(bytes(4096))
        full = start(home, "score", TASK, str(predictions), target, str(result))
        assert (full.communicate()[1][:6], full.returncode) == ("error:", 6)
        assert result.read_text() == "what stood here"
        assert sorted(path.name for path in disk.iterdir()) == ["filler", "values.csv"]
    full = start(home, "validate", TASK, "-", TMPDIR=str(disk), stdin=predictions)
    _, words = full.communicate()
    assert (full.returncode, "disk is full" in words) == (6, True), words
    assert sorted(path.name for path in disk.iterdir()) == ["filler", "values.csv"]


def test_a_file_system_that_is_read_only(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    raw, home = raw_files(tmp_path / "raw"), small_disk("size=50m")
    split = ("split", TASK, "--from", str(raw), "--allow-partial")
    predictions = tmp_path / "p.csv"
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    refused = start(home, *split)
    _, words = refused.communicate()
    assert (refused.returncode, "read-only" in words, "Traceback" in words) == (6, True, False), words
    subprocess.run(["mount", "-o", "remount,rw", str(home)], check=True)
    assert start(home, *split).wait() == 0
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    # What is there can be used, if nothing is written to it.
    assert start(home, "template", TASK, "-o", str(predictions)).wait() == 0
    assert start(home, "score", TASK, str(predictions), "-o", str(tmp_path / "r.json")).wait() == 0
    refused = start(home, "score", TASK, str(predictions), "-o", str(home / "r.json"))
    _, words = refused.communicate()
    assert (refused.returncode, "read-only" in words, "Traceback" in words) == (6, True, False), words


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    raw, home = raw_files(tmp_path / "raw"), tmp_path / "home"
    predictions = tmp_path / "p.csv"
    assert start(home, "split", TASK, "--from", str(raw), "--allow-partial").wait() == 0
    assert start(home, "template", TASK, "-o", str(predictions)).wait() == 0
    drawn = random.Random(11)
    files = sorted(path for path in home.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    kinds = {path.name for path in files}
    assert {"manifest.json", "test.parquet", "users.parquet", "interactions.parquet"} <= kinds
    code = (
        "import sys\nfrom recdata.cli import cli\nfrom recdata.errors import RecdataError\n"
        "from click.testing import CliRunner\n"
        "for line in sys.stdin:\n"
        "    found = CliRunner().invoke(cli, line.rstrip('\\n').split('\\t')).exception\n"
        "    print(getattr(found, 'exit_code', getattr(found, 'code', 0 if found is None else 1)), flush=True)\n"
    )
    asked = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "RECDATA_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert asked.stdin is not None
    assert asked.stdout is not None

    def exit_code(*command: str) -> int:
        asked.stdin.write("\t".join(command) + "\n")
        asked.stdin.flush()
        return int(asked.stdout.readline())

    verbs = [("verify", TASK), ("score", TASK, str(predictions))]
    assert [exit_code(*verb) for verb in verbs] == [0, 0]
    for path in files:
        whole = path.read_bytes()
        is_task = "tasks" in path.parts
        place = drawn.randrange(len(whole))
        broken = bytearray(whole)
        broken[place] ^= 1 << drawn.randrange(8)
        path.write_bytes(broken)
        found = [exit_code(*verb) for verb in (verbs if is_task else verbs[:1])]
        assert all(code in (5, 3) for code in found), (path, place, found)
        path.write_bytes(whole)
    assert [exit_code(*verb) for verb in verbs] == [0, 0]
    asked.communicate()


@pytest.mark.parametrize("limit", [0, 3000])
def test_a_disk_that_is_full(tmp_path: Path, limit: int) -> None:
    raw, home = raw_files(tmp_path / "raw"), tmp_path / "home"
    split = ("split", TASK, "--from", str(raw), "--allow-partial")
    full = start(home, *split, limit=limit)
    _, words = full.communicate()
    assert full.returncode == 6, words
    assert "Traceback" not in words
    assert built(home) == set()
    after = start(home, *split)
    assert (after.communicate()[1][:1] != "", after.returncode) == (True, 0)
    made = built(home)
    assert len(made) == 2
    predictions, result = tmp_path / "p.csv", tmp_path / "r.json"
    assert start(home, "template", TASK, "-o", str(predictions)).wait() == 0
    full = start(home, "score", TASK, str(predictions), "-o", str(result), limit=500)
    assert (full.communicate()[1][:6], full.returncode) == ("error:", 6)
    assert not result.exists()
    assert built(home) == made


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    raw, home = raw_files(tmp_path / "raw"), tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    try:
        refused = start(home, "build", CORPUS, "--from", str(raw), "--allow-partial")
        _, words = refused.communicate()
    finally:
        home.chmod(0o700)
    assert refused.returncode == 6
    assert "permission denied" in words
