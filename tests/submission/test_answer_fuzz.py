"""Fuzzing of answers: whatever bytes a file has, the answer is findings, or a score; never a traceback.

As in test_fuzz: good files are cut, flipped, repeated and mixed; RECDATA_FUZZ sets how many are tried.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from bad_answers import GOOD, IDS, KINDS, golds, lines, parquet, task_in
from fuzzing import FUZZ, damaged, try_file
from hypothesis import given
from hypothesis import strategies as st

from recdata.protocol.answers import AnswerTask
from recdata.submission.examine import validate

SEEDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("p.csv", GOOD.replace("5", '"5\n "').encode),
    "tsv": ("p.tsv", GOOD.replace(",", "\t").encode),
    "jsonl": ("p.jsonl", lambda: lines().encode()),
    "golds": ("p.json", lambda: golds().encode()),
    "golds, indented": ("p.json", lambda: json.dumps(json.loads(golds()), indent=2).encode()),
    "parquet": ("p.parquet", lambda: parquet("1", "5", "3")),
    "gz": ("p.csv.gz", lambda: gzip.compress(GOOD.encode(), mtime=0)),
}
PAST = {
    "a bracket for each byte": b'{"golds": ' + b"[" * 100_000,
    "objects in objects": b'{"golds": [' + b'{"id":' * 20_000,
    "an integer of 10,000 digits": b'{"id": "q1", "output": ' + b"9" * 10_000 + b"}\n",
    "halves of pairs as an id": b'{"id": "\\udc00\\ud800", "output": "1"}\n',
    "only quotes": b'example_id,answer\n"""""\n',
    "a carriage return alone": b"example_id,answer\rq1,1\rq2,2\rq3,3\r",
}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> AnswerTask:
    return task_in(tmp_path_factory.mktemp("task") / "answers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("format", SEEDS)
def test_damaged_files(task: AnswerTask, folder: Path, format: str) -> None:
    name, make = SEEDS[format]

    @FUZZ
    @given(damaged(make()))
    def harness(content: bytes) -> None:
        try_file(task, folder / name, content)

    try_file(task, folder / name, make())
    harness()


@FUZZ
@given(st.dictionaries(st.sampled_from([*IDS, "q9", "\u202e"]), st.text(max_size=8) | st.none(), max_size=5))
def test_any_texts_say_the_same_in_every_format(
    task: AnswerTask, folder: Path, rows: dict[str, str | None]
) -> None:
    frame = pd.DataFrame({"example_id": list(rows), "answer": pd.Series(list(rows.values()), dtype=object)})
    counts = validate(task, frame).counts
    frame.to_parquet(folder / "rows.parquet")
    assert validate(task, folder / "rows.parquet").counts == counts
    written = [{"id": key, "output": answer} for key, answer in rows.items()]
    (folder / "rows.json").write_text(json.dumps({"golds": written, "task": "LaMP_3"}))
    assert validate(task, folder / "rows.json").counts == counts


@pytest.mark.parametrize("case", PAST)
def test_past_failures(task: AnswerTask, tmp_path: Path, case: str) -> None:
    try_file(task, tmp_path / "p", PAST[case])


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_bad_answers(task: AnswerTask, tmp_path: Path, kind: str) -> None:
    name, make, _ = KINDS[kind]
    content = make()
    try_file(task, tmp_path / name, content.encode() if isinstance(content, str) else content)
