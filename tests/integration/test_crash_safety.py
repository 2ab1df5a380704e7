"""Kills, full disks and many processes at once: nothing torn, nothing wrong, the next run carries on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from killing import CORPUS, TASK, raw_files

from recdata.store.files import check_files
from recdata.store.manifest import read_manifest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills and limits are POSIX")
SCRIPT = Path(__file__).with_name("killing.py")


def start(home: Path, *arguments: str, limit: int | None = None) -> subprocess.Popen[str]:
    def lower() -> None:
        import resource

        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "recdata", *arguments],
        env={**os.environ, "RECDATA_HOME": str(home)},
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
