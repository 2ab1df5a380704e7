"""Benchmark: `recdata score` on Spark in local mode beside itself without Spark, 10 and 100 million predictions.

    python scripts/bench/spark_scoring.py [--users 100000 1000000] [--orders grouped shuffled] [--folder DIR] [--memory 12g]

100 predictions a user, string ids, from the same Parquet files (see scoring_files.py). Each run is a process of its own, the
start of Java included. Memory is that of the process with all that it started, Java and its Python workers, sampled: what
they share counts once. Prints a Markdown table with the ratios, how time grows with rows, and whether the bits are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TASK = "synth-small/random-80-10-10"
HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--orders", nargs="+", default=["grouped"], choices=["grouped", "shuffled"])
    parser.add_argument(
        "--folder", type=Path, help="where files are written and kept (default: a temporary folder)"
    )
    parser.add_argument("--memory", default="8g", help="spark.driver.memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(options.folder or Path(temporary), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Make what files are missing, run everything, and print the table."""
    print("| predictions | rows of a user | engine | seconds | peak MB | times without Spark | same bits |")
    print("|---|---|---|---|---|---|---|")
    seconds: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for users in options.users:
        files = folder / str(users)
        if not (files / "truth.parquet").exists():
            command = [sys.executable, str(HERE / "scoring_files.py"), str(files), "--users", str(users)]
            subprocess.run(command, check=True)
        for order in options.orders:
            found: dict[str, object] = {}
            for engine in ("duckdb", "spark"):
                result = files / f"{engine}.json"
                predictions = str(files / f"{order}.parquet")
                command = [sys.executable, "-m", "recdata", "score", TASK, predictions, "-o", str(result)]
                command += ["--engine", engine]
                if engine == "spark":
                    command += ["--spark-conf", f"spark.driver.memory={options.memory}"]
                took, memory = run(command, files / "home")
                found[engine] = json.loads(result.read_text())["metrics"]
                seconds.setdefault((order, engine), []).append((users, took))
                ratio = took / seconds[order, "duckdb"][-1][1]
                same = "yes" if found[engine] == found["duckdb"] else "NO"
                row = (
                    f"{100 * users:,}",
                    order,
                    engine,
                    f"{took:.1f}",
                    f"{memory:,.0f}",
                    f"{ratio:.1f}",
                    same,
                )
                print(f"| {' | '.join(row)} |", flush=True)
    for (order, engine), runs in seconds.items():
        (few, first), (many, last) = runs[0], runs[-1]
        if many > few:
            print(
                f"\n{engine}, {order}: {many / few:g} times the rows take {last / first:.1f} times as long."
            )


def run(command: list[str], home: Path) -> tuple[float, float]:
    """Run a command; return its wall seconds and the peak memory in MB of all its processes together."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"RECDATA_HOME": str(home)}, stdout=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(memory_of, family(process.pid))))
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - before, peak / 1024


def family(ancestor: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {ancestor}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def memory_of(process: int) -> int:
    """Return the kilobytes of a process, what it shares with others in proportion."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
