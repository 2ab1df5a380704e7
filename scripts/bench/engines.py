"""Benchmark: the same task made by DuckDB and by Spark on this machine, as rows grow; each run is a process of its own.

    python scripts/bench/engines.py [--rows 1000000 5000000 25000000] [--protocols loo-last random-80-10-10 ngcf]

Prints a Markdown table: seconds of a whole command (Spark's start included) and the most memory that its processes held
together; then what a run would cost on rented machines, and how that was estimated. Needs recdata[spark] and psutil.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from splitting import write_ratings

PRICE = 0.05
"""US dollars for a core and four GB of memory in an hour, about what clouds ask for machines by the hour in 2026."""


def run(command: list[str], home: Path, engine: str) -> tuple[float, float]:
    """Run a command; return its seconds, and the most MB that it and its children held at once."""
    environment = os.environ | {"RECDATA_HOME": str(home), "RECDATA_ENGINE": engine}
    before, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        held = 0
        try:
            for each in [watched, *watched.children(recursive=True)]:
                held += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        peak = max(peak, held)
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(
            f"{' '.join(command)} failed:\n{(process.stderr.read() if process.stderr else b'').decode()[-3000:]}"
        )
    return time.perf_counter() - before, peak / 1e6


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000, 25_000_000])
    parser.add_argument("--protocols", nargs="+", default=["loo-last", "random-80-10-10", "ngcf"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    recdata = [sys.executable, "-m", "recdata"]
    times: dict[tuple[int, str, str], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for rows in options.rows:
            raw, home = (
                (options.folder or Path(scratch)) / f"raw {rows}",
                (options.folder or Path(scratch)) / f"home {rows}",
            )
            if not (raw / "ratings.csv").exists():
                raw.mkdir(parents=True, exist_ok=True)
                write_ratings(raw / "ratings.csv", rows)
            run([*recdata, "build", "movielens-25m", "--from", str(raw), "--allow-partial"], home, "duckdb")
            for protocol in options.protocols:
                for engine in ("duckdb", "spark"):
                    command = [*recdata, "split", f"movielens-25m/{protocol}", "--allow-partial", "--rebuild"]
                    times[rows, protocol, engine] = run(command, home, engine)
    print(f"\n{os.cpu_count()} processors\n")
    print(
        "| rows | protocol | DuckDB s | MB | Spark s | MB | Spark / DuckDB |\n| --: | --- | --: | --: | --: | --: | --: |"
    )
    for rows in options.rows:
        for protocol in options.protocols:
            (duck, held), (spark, more) = (times[rows, protocol, engine] for engine in ("duckdb", "spark"))
            print(
                f"| {rows:,} | {protocol} | {duck:.1f} | {held:,.0f} | {spark:.1f} | {more:,.0f} | {spark / duck:.1f} |"
            )
    if len(options.rows) > 1:
        low, high = options.rows[0], options.rows[-1]
        cores = os.cpu_count() or 1
        print("\nA billion rows, from the slope between the first and the last line of a protocol:\n")
        print("| protocol | core-seconds a million rows | core-hours | dollars |\n| --- | --: | --: | --: |")
        for protocol in options.protocols:
            slope = (
                (times[high, protocol, "spark"][0] - times[low, protocol, "spark"][0])
                * cores
                / (high - low)
                * 1e6
            )
            hours = slope * 1000 / 3600
            print(f"| {protocol} | {slope:.2f} | {hours:.1f} | {hours * PRICE:.2f} |")
        print(
            f"\nDollars: core-hours times {PRICE} (a core with 4 GB for an hour); twice that for shuffles over a network."
        )


if __name__ == "__main__":
    main()
