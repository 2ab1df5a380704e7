"""Benchmark: build 25 million MovieLens-shaped ratings and split them, each step as its own process.

    python scripts/bench/splitting.py [--rows 25000000] [--folder DIR] [--peers PYTHON]

The floor is one process that reads the columns user, item, timestamp and rating of the built table once. ``--peers`` names a
Python that has polars; it then does the same splits of the same table with them. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

USERS, ITEMS = 162_541, 59_047


def write_ratings(path: Path, rows: int) -> None:
    """Write about ``rows`` ratings in the layout of ml-25m: by user, 15 and more each, popular items more often."""
    random = np.random.default_rng(20261120)
    users = max(1, min(USERS, rows // 25))
    activity = 20 + random.lognormal(4.0, 1.2, users)
    # A tenth more than wanted, since a pair that is drawn twice counts once.
    counts = np.minimum(activity / activity.sum() * rows * 1.1, ITEMS // 4).astype(np.int64)
    user = np.repeat(np.arange(1, users + 1), counts)
    item = (ITEMS * random.random(len(user)) ** 1.6).astype(np.int64)
    _, first = np.unique(user * (ITEMS + 1) + item, return_index=True)
    first.sort()
    user, item = user[first], item[first] + 1
    start = random.integers(789_652_009, 1_500_000_000, users + 1)
    table = pa.table(
        {
            "userId": user,
            "movieId": item,
            "rating": random.integers(1, 11, len(user)) / 2,
            "timestamp": start[user] + random.integers(0, 30_000_000, len(user)),
        }
    )
    pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="none"))


def run(command: list[str], home: Path) -> tuple[float, float]:
    """Run a command; return its wall seconds and its peak memory in MB."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"RECDATA_HOME": str(home)}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return time.perf_counter() - before, usage.ru_maxrss / scale


FLOOR = """
import sys, pyarrow.parquet as pq
pq.read_table(sys.argv[1], columns=["user", "item", "timestamp", "rating"])
"""

POLARS_LAST = """
import sys, polars as pl
rows = pl.scan_parquet(sys.argv[1]).select("user", "item", "timestamp", "rating").collect()
rank = pl.col("timestamp").rank("ordinal", descending=True).over("user")
parts = rows.with_columns(rank.alias("rank"))
parts.filter(pl.col("rank") == 1).write_parquet(sys.argv[2] + "/test.parquet", compression="lz4")
parts.filter(pl.col("rank") == 2).write_parquet(sys.argv[2] + "/valid.parquet", compression="lz4")
parts.filter(pl.col("rank") > 2).write_parquet(sys.argv[2] + "/train.parquet", compression="lz4")
"""

POLARS_RANDOM = """
import sys, polars as pl
rows = pl.scan_parquet(sys.argv[1]).select("user", "item", "timestamp", "rating").collect()
rank = pl.struct("user", "item").hash(seed=1).rank("ordinal").over("user")
parts = rows.with_columns(rank.alias("rank"), pl.len().over("user").alias("n"))
test = pl.col("rank") <= pl.col("n") // 10
valid = ~test & (pl.col("rank") <= 2 * (pl.col("n") // 10))
parts.filter(test).write_parquet(sys.argv[2] + "/test.parquet", compression="lz4")
parts.filter(valid).write_parquet(sys.argv[2] + "/valid.parquet", compression="lz4")
parts.filter(~test & ~valid).write_parquet(sys.argv[2] + "/train.parquet", compression="lz4")
"""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=25_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", help="a Python that has polars")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        raw, home = folder / "raw", folder / "home"
        if not (raw / "ratings.csv").exists():
            raw.mkdir(exist_ok=True)
            write_ratings(raw / "ratings.csv", options.rows)
        recdata = [sys.executable, "-m", "recdata"]
        corpus = home / "corpora" / "movielens-25m@1.0.0"
        times: dict[str, tuple[float, float]] = {}
        build = [*recdata, "build", "movielens-25m", "--from", str(raw), "--allow-partial", "--rebuild"]
        times["recdata build"] = run(build, home)
        rows = json.loads((corpus / "manifest.json").read_text())["counts"]["interactions"]
        table = str(corpus / "interactions.parquet")
        steps = {"floor: read four columns": [sys.executable, "-c", FLOOR, table]}
        for protocol in ("loo-last", "random-80-10-10"):
            task = f"movielens-25m/{protocol}"
            steps[f"recdata split {protocol}"] = [*recdata, "split", task, "--allow-partial", "--rebuild"]
        if options.peers:
            steps["polars leave-last"] = [options.peers, "-c", POLARS_LAST, table, str(folder)]
            steps["polars random"] = [options.peers, "-c", POLARS_RANDOM, table, str(folder)]
        for name, command in steps.items():
            times[name] = min(run(command, home) for _ in range(options.repeat))
    floor = times["floor: read four columns"][0]
    print(f"\n{rows:,} rows, best of {options.repeat}, {os.cpu_count()} processors\n")
    print("| step | seconds | times the floor | peak MB |\n| --- | --: | --: | --: |")
    for name, (seconds, memory) in times.items():
        print(f"| {name} | {seconds:.2f} | {seconds / floor:.1f} | {memory:,.0f} |")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
