"""Benchmark: what ten more metrics cost a score of 10 million predictions.

    python scripts/bench/metrics.py [--users 100000] [--folder DIR] [--repeat 5]

The files are those of scoring.py beside this one: 100,000 users x 100 predictions, string ids. ``recdata score`` runs as a
command with all its checks, once with one metric, once with the protocol's 18, and with ten more of several kinds. The runs
take turns, so that whatever else the machine does falls on all alike. Prints the fastest of each and, last, the ratios.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from scoring import TASK, run

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
            script = str(Path(__file__).with_name("scoring.py"))
            given = ["--folder", str(folder), "--users", str(options.users), "--write"]
            subprocess.run([sys.executable, script, *given], check=True)
        measure(folder, options.repeat)


def measure(folder: Path, repeat: int) -> None:
    """Run everything in turns and print the table."""
    jobs = {"one metric": [ONE], "the protocol's 18": USUAL}
    jobs |= {f"and {name}": [*USUAL, *more] for name, more in MORE.items()}
    jobs |= {f"one and {name}": [ONE, *more] for name, more in MORE.items()}
    best: dict[str, float] = {}
    for _ in range(repeat):
        for name, metrics in jobs.items():
            command = [sys.executable, "-c", "from recdata.cli import main; main()", "score", TASK]
            command += [
                str(folder / "list.parquet"),
                "--metrics",
                ",".join(metrics),
                "-o",
                str(folder / "r.json"),
            ]
            done = run(command, folder / "home")
            if done is None:
                sys.exit(f"{name}: recdata score failed: {' '.join(command)}")
            best[name] = min(best.get(name, done[0]), done[0])
    base = {"and": best["the protocol's 18"], "one": best["one metric"]}
    print("| metrics | seconds | more than without the ten |\n|---|---:|---:|")
    for name, seconds in best.items():
        without = base.get(name.partition(" ")[0]) if "ten" in name else None
        more = "" if without is None else f"{seconds / without - 1:+.0%}"
        print(f"| {name} | {seconds:.2f} | {more} |")


if __name__ == "__main__":
    main()
