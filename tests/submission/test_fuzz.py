"""Fuzzing: whatever bytes a file has, the answer is findings, or a score that an independent reader confirms.

Each format begins from good files that are then cut, flipped, repeated and mixed. RECDATA_FUZZ sets how many files each
harness tries (default 60); what once failed is kept in ``seeds.PAST``. ``scripts/fuzz`` tries thousands on the command line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bad_inputs import KINDS, task_in
from fuzzing import FUZZ, damaged, try_file
from hypothesis import given
from hypothesis import strategies as st
from seeds import PAST, SEEDS

from recdata.protocol.task import Task
from recdata.submission.examine import validate


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return task_in(tmp_path_factory.mktemp("task") / "task")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("format", SEEDS)
def test_damaged_files(task: Task, folder: Path, format: str) -> None:
    name, make = SEEDS[format]

    @FUZZ
    @given(damaged(make()))
    def harness(content: bytes) -> None:
        try_file(task, folder / name, content)

    try_file(task, folder / name, make())
    harness()


@FUZZ
@given(
    content=st.binary(max_size=200),
    start=st.sampled_from([b"", b"PAR1", b"PK\3\4", b"\x1f\x8b", b"BZh", b"(\xb5/\xfd", b"{"]),
)
def test_any_bytes(task: Task, folder: Path, content: bytes, start: bytes) -> None:
    try_file(task, folder / "p", start + content)


ids = st.text(max_size=5) | st.sampled_from(["u1", "u2", "a", "b", "seen", "42", "=1+1", "\u202e", "\x1b[2J"])
numbers = st.floats(width=32) | st.integers(-3, 3).map(float)


@FUZZ
@given(st.lists(st.tuples(ids, ids, numbers), max_size=12))
def test_any_rows_say_the_same_in_every_format(
    task: Task, folder: Path, rows: list[tuple[str, str, float]]
) -> None:
    rows = [(user, item, value) for user, item, value in rows if (user + item).isprintable()]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    kinds = (pa.string(), pa.string(), pa.float64())
    table = pa.table(
        {
            name: pa.array(column, kind)
            for name, column, kind in zip(("user_id", "item_id", "score"), columns, kinds, strict=True)
        }
    )
    pq.write_table(table, folder / "rows.parquet")
    counts = validate(task, table).counts
    assert validate(task, folder / "rows.parquet").counts == counts
    import csv as text

    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        text.writer(file, lineterminator="\n").writerows([("user_id", "item_id", "score"), *rows])
    assert validate(task, folder / "rows.csv").counts == counts


@pytest.mark.parametrize("case", PAST)
def test_past_failures(task: Task, tmp_path: Path, case: str) -> None:
    name, content = PAST[case]
    try_file(task, tmp_path / name, content)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_bad_input(task: Task, tmp_path: Path, kind: str) -> None:
    name, make, _ = KINDS[kind]
    content = make()
    try_file(task, tmp_path / name, content.encode() if isinstance(content, str) else content)


@pytest.mark.skipif(os.name != "posix", reason="forks and limits are POSIX")
def test_fuzzed_files_through_the_command_line() -> None:
    script = Path(__file__).resolve().parents[2] / "scripts" / "fuzz"
    files = str(4 * int(os.environ.get("RECDATA_FUZZ", "60")))
    done = subprocess.run(
        [sys.executable, str(script), "--files", files, "--seconds", "120"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["files"], found["wrong"]) == (int(files), 0)
    assert {"scored", "unreadable", "bad-line"} <= found["outcomes"].keys()
