"""Check conventions against the libraries themselves, on random cases; print the agreement as a Markdown table.

    python scripts/bench/conventions [--only rectools,lenskit] [--cases 200] [--install]

Libraries are looked for in RECDATA_PEERS (by default .venv-peers at the root of the checkout), each in an environment of
its own; --install makes those that are missing (none of them downloads torch or CUDA). What differs by more than 1e-9 ends
the run with code 1. What was found on the way is in deviations.md beside this file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import cases, own_scores
from peers import NAMES, TIED, WHOLE, Peer, find, install

LIMIT = 1e-9


def check(name: str, many: int) -> tuple[str, int, float]:
    """Return a library's version, how many scores were compared, and the largest difference."""
    python = find(name)
    if python is None:
        raise FileNotFoundError(f"{name} is not installed; see --install")
    peer = Peer(name, python)
    compared, largest = 0, 0.0

    @settings(
        max_examples=many, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases(ties=name in TIED, repeats=name == "replay", whole=name in WHOLE))
    def run(case: dict) -> None:
        nonlocal compared, largest
        theirs = peer.scores(case)
        if not theirs:  # nobody is left to be averaged over
            return
        mine = own_scores(case, name, list(theirs))
        compared += len(theirs)
        largest = max(largest, *(abs(mine[metric] - value) for metric, value in theirs.items()))

    try:
        run()
    finally:
        peer.close()
    return peer.version, compared, largest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(NAMES), help="names with commas")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--install", action="store_true", help="make what is missing first")
    parser.add_argument("--install-only", action="store_true", help="make what is missing, check nothing")
    arguments = parser.parse_args()
    names = arguments.only.split(",")
    if arguments.install or arguments.install_only:
        for name in names:
            if find(name) is None:
                install(name)
    if arguments.install_only:
        return 0
    failed = 0
    print("| library | version | cases | scores compared | largest difference |\n|---|---|---:|---:|---:|")
    for name in names:
        version, compared, largest = check(name, arguments.cases)
        failed |= largest > LIMIT
        print(f"| {name} | {version} | {arguments.cases} | {compared:,} | {largest:.1e} |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
