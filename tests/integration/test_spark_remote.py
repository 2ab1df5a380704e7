"""Corpora, tasks, predictions and results on another file system: Spark reads and writes them there over WebHDFS."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from webhdfs import FileSystem, RefusedError, serving

import recdata
from recdata.cli import cli
from recdata.engines import open_engine, spark_storage
from recdata.engines.spark import SparkEngine
from recdata.errors import InputError, MismatchError, MissingError, ResourceError
from recdata.protocol.answers import of_interactions
from recdata.protocol.leakage import measure
from recdata.protocol.spread.place import task_of_table
from recdata.protocol.task import Task
from recdata.protocol.verify import verify
from recdata.scoring.score import score
from recdata.scoring.validate import validate
from recdata.submission.finding import RejectedError

NAME = "synth-small/loo-last-100u"
CORPUS, TASK = "corpora/clicks@1.0.0", "tasks/clicks@1.0.0/loo-last-100u@1"
"""Where the interactions of synth-small stand under another name, and the task of them."""


class Remote(NamedTuple):
    """A served folder. task: the same task in the store of this machine. made: what split said of the one at ``address``."""

    server: FileSystem
    task: Task
    made: dict[str, Any]

    @property
    def address(self) -> str:
        return f"{self.server.address}/recdata/{TASK}"

    @property
    def local(self) -> Path:
        """Where the server keeps the task."""
        return self.server.folder / "recdata" / TASK


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def remote(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """A task that was made of a table there, and written there."""
    with pytest.MonkeyPatch.context() as patch, serving(tmp_path_factory.mktemp("served")) as server:
        patch.setenv("RECDATA_HOME", str(tmp_path_factory.mktemp("home")))
        rows = recdata.load("synth-small").to_arrow("interactions")
        shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
        spark.createDataFrame(shuffled).repartition(3).write.parquet(f"{server.address}/given")
        server.asked.clear()
        table, to = f"{server.address}/given", f"{server.address}/recdata"
        made = run("split", "clicks/loo-last-100u", "--engine", "spark", "--corpus-table", table, "--to", to)
        write_predictions(server.folder / "predicted", of_interactions(recdata.task(NAME), "this"))
        yield Remote(server, of_interactions(recdata.task(NAME), "this"), made)


def write_predictions(folder: Path, task: Task) -> None:
    """Write three files of scores, many of them equal, of most users' candidates."""
    pairs = task.candidates()
    assert pairs is not None
    kept = pairs.user % 9 > 0
    user, item = pairs.user[kept], pairs.item[kept]
    values = (item * 7 + user) % 23
    folder.mkdir()
    for number in range(3):
        some = slice(len(user) * number // 3, len(user) * (number + 1) // 3)
        columns = {
            "user_id": task.user_ids.take(pa.array(user[some])),
            "item_id": task.item_ids.take(pa.array(item[some])),
            "score": pa.array(values[some].astype(np.float64)),
        }
        pq.write_table(pa.table(columns), folder / f"part-{number}.parquet")


def test_a_table_there_becomes_the_same_task_there(remote: Remote) -> None:
    assert remote.made["folder"] == remote.address
    for key in ("fingerprint", "buckets", "counts", "parts"):
        assert remote.made[key] == remote.task.manifest[key], key
    assert {path.name for path in remote.local.iterdir()} == {
        "manifest.json",
        *(f"{table}.parquet" for table in remote.made["tables"]),
    }
    # A folder's manifest comes to its name when everything else is there: it is what makes the folder a finished one.
    moved = [path for operation, path in remote.server.asked if operation == "RENAME"]
    for folder in (CORPUS, TASK):
        inside = [path for path in moved if path.startswith(f"/recdata/{folder}/")]
        assert ".manifest.json." in inside[-1]
        assert not any("manifest" in path for path in inside[:-1])


def test_scores_and_values_are_the_same_bits(remote: Remote) -> None:
    here, root = remote.server.folder, remote.server.address
    asked = ("--metrics", "nDCG@10,Recall@5,Coverage@10", "--by", "all")
    values, result = f"{root}/out/users.parquet", f"{root}/out/result.json"
    found = run(
        "score",
        remote.address,
        f"{root}/predicted",
        "--engine",
        "spark",
        "--per-user",
        values,
        "-o",
        result,
        *asked,
    )
    plain = score(remote.task, here / "predicted", metrics=asked[1], by="all")
    for key in ("predictions", "metrics", "primary", "choices", "counts", "slices"):
        assert found[key] == plain.document[key], key
    assert found["task"]["fingerprint"] == plain.document["task"]["fingerprint"]
    written = pq.ParquetDataset(here / "out" / "users.parquet").read()
    assert written.sort_by("user_id").equals(plain.per_user().select(written.column_names))
    assert (here / "out" / "users.parquet" / "_SUCCESS").exists()
    assert json.loads((here / "out" / "result.json").read_text(encoding="utf-8")) == found
    with pytest.raises(InputError, match="there already"):
        run("score", remote.address, f"{root}/predicted", "--engine", "spark", "--per-user", values)


def test_what_is_wrong_with_predictions_is_told_alike(remote: Remote, spark: Any, tmp_path: Path) -> None:
    columns = {"user_id": ["u0", "nobody"], "item_id": ["nothing", "i1"], "score": [0.5, float("nan")]}
    pq.write_table(pa.table(columns), remote.server.folder / "wrong.parquet")
    task = of_interactions(recdata.task(remote.address, engine=spark), "this")
    wrong = f"{remote.server.address}/wrong.parquet"
    found, plain = validate(task, wrong), validate(remote.task, remote.server.folder / "wrong.parquet")
    assert found.file == wrong
    assert found.text().replace(wrong, plain.file) == plain.text()
    assert found.counts == plain.counts
    with pytest.raises(RejectedError):
        recdata.score(remote.address, wrong, engine=spark)


def test_leakage_and_verify(remote: Remote) -> None:
    leaks = run("leakage", remote.address, "--engine", "spark")
    assert leaks == {**measure(remote.task).to_json(), "task": "clicks@1.0.0/loo-last-100u@1"}
    checks = run("verify", remote.address, "--engine", "spark")
    assert all(check["ok"] for check in checks), checks
    assert {check["what"] for check in checks} == {check.what for check in verify(NAME)} - {
        "corpus, items",
        "corpus, users",
    }


def test_a_task_there_is_read_as_any_task(remote: Remote, spark: Any) -> None:
    task = of_interactions(recdata.task(remote.address, engine=spark), "this")
    assert repr(task).startswith("<SpreadTask clicks@1.0.0/loo-last-100u@1#")
    assert task.parts == remote.task.parts
    assert task.user_ids.equals(remote.task.user_ids)
    assert task.item_ids.equals(remote.task.item_ids)
    for part in task.parts:
        rows, same = task.rows(part), remote.task.rows(part)
        assert all(np.array_equal(*pair) for pair in zip(rows[:3], same[:3], strict=True))
        assert np.array_equal(rows.rating, same.rating, equal_nan=True)
        assert np.array_equal(rows.row, same.row)
    assert all(map(np.array_equal, task.candidates() or (), remote.task.candidates() or ()))
    assert all(map(np.array_equal, task.seen_pairs(), remote.task.seen_pairs()))
    decoded = task.to_arrow("test")
    assert decoded.equals(remote.task.to_arrow("test").select(decoded.column_names))
    with pytest.raises(InputError, match="read by the engine spark, not by duckdb"):
        recdata.score(task, remote.server.folder / "predicted", engine="duckdb")


def test_changed_files_are_found(remote: Remote, spark: Any) -> None:
    (part, *_) = sorted((remote.local / "test.parquet").glob("*.parquet"))
    whole = part.read_bytes()
    try:
        part.write_bytes(whole[:4] + bytes([whole[4] ^ 1]) + whole[5:])
        with pytest.raises(MismatchError, match=r"test\.parquet is not what was written"):
            recdata.score(remote.address, f"{remote.server.address}/predicted", engine=spark)
        for file in part.parent.glob("*.parquet"):
            file.rename(file.with_suffix(".away"))
        with pytest.raises(MismatchError, match=r"test\.parquet is gone"):
            recdata.task(remote.address, engine=spark).check_files()
    finally:
        for file in part.parent.glob("*.away"):
            file.rename(file.with_suffix(".parquet"))
        part.write_bytes(whole)
    manifest = remote.local / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    try:
        manifest.write_text(text.replace('"rows": ', '"rows": 1', 1), encoding="utf-8")
        with pytest.raises(MismatchError, match="was changed since it was written"):
            recdata.task(remote.address, engine=spark)
    finally:
        manifest.write_text(text, encoding="utf-8")


def test_a_store_that_was_copied_there(remote: Remote, spark: Any) -> None:
    """What DuckDB built, a file each table, is a store on another file system too, with the items' and users' columns."""
    home, folder = remote.task.folder.parents[2], "tasks/synth-small@1.0.0/loo-last-100u@1"
    for place in ("corpora/synth-small@1.0.0", folder):
        shutil.copytree(home / place, remote.server.folder / "copied" / place)
    address = f"{remote.server.address}/copied/{folder}"
    asked = {
        "metrics": "nDCG@10,Calibration(by='categories')@5",
        "by": "items.categories,users.community,event",
    }
    found = recdata.score(address, f"{remote.server.address}/predicted", engine=spark, **asked)
    plain = score(remote.task, remote.server.folder / "predicted", **asked)
    assert found.document["metrics"] == plain.document["metrics"]
    assert found.document["slices"] == plain.document["slices"]
    task = of_interactions(recdata.task(address, engine=spark), "this")
    assert task.user_ids.equals(remote.task.user_ids)
    assert task.to_arrow("valid").equals(remote.task.to_arrow("valid"))
    checks = verify(address, spark)
    assert all(check.ok for check in checks), checks
    assert [check.detail for check in checks if "pinned" in check.what] == ["", ""]


BREAKS = (
    ("RENAME", "rows@1.0.0/.manifest"),
    ("CREATE", "loo-last@1/test.parquet"),
    ("CREATE", "loo-last@1/.manifest"),
)
"""What is refused in one run after the other: the corpus's manifest, a table of the task, its manifest."""


def test_a_run_that_breaks_leaves_nothing_finished(spark: Any, tmp_path: Path) -> None:
    rows = {"user_id": [f"u{n % 5}" for n in range(40)], "item_id": [f"i{n // 5}" for n in range(40)]}
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    source = str(tmp_path / "rows.parquet")
    with serving(tmp_path / "served") as server:
        to = f"{server.address}/recdata"
        task = f"{to}/tasks/rows@1.0.0/loo-last@1"
        for when, where in BREAKS:

            def refuse(operation: str, path: str, when: str = when, where: str = where) -> None:
                if operation == when and where in path:
                    raise RefusedError("AccessControlException", "Permission denied")

            server.refuse = refuse
            with pytest.raises(ResourceError, match="Permission denied"):
                task_of_table("rows/loo-last", source, to, spark)
            finished = [path.parent.name for path in server.folder.rglob("manifest.json")]
            assert finished == (["rows@1.0.0"] if "loo-last" in where else [])
            with pytest.raises(MissingError, match="no finished task"):
                recdata.task(task, engine=spark)
        server.refuse = lambda operation, path: None
        made = task_of_table("rows/loo-last", source, to, spark)
        assert all(check.ok for check in verify(task, spark))
        # A copy of it is a task of this machine's, with its corpus, though no store is named.
        shutil.copytree(server.folder / "recdata", tmp_path / "here")
        here = of_interactions(recdata.task(str(tmp_path / "here/tasks/rows@1.0.0/loo-last@1")), "this")
        assert here.fingerprint == made["fingerprint"]
        assert here.to_arrow("test").column("user_id").to_pylist() == [f"u{n}" for n in range(5)]
        asked = len(server.asked)
        assert task_of_table("rows/loo-last", source, to, spark) == made
        assert {operation for operation, _ in server.asked[asked:]} == {"GETFILESTATUS", "OPEN"}
        shutil.rmtree(server.folder / "recdata/tasks")
        (server.folder / "recdata/corpora/rows@1.0.0/manifest.json").unlink()
        with pytest.raises(InputError, match="which would be written"):
            task_of_table("rows/loo-last", f"{to}/corpora/rows@1.0.0/interactions.parquet", to, spark)


def test_large_files_are_hashed_as_streams(
    remote: Remote, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_engine(spark) as engine:
        assert isinstance(engine, SparkEngine)
        files = engine.storage.files(f"{remote.server.address}/predicted", ".parquet")
        by_workers = engine.storage.sha256(files)
        monkeypatch.setattr(spark_storage, "LARGE", sorted(file.size for file in files)[0])
        assert engine.storage.sha256(files) == by_workers
        assert [file.name for file in files] == [f"part-{number}.parquet" for number in range(3)]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3a://bucket/task", r"spark\.jars\.packages=org\.apache\.hadoop:hadoop-aws:\d"),
        ("gs://bucket/task", r"hadoop-gcp|spark\.hadoop\.fs\.gs\.impl=CLASS"),
        ("abfss://box@account.dfs.core.windows.net/task", r"hadoop-azure:\d"),
        ("nowhere://bucket/task", r"spark\.hadoop\.fs\.nowhere\.impl=CLASS"),
    ],
)
def test_a_file_system_that_is_not_reached_is_told(address: str, message: str, spark: Any) -> None:
    for call in (
        lambda: recdata.task(address, engine=spark),
        lambda: task_of_table("rows/loo-last", f"{address}/rows", "unused", spark),
        lambda: task_of_table("rows/loo-last", "rows", address, spark),
    ):
        with pytest.raises(ResourceError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_told(spark: Any) -> None:
    # A port that is taken, and where nobody listens.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"webhdfs://127.0.0.1:{taken.getsockname()[1]}/task"
        with pytest.raises(ResourceError, match="Spark could not read or write: ConnectException"):
            recdata.task(address, engine=spark)


def test_addresses_that_are_no_tasks(remote: Remote, spark: Any) -> None:
    with pytest.raises(InputError, match="is read by the engine spark: --engine spark"):
        recdata.task(remote.address)
    with pytest.raises(MissingError, match="no finished task"):
        recdata.task(f"{remote.server.address}/given", engine=spark)
    with pytest.raises(InputError, match="is a corpus"):
        recdata.task(f"{remote.server.address}/recdata/{CORPUS}", engine=spark)
    with pytest.raises(MissingError, match="it has no manifest"):
        verify(f"{remote.server.address}/given", spark)
    assert all(check.ok for check in verify(f"{remote.server.address}/recdata/{CORPUS}", spark))
