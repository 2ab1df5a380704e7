#!/usr/bin/env python3
"""Measure building the site from generated entries: seconds and the most memory.

scripts/bench/site.py [ENTRIES]      (5,000)
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "leaderboard"), str(ROOT / "tests")]


def main(entries: int) -> None:
    """Generate, build in a process of its own, print."""
    import subprocess

    from generated import generate

    with tempfile.TemporaryDirectory() as folder:
        ledger = generate(Path(folder), entries)
        start = time.perf_counter()
        command = [sys.executable, "-m", "recdata", "leaderboard", "build", "--ledger", str(ledger.folder)]
        subprocess.run([*command, "-o", f"{folder}/site"], check=True)
        seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{entries:,} entries: {seconds:.1f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
