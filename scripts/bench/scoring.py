"""Benchmark: score users x 100 predictions, Parquet to means, each program as its own process, and print one table.

    python scripts/bench/scoring.py [--users 100000 1000000] [--ids string integer] [--orders grouped shuffled]
        [--folder DIR] [--repeat 3] [--peers PYTHON]

``recdata score`` runs as a command with all its checks and the protocol's metrics at three cutoffs. The floor is one
process that reads the three columns with pyarrow. ``--peers`` names a Python that has RecTools, RePlay (polars) or ranx;
each of them that is there computes nDCG, Recall, Precision, HR, MRR and MAP at 10 from the same files. Of each program
the fastest of ``--repeat`` runs counts (peers run once where there are more than ten million rows); memory is the peak
resident set. Behind the table: recdata's time beside the fastest peer and the floor, and beside itself at a tenth of the
rows. ``scoring_files.py`` writes the files.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scoring_files import LENGTH, ORDERS, TASK

FLOOR = (
    "import sys, pyarrow.parquet as pq; pq.read_table(sys.argv[1], columns=['user_id', 'item_id', 'score'])"
)
CLI = "from recdata.cli import program; program()"


class Row(NamedTuple):
    """A line of the table. seconds, memory (MB): None where the program failed."""

    users: int
    ids: str
    order: str
    program: str
    seconds: float | None
    memory: float | None


def peer_rectools(predictions: str, truth: str) -> dict[str, float]:
    import pandas as pd
    from rectools import metrics as m

    reco = pd.read_parquet(predictions)
    reco = reco.sort_values(["user_id", "score"], ascending=[True, False], kind="stable")
    reco["rank"] = reco.groupby("user_id", sort=False).cumcount() + 1
    wanted = {
        "ndcg": m.NDCG(10, divide_by_achievable=True),
        "recall": m.Recall(10),
        "precision": m.Precision(10),
    }
    wanted |= {"hr": m.HitRate(10), "mrr": m.MRR(10), "map": m.MAP(10)}
    return m.calc_metrics(wanted, reco, pd.read_parquet(truth))


def peer_replay(predictions: str, truth: str) -> dict[str, float]:
    import polars as pl
    from replay import metrics as m

    names = {"query_column": "user_id", "item_column": "item_id", "rating_column": "score"}
    wanted = [metric(10) for metric in (m.NDCG, m.Recall, m.Precision, m.HitRate, m.MRR, m.MAP)]
    return m.OfflineMetrics(wanted, **names)(pl.read_parquet(predictions), pl.read_parquet(truth))


def peer_ranx(predictions: str, truth: str) -> dict[str, float]:
    import pandas as pd
    from ranx import Qrels, Run, evaluate

    kinds = {"user_id": "str", "item_id": "str"}
    qrels = pd.read_parquet(truth).astype({**kinds, "score": "int64"})
    columns = {"q_id_col": "user_id", "doc_id_col": "item_id"}
    run = Run.from_df(
        pd.read_parquet(predictions).astype({**kinds, "score": "float64"}), **columns, score_col="score"
    )
    metrics = ["ndcg@10", "recall@10", "precision@10", "hit_rate@10", "mrr@10", "map@10"]
    return evaluate(Qrels.from_df(qrels, **columns, score_col="score"), run, metrics, make_comparable=True)


PEERS = {"RecTools": peer_rectools, "RePlay (polars)": peer_replay, "ranx": peer_ranx}
"""ranx runs only where there are ten million rows or less: it makes Python strings of them all."""


def _first_to_go() -> None:
    """Where memory runs out, let it be this program that the system ends, and not another one."""
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text("1000")


def run(command: list[str], home: Path) -> tuple[float, float] | None:
    """Run a command; return its wall seconds and its peak memory in MB, or None where it failed."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=os.environ | {"RECDATA_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_first_to_go,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return None if status else (seconds, usage.ru_maxrss / scale)


