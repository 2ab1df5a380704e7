"""Wrong clocks, odd locales, no home, names with spaces and letters of other scripts: the real command comes to the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from killing import TASK, raw_files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locales and clocks are set as POSIX has them")
HERE = "a folder with spaces, ü, 雪 and 🎬"
CLOCK = "import time; _real = time.time; time.time = lambda: _real() + {off}"


def run(folder: Path, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[bytes]:
    given = {**os.environ, "RECDATA_HOME": str(folder / "home"), **variables}
    environment = {name: value for name, value in given.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-m", "recdata", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        check=False,
    )


def whole_way(folder: Path, **variables: str | None) -> dict[str, Any]:
    """Build, split, write predictions and score them; return what must be the same everywhere."""
    raw = raw_files(folder / "raw files ü")
    for path in raw.iterdir():
        os.utime(path, (int(variables.get("AGE") or 0),) * 2)
    steps = (
        ("split", TASK, "--from", str(raw), "--allow-partial", "--json"),
        ("template", TASK, "-o", "p ü 雪.csv"),
        ("validate", TASK, "p ü 雪.csv", "--json"),
        ("score", TASK, "p ü 雪.csv", "-o", "result ü.json", "--json"),
    )
    said = []
    for step in steps:
        done = run(folder, *step, **variables)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        assert b"Traceback" not in done.stderr
        said.append(done.stdout)
    result = json.loads((folder / "result ü.json").read_text(encoding="utf-8"))
    assert json.loads(said[3])["metrics"] == result["metrics"]
    assert not list((folder / "home").rglob("*.tmp"))
    kept = {key: result[key] for key in ("task", "predictions", "metrics", "counts", "choices")}
    return {"fingerprint": json.loads(said[0])["fingerprint"], **kept}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return whole_way(tmp_path_factory.mktemp("usual"))


LOCALES: dict[str, dict[str, str | None]] = {
    "C": {"LC_ALL": "C"},
    "POSIX, not one letter of UTF-8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "one that is not there": {"LC_ALL": "xx_YY.ISO-8859-9"},
    "output in Latin-1": {"PYTHONIOENCODING": "latin-1"},
    "another zone": {"TZ": "Pacific/Chatham"},
}


@pytest.mark.parametrize("locale", LOCALES)
def test_odd_locales(tmp_path: Path, usual: dict[str, Any], locale: str) -> None:
    folder = tmp_path / HERE
    folder.mkdir()
    assert whole_way(folder, **LOCALES[locale]) == usual


@pytest.mark.parametrize("years", [-56, 120])
def test_wrong_clocks(tmp_path: Path, usual: dict[str, Any], years: int) -> None:
    seconds = years * 365 * 86_400
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(CLOCK.format(off=seconds))
    here = {"PYTHONPATH": str(tmp_path / "clock"), "AGE": str(4 * 10**9 if years < 0 else 0)}
    made = whole_way(tmp_path, **here)
    assert made == usual
    # With the right clock again, what stands there is still right.
    assert run(tmp_path, "verify", TASK).returncode == 0
    assert run(tmp_path, "score", TASK, "p ü 雪.csv").returncode == 0


@pytest.mark.parametrize("home", ["no folder", "", None])
def test_no_home(tmp_path: Path, home: str | None) -> None:
    raw = raw_files(tmp_path / "raw")
    if home == "no folder":  # below a file not even root can make one
        (tmp_path / "file").touch()
        home = str(tmp_path / "file" / "home")
    split = ("split", TASK, "--from", str(raw), "--allow-partial")
    nowhere = {"RECDATA_HOME": None, "XDG_DATA_HOME": None, "HOME": home}
    if home and (tmp_path / "file").exists():
        done = run(tmp_path, *split, **nowhere)
        assert done.returncode == 6
        assert b"set RECDATA_HOME" in done.stderr
        assert b"Traceback" not in done.stderr
    # Where the store is named, no home is needed.
    assert run(tmp_path, *split, HOME=home, XDG_DATA_HOME=None).returncode == 0
