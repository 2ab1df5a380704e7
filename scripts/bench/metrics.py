"""Benchmark: what ten more metrics cost a score of 10 million predictions.

    python scripts/bench/metrics.py [--users 100000] [--folder DIR] [--repeat 5]

The files are those of scoring_files.py beside this: 100,000 users x 100 predictions, string ids. ``recdata score`` runs as a
command with all its checks, once with one metric, once with the protocol's 18, and with ten more of several kinds. The runs
take turns, so that whatever else the machine does falls on all alike. Prints the fastest of each, and how much more it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scoring import CLI
from scoring_files import TASK

ONE = "nDCG@10"
USUAL = [f"{name}@{k}" for name in ("nDCG", "Recall", "Precision", "HR", "MRR", "MAP") for k in (5, 10, 20)]
MORE = {
    "ten ranking metrics": [
        *("F1@10", "DCG@10", "RBP@10", "ERR@10", "HitCount@10", "Rprec", "UAUC", "nDCG(ideal='all')@10"),
        *("MAP(of='relevant')@50", "Recall@50"),
    ],
    "ten metrics of lists": [
        *("Coverage@10", "Gini@10", "Entropy@10", "ARP@10", "EPC@10", "EFD@10", "SelfInformation@10"),
        *("APLT@10", "Serendipity@10", "PopREO@10"),
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument(
        "--folder", type=Path, help="where files are written and kept (default: a temporary folder)"
    )
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "truth.parquet").exists():
            script = str(Path(__file__).with_name("scoring_files.py"))
            subprocess.run([sys.executable, script, str(folder), "--users", str(options.users)], check=True)
        measure(folder, options.repeat)


def measure(folder: Path, repeat: int) -> None:
    """Run everything in turns and print the table."""
    jobs = {"one metric": [ONE], "the protocol's 18": USUAL}
    jobs |= {f"and {name}": [*USUAL, *more] for name, more in MORE.items()}
    jobs |= {f"one and {name}": [ONE, *more] for name, more in MORE.items()}
    best: dict[str, tuple[float, float]] = {}
    for _ in range(repeat):
        for name, metrics in jobs.items():
            wall, cpu = run(folder, metrics)
            before = best.get(name, (wall, cpu))
            best[name] = min(before[0], wall), min(before[1], cpu)
    base = {"and": best["the protocol's 18"], "one": best["one metric"]}
    print(
        "| metrics | seconds | of processors | more seconds | more of processors |\n|---|---:|---:|---:|---:|"
    )
    for name, found in best.items():
        more = ["", ""]
        if "ten" in name:
            without = base[name.partition(" ")[0]]
            more = [f"{now / then - 1:+.0%}" for now, then in zip(found, without, strict=True)]
        print(f"| {name} | {found[0]:.2f} | {found[1]:.2f} | {more[0]} | {more[1]} |")


def run(folder: Path, metrics: list[str]) -> tuple[float, float]:
    """Score the file; return the seconds that it took, and those of processors, which other programs do not change."""
    command = [sys.executable, "-c", CLI, "score", TASK, str(folder / "grouped.parquet")]
    command += ["--metrics", ",".join(metrics), "-o", str(folder / "result.json")]
    home = os.environ | {"RECDATA_HOME": str(folder / "home")}
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"recdata score failed: {message.decode(errors='replace')}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
