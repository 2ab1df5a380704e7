"""A program that makes tasks and scores on a cluster; in the middle of each, Spark's tasks wait until a worker is killed.

    python cluster_runs.py MASTER FOLDER RUNS

RUNS: JSON, a list of [step, task, predictions or null]. In FOLDER come to be, by the number of the run: N.held.PID where a
task waits (PID is that of its executor's Python), N.again where one is run again, N.done with what came out. The tasks go on
when there is N.killed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from recdata import api
from recdata.engines import Spark, open_engine
from recdata.engines.spark import SparkEngine
from recdata.protocol.spread import build
from recdata.scoring.spark import score
from recdata.scoring.spark.gather import Gathered

PATIENCE = 600
"""Seconds that a step may take on a machine that does other things."""

STEPS: dict[str, tuple[Any, str]] = {
    "k-core": (SparkEngine, "k_core"),
    "sampled negatives": (build.SpreadBuild, "_candidates"),
    "questions": (build, "code_users"),
    "values": (score, "_compute"),
    "deviations": (Gathered, "_again"),
}

JAVA = "-XX:TieredStopAtLevel=1"
"""Java's second compiler takes longer than so small tasks would save."""

CONF = {
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "4",
    # Both workers have tasks of each step, be the rows ever so few.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.shuffle.io.retryWait": "1s",
}


def holding(signs: str, number: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return what hands on the batches of a partition as soon as a worker was killed."""
    patience = PATIENCE

    def hold(batches: Iterator[Any]) -> Iterator[Any]:
        import os

        from pyspark import TaskContext

        context = TaskContext.get()
        if context.attemptNumber() or context.stageAttemptNumber():
            Path(signs, f"{number}.again").touch()
        Path(signs, f"{number}.held.{os.getppid()}").touch()
        end = time.monotonic() + patience
        while not Path(signs, f"{number}.killed").exists() and time.monotonic() < end:
            time.sleep(0.05)
        yield from batches

    return hold


def hold_within(owner: Any, step: str, hold: Callable[[Iterator[Any]], Iterator[Any]]) -> Callable[[], None]:
    """Let what is computed first inside a step hold; return what undoes this."""
    begun: Callable[..., Any] = getattr(owner, step)
    methods = {name: getattr(SparkEngine, name) for name in ("checkpoint", "mapped")}

    def undo() -> None:
        for name, method in methods.items():
            setattr(SparkEngine, name, method)

    def passed(method: Callable[..., Any]) -> Callable[..., Any]:
        def called(engine: SparkEngine, frame: Any, *more: Any) -> Any:
            undo()
            return method(engine, frame.mapInArrow(hold, frame.schema), *more)

        return called

    def stepped(*given: Any, **named: Any) -> Any:
        for name, method in methods.items():
            setattr(SparkEngine, name, passed(method))
        return begun(*given, **named)

    setattr(owner, step, stepped)
    return lambda: setattr(owner, step, begun)


def main(master: str, signs: str, runs: list[tuple[str, str, str | None]]) -> None:
    """Do one run after the other; each begins with two executors."""
    engine = Spark(master, CONF)
    with open_engine(engine) as opened:
        assert isinstance(opened, SparkEngine)
        context = opened.session.sparkContext

        def wait_for_executors(wanted: int) -> None:
            """Wait; the driver itself is among those that hold blocks."""
            while context._jsc.sc().getExecutorMemoryStatus().size() - 1 != wanted:
                time.sleep(0.1)

        for number, (step, task, predictions) in enumerate(runs):
            wait_for_executors(2)
            undo = hold_within(*STEPS[step], holding(signs, number))
            made: Any
            if predictions is None:
                made = api.task(task, rebuild=True, engine=engine).fingerprint
            else:
                made = api.score(task, predictions, engine=engine).document
            undo()
            wait_for_executors(1)
            written = Path(signs, f"{number}.writing")
            written.write_text(json.dumps(made))
            written.rename(Path(signs, f"{number}.done"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
