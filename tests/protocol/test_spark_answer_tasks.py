"""Tasks over examples made by Spark: the same fingerprints and rows as made in this process, in 2 and 4 partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answering import choices_task, lamp_task
from click.testing import CliRunner

import recdata
from recdata.cli import cli
from recdata.engines import Spark
from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask
from recdata.protocol.built import task_folder
from recdata.protocol.make import make_task
from recdata.protocol.spread.place import task_of_table
from recdata.protocol.verify import verify
from recdata.scoring.score import score
from recdata.store.files import file_entry
from recdata.store.manifest import read_manifest, write_manifest
from recdata.store.paths import corpora

OWN = ("created", "content_hash", "tables")
"""What a manifest says of one making of a task."""


def same(task: AnswerTask, engine: Any) -> AnswerTask:
    """Make a task again by Spark, and hold it against the one that is there."""
    rows = {part: task.to_arrow(part).to_pylist() for part in task.parts}
    again = recdata.task(task.name, rebuild=True, engine=engine)
    assert isinstance(again, AnswerTask)
    assert again.fingerprint == task.fingerprint
    said, found = ({k: v for k, v in each.manifest.items() if k not in OWN} for each in (task, again))
    assert said == found
    for part in task.parts:
        assert (again.folder / f"{part}.parquet").is_dir()
        assert again.to_arrow(part).to_pylist() == rows[part]
        assert [row for batch in again.examples(part, size=3) for row in batch.to_pylist()] == rows[part]
        assert again.schema(part).names == again.to_arrow(part).schema.names
    return again


@pytest.mark.parametrize("setting", ["none", "full", "recent-4", "random-4", "bm25-4"])
def test_every_setting(setting: str, home: Path, tmp_path: Path, spark: Any) -> None:
    if setting.startswith("bm25"):
        pytest.importorskip("rank_bm25")
    task = lamp_task(tmp_path / "raw", 3, list("12345" * 60), setting, entries=6)
    partitions = "4" if setting in ("full", "random-4") else "2"
    same(task, Spark(conf={"spark.sql.shuffle.partitions": partitions}))


def test_a_card_of_ones_own_verified_and_scored(home: Path, tmp_path: Path, spark: Any) -> None:
    """Parts without rows, lists of options, examples of nobody; what Spark wrote is read by either engine."""
    rows = [
        {"id": f"e{place}", "right": "ab"[place % 2], "user": "u" if place % 3 else None}
        for place in range(20)
    ]
    task = same(choices_task(tmp_path / "raw", rows), spark)
    assert (task.rows("train"), task.rows("test"), task.manifest["counts"]["users"]) == (0, 20, 1)
    assert all(check.ok for check in verify(task.name, spark))
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"example_id": [row["id"] for row in rows], "answer": ["a"] * 20}), path)
    here, there = score(task, path, by="user_id"), score(task, str(path), by="user_id", engine=spark)
    assert there.document["metrics"] == here.document["metrics"]
    assert there.document["slices"] == here.document["slices"]


def changed(task: AnswerTask, columns: Mapping[str, Sequence[str]]) -> Path:
    """Write other values into a corpus's examples, as no build would; return its folder."""
    folder = next(corpora().glob(f"{task.manifest['corpus']['name']}@*"))
    manifest = read_manifest(folder)
    path = folder / manifest["tables"]["examples"]["file"]
    table = pq.read_table(path)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values, pa.string()))
    pq.write_table(table, path)
    manifest["tables"]["examples"] |= file_entry(path)
    del manifest["content_hash"]
    write_manifest(folder, manifest)
    return folder


def test_examples_that_make_no_task(home: Path, tmp_path: Path, spark: Any) -> None:
    task = lamp_task(tmp_path / "raw", 3, ["1", "2"])
    folder = tmp_path / "made"
    for words, columns in (
        (
            "the part of an example is 'later'; expected train",
            {"part": ["train", "valid", "valid", "test", "later"]},
        ),
        (
            "the id 'q1' occurs in several tasks of the valid part",
            {
                "part": ["train", "valid", "valid", "test", "test"],
                "example_id": ["q0", "q1", "q1", "t0", "t1"],
                "task": ["LaMP_3", "LaMP_3", "LaMP_4", "LaMP_4", "LaMP_4"],
            },
        ),
    ):
        corpus = changed(task, columns)
        for engine in (None, spark):
            with pytest.raises(InputError, match=words):
                make_task(corpus, task.protocol, folder, engine=engine)
    assert not folder.exists()


def test_commands(home: Path, tmp_path: Path, spark: Any) -> None:
    task = lamp_task(tmp_path / "raw", 3, ["1", "2"])
    outcome = CliRunner().invoke(cli, ["split", "lamp-3/profile-none", "--rebuild", "--engine", "spark"])
    assert outcome.exit_code == 0
    assert task.fingerprint[:12] in outcome.output
    assert (task_folder("lamp-3@1.0.0", task.protocol) / "test.parquet").is_dir()
    outcome = CliRunner().invoke(
        cli, ["leakage", "lamp-3/profile-none", "--engine", "spark"], standalone_mode=False
    )
    assert isinstance(outcome.exception, InputError)
    assert "is a task over examples" in str(outcome.exception)
    with pytest.raises(InputError, match="a table is of interactions"):
        task_of_table("clicks/profile-none", "warehouse.clicks", tmp_path / "made")
