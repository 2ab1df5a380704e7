"""Limits end the reading of hostile files; a child process keeps their cost from everybody else."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handmade import make_task

from recdata.cli._guarded import run_child
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.submission import spool
from recdata.submission.examine import validate
from recdata.submission.limits import Limits

HEADER = "user_id,item_id,score\n"
GOOD = HEADER + "u1,a,1\nu2,b,2\n"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return make_task(
        tmp_path_factory.mktemp("task"), test=[("u1", "a"), ("u2", "b")], cutoffs=[1], primary="nDCG@1"
    )


@pytest.mark.parametrize(
    ("limits", "content"),
    [
        (Limits(rows=1), GOOD),
        (Limits(bytes=10), GOOD),
        (Limits(columns=3), "user_id,item_id,score,x\nu1,a,1,2\n"),
        (Limits(id_length=5), GOOD + "u1,abcdef,0\n"),
    ],
)
def test_limits_of_text(task: Task, tmp_path: Path, limits: Limits, content: str) -> None:
    (tmp_path / "p.csv").write_text(content)
    assert "over-limit" in validate(task, tmp_path / "p.csv", limits=limits).counts
    assert "over-limit" not in validate(task, tmp_path / "p.csv").counts


def test_what_is_packed_well_and_small_is_no_bomb(task: Task, tmp_path: Path) -> None:
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(GOOD.encode() + b"\n" * 1_000_000))
    assert not validate(task, tmp_path / "p.csv.gz", limits=Limits(ratio=100)).counts


def test_bombs(task: Task, tmp_path: Path) -> None:
    bomb = GOOD.encode() + b"\n" * 110_000_000
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(bomb, 1))
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.csv", bomb)
    (tmp_path / "p.csv.zip").write_bytes(whole.getvalue())
    np.savez_compressed(
        tmp_path / "p.npz", user_id=np.zeros(15_000_000), item_id=np.zeros(1), score=np.zeros(1)
    )
    del bomb
    for name in ("p.csv.gz", "p.csv.zip", "p.npz"):
        findings = validate(task, tmp_path / name, limits=Limits(ratio=100))
        assert list(findings.counts) == ["over-limit"], name


def test_limits_of_parquet(task: Task, tmp_path: Path) -> None:
    table = pa.table({"user_id": ["u1", "u2"], "item_id": ["a", "b"], "score": [1.0, 2.0], "more": [1, 2]})
    for part in ("a", "b"):
        pq.write_table(table.take([0 if part == "a" else 1]), tmp_path / f"{part}.parquet")
    for limits in (Limits(columns=3), Limits(rows=1), Limits(parts=1), Limits(bytes=50)):
        assert list(validate(task, tmp_path, limits=limits).counts) == ["over-limit"]
    assert not validate(task, tmp_path).counts


@pytest.mark.parametrize("text", ["rows", "rows=", "rows=-1", "rows=many", "files=3", "rows=inf"])
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="rows, bytes"):
        Limits.of([text])


STORE = """
import sys, recdata.api
from pathlib import Path
from recdata.protocol.task import Task
recdata.api.task = lambda name, **_: Task(Path({folder!r}), __import__("json").loads({manifest!r}))
from recdata.cli import program
sys.argv[1:] = {arguments!r}
program()
"""


def run(task: Task, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    code = STORE.format(
        folder=str(task.folder), manifest=json.dumps(task.manifest), arguments=list(arguments)
    )
    return subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False)


def test_standard_input(task: Task) -> None:
    done = run(task, "validate", "any/task", "-", data=GOOD.encode())
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"<standard input>: 0 errors" in done.stderr
    done = run(task, "score", "any/task", "-", "--limit", "rows=1", data=GOOD.encode())
    assert done.returncode == 3
    assert b"over-limit" in done.stderr


def test_a_child_passes_on_what_it_says(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_child(["validate", "--codes"], Limits()) == 0
    assert "over-limit" in capfd.readouterr().out
    assert run_child(["validate", "nothing/at-all", "p\x1b[31m.csv"], Limits()) in {3, 4}
    assert "\x1b" not in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
@pytest.mark.parametrize("limits", [Limits(seconds=1), Limits(memory=2 * 10**9)], ids=["time", "memory"])
def test_a_child_that_wants_too_much(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limits: Limits
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'memory' in sys.argv:\n    pass\n"
        "import recdata.cli\n"
        + (
            "recdata.cli.main = lambda: bytearray(3 * 10**9)\n"
            if limits.memory < 8 * 10**9
            else "import time\nrecdata.cli.main = lambda: time.sleep(60)\n"
        )
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).resolve().parents[2]}")
    assert run_child(["validate", "any/task", "p.csv"], limits) == 3
    assert "over-limit" in capfd.readouterr().err


def nested(depth: int) -> str:
    return '{"user_id": "u1", "item_id": "c", "score": 0, "more": ' + "[" * depth + "]" * depth + "}\n"


@pytest.mark.parametrize("depth", [20, 1000, 2_000_000])
@pytest.mark.parametrize("first", [True, False])
def test_json_that_is_too_deep(task: Task, tmp_path: Path, depth: int, first: bool) -> None:
    good = '{"user_id": "u1", "item_id": "a", "score": 1}\n{"user_id": "u2", "item_id": "b", "score": 1}\n'
    path = tmp_path / "p.jsonl"
    path.write_text(nested(depth) + good if first else good + nested(depth))
    findings = validate(task, path)
    assert list(findings.counts) == ["over-limit"]
    (found,) = findings.shown()
    assert (found.row, found.value) == (1 if first else 3, f"nesting {depth + 1:,}")
    if depth < 1000:
        assert "over-limit" not in validate(task, path, limits=Limits(nesting=depth + 1)).counts


def test_brackets_in_strings_are_not_nested(task: Task, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(
        '{"user_id": "u1", "item_id": "a", "score": 1}\n'
        '{"user_id": "u2", "item_id": "b", "score": 1, "more": "'
        + "[{" * 50
        + '\\" [[["}\n'
        + '{"user_id": "u1", "item_id": "'
        + "[" * 50
        + '", "score": 0}\n' * 1
        + nested(19)
    )
    counts = validate(task, path).counts
    assert set(counts) == {"unknown-item"}


def test_standard_input_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_LITTLE", 10)
    monkeypatch.setattr(spool, "_CHUNK", 4)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said: list[str] = []
    with spool.spooled(io.BytesIO(b"x" * 30), Limits(spool=40), said.append) as given:
        assert given.path.read_bytes() == b"x" * 30
        assert tmp_path in given.path.parents
    assert len(said) == 1
    assert "at most 40 bytes" in said[0]
    with (
        pytest.raises(InputError, match="over the limit of 20 bytes"),
        spool.spooled(io.BytesIO(b"x" * 30), Limits(spool=20)),
    ):
        pass
    assert not list(tmp_path.iterdir())
