"""A standalone Spark of two workers on this machine; in the middle of each run one of them is killed: the same bits."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import recdata
from recdata.protocol.task import Task

PATIENCE = 600
"""Seconds that a step may take on a machine that does other things; it is over as soon as it is done."""


class Cluster:
    """A master and workers of one core each."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self.folder = folder
        self.home = Path(pyspark.__file__).parent
        self.processes: list[subprocess.Popen[bytes]] = []
        master = self.start("master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self.url = wait_for(master, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        for _ in range(2):
            self.add_worker()

    def add_worker(self) -> None:
        """Start a worker, and wait until the master knows it."""
        folder = str(self.folder / f"worker {len(self.processes)}")
        options = ("--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g", "-d", folder)
        wait_for(self.start("worker.Worker", *options, self.url), "Successfully registered with master")

    def start(self, what: str, *options: str) -> Path:
        """Start a daemon of Spark in a group of processes of its own; return the file of what it says."""
        log = self.folder / f"{len(self.processes)}.log"
        environment = {**os.environ, "SPARK_HOME": str(self.home), "SPARK_LOCAL_IP": "127.0.0.1"}
        with log.open("wb") as output:
            self.processes.append(
                subprocess.Popen(
                    [
                        "bash",
                        str(self.home / "bin" / "spark-class"),
                        f"org.apache.spark.deploy.{what}",
                        *options,
                    ],
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                )
            )
        return log

    def worker_of(self, process: int) -> subprocess.Popen[bytes]:
        """Return the worker to which a process belongs."""
        above = {each.pid for each in psutil.Process(process).parents()}
        (found,) = [worker for worker in self.processes[1:] if worker.pid in above]
        return found

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a daemon and whatever it started: an executor dies with its worker, in the middle of a word."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)


def wait_for(log: Path, pattern: str) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        text = log.read_text(errors="replace")
        if found := re.search(pattern, text):
            return found[found.re.groups]
        time.sleep(0.1)
    raise AssertionError(f"{pattern!r} was not said: {text[-3000:]}")


@pytest.fixture
def cluster(spark: Any, tmp_path: Path) -> Iterator[Cluster]:
    del spark  # where there is none, this is skipped or fails as every test of Spark's
    found = Cluster(tmp_path)
    try:
        yield found
    finally:
        found.close()


def predict(task: Task, path: Path) -> None:
    """Write predictions with ties, 30 items a user by popularity; every fiftieth user has none."""
    draw = np.random.default_rng(1)
    popular = np.bincount(task.pairs("train").item, minlength=len(task.item_ids))
    users = np.array([user for user in range(len(task.user_ids)) if user % 50])
    items = np.concatenate([draw.choice(len(popular), 30, replace=False) for _ in users])
    columns = {
        "user_id": task.user_ids.take(pa.array(users.repeat(30))),
        "item_id": task.item_ids.take(pa.array(items)),
        "score": (popular[items] // 20).astype(float),
    }
    pq.write_table(pa.table(columns), path)


def test_a_worker_is_killed_in_the_middle_of_every_run(
    cluster: Cluster, home: Path, data: Path, tmp_path: Path
) -> None:
    recdata.load("movielens-100k", from_path=data / "movielens" / "ml-100k")
    recdata.load("yoochoose", from_path=data / "yoochoose-sample", allow_partial=True)
    scored, predictions = "movielens-100k/loo-last", str(tmp_path / "predicted.parquet")
    task = recdata.task(scored)
    assert isinstance(task, Task)
    predict(task, Path(predictions))
    runs: list[tuple[str, str, str | None]] = [
        ("k-core", "movielens-100k/ngcf", None),
        ("sampled negatives", "movielens-100k/loo-last-100u", None),
        ("questions", "yoochoose/gru4rec", None),
        ("values", scored, predictions),
        ("deviations", scored, predictions),
    ]
    expected = [
        recdata.task(name).fingerprint if given is None else recdata.score(name, given).document
        for _, name, given in runs
    ]
    signs, log = tmp_path / "signs", tmp_path / "driver.log"
    signs.mkdir()
    program = [sys.executable, str(Path(__file__).with_name("cluster_runs.py"))]
    with log.open("wb") as output:
        driver = subprocess.Popen(
            [*program, cluster.url, str(signs), json.dumps(runs)], stdout=output, stderr=subprocess.STDOUT
        )

    def wait(pattern: str) -> Path:
        """Wait for a sign of the driver's."""
        end = time.monotonic() + PATIENCE
        while not (found := list(signs.glob(pattern))):
            assert driver.poll() is None, log.read_text(errors="replace")[-5000:]
            assert time.monotonic() < end, f"no {pattern}: {log.read_text(errors='replace')[-5000:]}"
            time.sleep(0.05)
        return found[0]

    try:
        for number, (step, name, given) in enumerate(runs):
            held = wait(f"{number}.held.*")
            cluster.kill(cluster.worker_of(int(held.suffix[1:])))
            (signs / f"{number}.killed").touch()
            made = json.loads(wait(f"{number}.done").read_text())
            assert (signs / f"{number}.again").exists(), f"no task of {step} was run again"
            if given is None:
                assert made == expected[number], name
            else:
                here = json.loads(json.dumps(expected[number]))
                for key in ("task", "predictions", "metrics", "counts"):
                    assert made[key] == here[key], key
            if number + 1 < len(runs):
                cluster.add_worker()
        assert driver.wait(PATIENCE) == 0, log.read_text(errors="replace")[-5000:]
    finally:
        driver.kill()
        driver.wait()
    lost = log.read_text(errors="replace").count("Lost executor")
    assert lost >= len(runs), log.read_text(errors="replace")[-5000:]
