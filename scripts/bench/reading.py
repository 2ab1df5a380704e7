"""Benchmark: read and build a Yelp-shaped file of JSON lines, each step as its own process.

    python scripts/bench/reading.py [--gigabytes 2] [--folder DIR] [--repeat 1]

The floor is DuckDB counting the file's rows with its own reader. "Copying" is DuckDB writing the rows, unsorted,
to a Parquet file that is compressed as the store's. "Reading" is what recdata does to get at the rows: one pass that checks
every field, one that hands all columns on as Arrow. "Building" ends with the sorted, hashed and compressed table in the
store. Prints a Markdown table.
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

import numpy as np

BATCH = 20_000
LINE = (
    '{"review_id":"r%021d","user_id":"u%021d","business_id":"b%021d","stars":%d.0,"useful":%d,"funny":%d,"cool":%d,'
    '"text":%s,"date":"%s"}\n'
)


def write_reviews(path: Path, size: int) -> int:
    """Write about ``size`` bytes of reviews: long-tailed users and businesses, texts of 600 letters on average."""
    random = np.random.default_rng(20261120)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = ["".join(random.choice(letters, random.integers(2, 10))) for _ in range(20_000)]
    text = " ".join(words[place] for place in random.zipf(1.3, 600_000) % len(words))
    text = text.replace(" zz", "\n").replace(" qu", ' "qu')
    users, businesses = max(size // 3_000, 10), max(size // 40_000, 10)
    activity = random.lognormal(0, 1.2, users)
    activity /= activity.sum()
    rows = written = 0
    with path.open("w", encoding="utf-8") as file:
        while written < size:
            user = random.choice(users, BATCH, p=activity)
            business = (businesses * random.random(BATCH) ** 2).astype(int)
            length = np.minimum(random.exponential(580, BATCH).astype(int) + 20, 5_000)
            start = random.integers(0, len(text) - 6_000, BATCH)
            moment = np.datetime_as_string(random.integers(1.1e9, 1.6e9, BATCH).astype("datetime64[s]"))
            stars, votes = random.integers(1, 6, BATCH), random.integers(0, 4, (BATCH, 3))
            lines = "".join(
                LINE
                % (
                    rows + n,
                    user[n],
                    business[n],
                    stars[n],
                    *votes[n],
                    json.dumps(text[start[n] : start[n] + length[n]]),
                    moment[n].replace("T", " "),
                )
                for n in range(BATCH)
            )
            written += file.write(lines)
            rows += BATCH
    return rows


COUNT = """
import sys, duckdb
print(duckdb.sql(f"SELECT count(*) FROM read_json('{sys.argv[1]}')").fetchall())
"""

COPY = """
import sys, duckdb
duckdb.sql(f"COPY (FROM read_json('{sys.argv[1]}')) TO '{sys.argv[2]}' (COMPRESSION zstd, COMPRESSION_LEVEL 1)")
"""

READING = """
import sys
from pathlib import Path
from recdata.corpora.jsonl import read_json
from recdata.corpora.yelp import _REVIEWS
from recdata.engines.duck import DuckEngine
with DuckEngine() as engine:
    read_json(engine, "reviews", Path(sys.argv[1]), _REVIEWS)
    print(sum(len(batch) for batch in engine.stream("SELECT * FROM reviews", 16384)))
"""


def run(command: list[str], home: Path) -> tuple[float, float, float]:
    """Run a command; return its wall seconds, its processor seconds and its peak memory in MB."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"RECDATA_HOME": str(home)}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return time.perf_counter() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        raw, home = folder / "raw", folder / "home"
        raw.mkdir(parents=True, exist_ok=True)
        path = raw / "yelp_academic_dataset_review.json"
        if not path.exists():
            write_reviews(path, int(options.gigabytes * 1e9))
        build = [sys.executable, "-m", "recdata", "build", "yelp-2022", "--from", str(raw)]
        steps = {
            "floor: DuckDB counts the rows": [sys.executable, "-c", COUNT, str(path)],
            "DuckDB copies them to Parquet": [
                sys.executable,
                "-c",
                COPY,
                str(path),
                str(folder / "copy.parquet"),
            ],
            "recdata reads and checks all fields": [sys.executable, "-c", READING, str(path)],
            "recdata build": [*build, "--allow-partial", "--rebuild"],
        }
        times = {
            name: min(run(command, home) for _ in range(options.repeat)) for name, command in steps.items()
        }
        built = json.loads((home / "corpora" / "yelp-2022@1.0.0" / "manifest.json").read_text())
        size, rows = path.stat().st_size, built["counts"]["interactions"]
    floor = times["floor: DuckDB counts the rows"][0]
    print(f"\n{size / 1e9:.2f} GB, {rows:,} rows, best of {options.repeat}, {os.cpu_count()} processors\n")
    print("| step | seconds | times the floor | processor seconds | MB a second | peak MB |")
    print("| --- | --: | --: | --: | --: | --: |")
    for name, (seconds, busy, memory) in times.items():
        print(
            f"| {name} | {seconds:.1f} | {seconds / floor:.1f} | {busy:.1f} | {size / 1e6 / seconds:,.0f} | {memory:,.0f} |"
        )


if __name__ == "__main__":
    main()
