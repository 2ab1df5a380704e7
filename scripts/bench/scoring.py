"""Benchmark: score 100,000 users x 100 predictions with string ids, Parquet to means, each program as its own process.

    python scripts/bench/scoring.py [--users 100000] [--items 50000] [--folder DIR] [--repeat 3] [--peers PYTHON]

``recdata score`` runs as a command with all its checks and the protocol's metrics at three cutoffs. The floor is one process
that reads the three columns with pyarrow. ``--peers`` names a Python that has RecTools, RePlay or ranx; each of them that is
there computes nDCG, Recall, Precision, HR, MRR and MAP at 10 from the same files. Prints a Markdown table of the fastest of
``--repeat`` runs each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LENGTH, RELEVANT, KNOWN = 100, 10, 20
SCORES = {"list": "in order", "shuffled": "rows shuffled"}
TASK = "synth-small/random-80-10-10"
FLOOR = (
    "import sys, pyarrow.parquet as pq; pq.read_table(sys.argv[1], columns=['user_id', 'item_id', 'score'])"
)


def write_files(folder: Path, users: int, items: int) -> None:
    """Write the task into a store of its own, the predictions in two orders, and the truth for the peers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(20261120)
    user_ids = pa.array([f"u{number:07d}" for number in range(users)])
    item_ids = pa.array([f"i{number:07d}" for number in range(items)])
    drawn = np.empty((users, LENGTH + RELEVANT + KNOWN), dtype=np.int32)
    for user in range(users):
        # Popular items are drawn more often; no item twice.
        some = np.unique((items * random.random(3 * drawn.shape[1]) ** 1.6).astype(np.int32))
        drawn[user] = random.permutation(some)[: drawn.shape[1]]
    # Three of a user's relevant items are in the list, at any ranks; none of the known ones is.
    listed = np.argpartition(random.random((users, LENGTH)), 3, axis=1)[:, :3]
    drawn[:, LENGTH : LENGTH + 3] = np.take_along_axis(drawn, listed, axis=1)
    write_task(folder / "home", user_ids, item_ids, drawn)
    order = random.permutation(users)
    table = pa.table(
        {
            "user_id": user_ids.take(pa.array(np.repeat(order, LENGTH))),
            "item_id": item_ids.take(pa.array(drawn[order, :LENGTH].ravel())),
            "score": -np.sort(-random.random((users, LENGTH), dtype=np.float32), axis=1).ravel(),
        }
    )
    pq.write_table(table, folder / "list.parquet")
    pq.write_table(table.take(pa.array(random.permutation(table.num_rows))), folder / "shuffled.parquet")
    truth = pa.table(
        {
            "user_id": user_ids.take(pa.array(np.repeat(np.arange(users), RELEVANT))),
            "item_id": item_ids.take(pa.array(drawn[:, LENGTH : LENGTH + RELEVANT].ravel())),
            "score": np.ones(users * RELEVANT),
        }
    )
    pq.write_table(truth, folder / "truth.parquet")