def measure(options: argparse.Namespace, root: Path) -> Iterator[Row]:
    """Write the files that are not there and run every program on them."""
    for users in options.users:
        for ids in options.ids:
            folder = root / f"{ids}-{users}"
            if not (folder / "shuffled.parquet").exists():
                # In a process of its own: a child begins with the peak memory of its parent.
                script = str(Path(__file__).with_name("scoring_files.py"))
                sizes = ["--users", str(users), "--items", str(options.items), "--ids", ids]
                subprocess.run([sys.executable, script, str(folder), *sizes], check=True)
            for order in options.orders:
                for program, command, repeat in _jobs(options, folder, order, users):
                    runs = [run(command, folder / "home") for _ in range(repeat)]
                    done = [each for each in runs if each is not None]
                    yield Row(users, ids, order, program, *(min(done) if done else (None, None)))


def _jobs(
    options: argparse.Namespace, folder: Path, order: str, users: int
) -> Iterator[tuple[str, list[str], int]]:
    predictions, result = str(folder / f"{order}.parquet"), str(folder / "result.json")
    yield "floor", [sys.executable, "-c", FLOOR, predictions], options.repeat
    recdata = [sys.executable, "-c", CLI, "score", TASK, predictions, "-o", result]
    yield "recdata", recdata, options.repeat
    many = users * LENGTH > 20_000_000
    for name in PEERS if options.peers else ():
        if not (many and name == "ranx"):
            peer = [options.peers, __file__, "--peer", name, predictions, str(folder / "truth.parquet")]
            yield name, peer, 1 if many else options.repeat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, nargs="+", default=[100_000])
    parser.add_argument("--ids", nargs="+", choices=["string", "integer"], default=["string", "integer"])
    parser.add_argument("--orders", nargs="+", choices=ORDERS, default=list(ORDERS))
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument(
        "--folder", type=Path, help="where files are written and kept (default: a temporary folder)"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", help="a Python that has RecTools, RePlay or ranx")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        name, predictions, truth = options.peer
        print(PEERS[name](predictions, truth))
        return
    print(
        "| rows | ids | order | program | seconds | peak MB | times recdata |\n|---:|---|---|---|---:|---:|---:|"
    )
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        for row in measure(options, options.folder or Path(temporary)):
            rows.append(row)
            own = _seconds(rows, row.users, row.ids, row.order, "recdata")
            times = f"{row.seconds / own:.1f}" if row.seconds and own else ""
            numbers = f"{row.seconds:.2f} | {row.memory:,.0f}" if row.seconds and row.memory else "failed | "
            print(
                f"| {row.users * LENGTH:,} | {row.ids} | {row.order} | {row.program} | {numbers} | {times} |",
                flush=True,
            )
    print("\n" + "\n".join(_ratios(rows)))


def _seconds(rows: list[Row], users: int, ids: str, order: str, program: str) -> float | None:
    key = (users, ids, order, program)
    return next((row.seconds for row in rows if (row.users, row.ids, row.order, row.program) == key), None)


def _ratios(rows: list[Row]) -> Iterator[str]:
    """Say how recdata stands to the fastest peer, the floor and itself at a tenth of the rows."""
    for row in rows:
        if row.program != "recdata" or not row.seconds or not row.memory:
            continue
        where = (row.users, row.ids, row.order)
        said = [
            f"{row.users * LENGTH:,} rows, {row.ids} ids, {row.order}: {row.seconds:.2f} s, {row.memory:,.0f} MB"
        ]
        peers = [(seconds, name) for name in PEERS if (seconds := _seconds(rows, *where, name)) is not None]
        if peers:
            fastest, name = min(peers)
            said.append(f"{fastest / row.seconds:.1f} times as fast as {name}")
        if floor := _seconds(rows, *where, "floor"):
            said.append(f"{row.seconds / floor:.1f} times the floor")
        if tenth := _seconds(rows, row.users // 10, row.ids, row.order, "recdata"):
            said.append(f"{row.seconds / tenth:.1f} times a tenth of the rows")
        yield "- " + "; ".join(said)


if __name__ == "__main__":
    main()
