"""A standalone Spark of two workers on this machine, one of them killed in the middle of a run: the same fingerprint."""

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

import pytest

import recdata
from recdata.protocol.pins import pinned
from recdata.store.paths import corpora

PATIENCE = 600
"""Seconds that a step may take on a machine that does other things; it is over as soon as it is done."""

DRIVER = """
import sys, time
from pathlib import Path
from recdata import api
from recdata.engines import Spark
from recdata.protocol.spread.build import SpreadBuild

task, master, signs = sys.argv[1], sys.argv[2], Path(sys.argv[3])
code_ids = SpreadBuild._code_ids

def interrupted(self, assigned):
    workers = self.engine.session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
    print("workers", workers, flush=True)
    (signs / "middle").touch()
    while not (signs / "killed").exists():
        time.sleep(0.05)
    return code_ids(self, assigned)

SpreadBuild._code_ids = interrupted
conf = {
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "4",
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "600s",
    "spark.shuffle.io.retryWait": "1s",
}
print(api.task(task, engine=Spark(master, conf)).fingerprint, flush=True)
"""


class Cluster:
    """A master and two workers of one core each."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self.folder = folder
        self.home = Path(pyspark.__file__).parent
        self.processes: list[subprocess.Popen[bytes]] = []
        master = self.start("master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self.url = wait_for(master, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        options = ("--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g")
        for number in (1, 2):
            log = self.start("worker.Worker", *options, "-d", str(folder / f"worker {number}"), self.url)
            wait_for(log, "Successfully registered with master")

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


def test_a_worker_is_killed_in_the_middle_of_a_run(
    cluster: Cluster, home: Path, data: Path, tmp_path: Path
) -> None:
    name = recdata.load("movielens-100k", from_path=data / "movielens" / "ml-100k").name
    log = tmp_path / "driver.log"
    arguments = ["movielens-100k/loo-last-100u", cluster.url, str(tmp_path)]
    with log.open("wb") as output:
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        end = time.monotonic() + PATIENCE
        while not (tmp_path / "middle").exists():
            assert driver.poll() is None, log.read_text(errors="replace")[-5000:]
            assert time.monotonic() < end, log.read_text(errors="replace")[-5000:]
            time.sleep(0.05)
        cluster.kill(cluster.processes[2])
        (tmp_path / "killed").touch()
        assert driver.wait(PATIENCE) == 0, log.read_text(errors="replace")[-5000:]
    finally:
        driver.kill()
        driver.wait()
    said = log.read_text(errors="replace")
    assert re.search(r"^workers 2$", said, re.MULTILINE), said[-3000:]
    manifest = json.loads((corpora() / name / "manifest.json").read_text())
    pins = pinned(name, manifest["edition"])
    assert pins is not None
    assert pins["tasks"]["loo-last-100u@1"]["fingerprint"] in said