def write_task(home: Path, user_ids: object, item_ids: object, drawn: object) -> None:
    """Write a finished corpus and task with the names of TASK, without what scoring does not read."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    os.environ["RECDATA_HOME"] = str(home)
    from recdata.protocol.built import task_folder
    from recdata.protocol.document import load_protocol
    from recdata.protocol.names import card_of, parse_name
    from recdata.store.files import file_entry
    from recdata.store.manifest import write_manifest
    from recdata.store.paths import corpora

    card, protocol = card_of(parse_name(TASK)), load_protocol(TASK.partition("/")[2])
    common = {"schema_version": "1.0.0", "fingerprint": "0" * 64, "created": "", "recdata": ""}
    corpus = corpora() / f"{card.name}@{card.version}"
    folder = task_folder(corpus.name, protocol)
    for path in (corpus, folder):
        path.mkdir(parents=True)
    identity = {"version": card.version, "edition": None, "partial": False}
    pq.write_table(pa.table({"user_id": pa.array([], pa.string())}), corpus / "interactions.parquet")
    interactions = {**file_entry(corpus / "interactions.parquet"), "rows": 0}
    document = {"document": "corpus", "name": corpus.name, "corpus": card.name, **identity, **common}
    write_manifest(
        corpus,
        {**document, "counts": {}, "provenance": [], "ids": {}, "tables": {"interactions": interactions}},
    )
    pq.write_table(pa.table({"user_id": user_ids}), folder / "users.parquet")
    pq.write_table(pa.table({"item_id": item_ids}), folder / "items.parquet")
    parts = {"train": (LENGTH + RELEVANT + 1, None), "valid": (LENGTH + RELEVANT, LENGTH + RELEVANT + 1)}
    for part, (first, last) in {**parts, "test": (LENGTH, LENGTH + RELEVANT)}.items():
        chosen = np.sort(drawn[:, first:last], axis=1)
        rows = chosen.size
        columns = {
            "user": np.repeat(np.arange(len(chosen), dtype=np.int32), chosen.shape[1]),
            "item": chosen.ravel(),
            "timestamp": pa.array(np.full(rows, 10**15), pa.timestamp("us", tz="UTC")),
            "rating": np.full(rows, 5.0),
            "row": np.arange(rows),
        }
        pq.write_table(pa.table(columns), folder / f"{part}.parquet")
    tables = {}
    for name in ("train", "valid", "test", "users", "items"):
        path = folder / f"{name}.parquet"
        tables[name] = {**file_entry(path), "rows": pq.ParquetFile(path).metadata.num_rows}
    write_manifest(
        folder,
        {
            "document": "task",
            "name": f"{corpus.name}/{folder.name}",
            **common,
            "version": protocol["version"],
            "corpus": {"name": card.name, **identity, "fingerprint": "0" * 64},
            "protocol": protocol,
            "parts": {part: {"rows": tables[part]["rows"]} for part in ("train", "valid", "test")},
            "counts": {},
            "buckets": [],
            "tables": tables,
        },
    )


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

    qrels = pd.read_parquet(truth).astype({"score": "int64"})
    columns = {"q_id_col": "user_id", "doc_id_col": "item_id"}
    run = Run.from_df(pd.read_parquet(predictions).astype({"score": "float64"}), **columns, score_col="score")
    metrics = ["ndcg@10", "recall@10", "precision@10", "hit_rate@10", "mrr@10", "map@10"]
    return evaluate(Qrels.from_df(qrels, **columns, score_col="score"), run, metrics, make_comparable=True)


PEERS = {"RecTools": peer_rectools, "RePlay (polars)": peer_replay, "ranx": peer_ranx}


def run(command: list[str], home: Path) -> tuple[float, float] | None:
    """Run a command; return its wall seconds and its peak memory in MB, or None where it failed."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=os.environ | {"RECDATA_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    return (
        None if status else (seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument(
        "--folder", type=Path, help="where files are written and kept (default: a temporary folder)"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", help="a Python that has RecTools, RePlay or ranx")
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        name, predictions, truth = options.peer
        print(PEERS[name](predictions, truth))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.write:
            write_files(folder, options.users, options.items)
            return
        if not (folder / "truth.parquet").exists():
            # In a process of its own: a child begins with the peak memory of its parent.
            subprocess.run([sys.executable, *sys.argv, "--folder", str(folder), "--write"], check=True)
        measure(folder, options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Run everything on the files in ``folder`` and print the table."""
    home, truth = folder / "home", str(folder / "truth.parquet")
    cli = [sys.executable, "-c", "from recdata.cli import main; main()"]
    jobs: list[tuple[str, list[str]]] = []
    for file, order in SCORES.items():
        predictions = str(folder / f"{file}.parquet")
        jobs.append((f"read the columns, {order}", [sys.executable, "-c", FLOOR, predictions]))
        jobs.append(
            (f"recdata score, {order}", [*cli, "score", TASK, predictions, "-o", str(folder / "result.json")])
        )
    if options.peers:
        given = [str(folder / "list.parquet"), truth]
        jobs += [(name, [options.peers, __file__, "--peer", name, *given]) for name in PEERS]
    floor = None
    print(f"{options.users:,} users x {LENGTH} predictions\n")
    print("| what | seconds | peak MB | times the floor |\n|---|---|---|---|")
    for name, command in jobs:
        runs = [run(command, home) for _ in range(options.repeat)]
        done = [each for each in runs if each is not None]
        if not done:
            print(f"| {name} | failed | | |")
            continue
        seconds, memory = min(done)
        floor = floor or seconds
        print(f"| {name} | {seconds:.2f} | {memory:.0f} | {seconds / floor:.1f} |", flush=True)


if __name__ == "__main__":
    main()
