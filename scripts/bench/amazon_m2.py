#!/usr/bin/env python3
"""Build generated sessions of the size of Amazon-M2, and make its task 1; print seconds, peak memory and rows.

scripts/bench/amazon_m2.py [SHARE]      (of 3.6 million training sessions and 1.55 million products; 1 by default)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TRAIN, TEST, PRODUCTS = 3_606_249, 316_971, 1_551_057
LOCALES = {"DE": 0.31, "JP": 0.27, "UK": 0.33, "ES": 0.025, "FR": 0.03, "IT": 0.035}


def sessions(
    rng: np.random.Generator, n: int, items: pa.Array, locales: list[str], previous: bool, label: bool
) -> pa.Table:
    """Return n sessions of 1 to some previous items, popular ones more often."""
    weights = np.array([LOCALES[locale] for locale in locales])
    columns = {
        "locale": pa.array(locales).take(
            pa.array(np.sort(rng.choice(len(locales), n, p=weights / weights.sum())))
        )
    }
    if previous:
        sizes = 1 + rng.geometric(0.3, n)
        ends = np.concatenate([[0], np.cumsum(sizes)])
        chosen = (len(items) * rng.random(ends[-1]) ** 3).astype(np.int64)
        columns["prev_items"] = pa.ListArray.from_arrays(
            pa.array(ends, pa.int32()), items.take(pa.array(chosen))
        )
    if label:
        columns["next_item"] = items.take(pa.array((len(items) * rng.random(n) ** 3).astype(np.int64)))
    return pa.table(columns)


def generate(folder: Path, share: float) -> None:
    """Write the training sessions, the products, and task 1's test set in the authors' Parquet layout."""
    rng = np.random.default_rng(1)
    products = int(PRODUCTS * share)
    items = pa.array([f"B{number:09d}" for number in range(products)])
    locales = list(LOCALES)
    for name in ("train", "task1"):
        (folder / name).mkdir(parents=True)
    text = "A title of some words, as products have it; "
    attributes = {name: pa.array([text] * products) for name in ("title", "desc", "brand")}
    shop = pa.array(locales).take(pa.array(rng.integers(0, 6, products)))
    pq.write_table(
        pa.table({"id": items, "locale": shop, **attributes}), folder / "train" / "products_train.parquet"
    )
    train = sessions(rng, int(TRAIN * share), items, locales, True, True)
    pq.write_table(train, folder / "train" / "sessions_train.parquet")
    test = sessions(rng, int(TEST * share), items, locales[:3], True, True)
    pq.write_table(test.drop_columns(["next_item"]), folder / "task1" / "sessions_test.parquet")
    pq.write_table(test.drop_columns(["prev_items"]), folder / "task1" / "gt_test.parquet")


def measured(*command: str) -> tuple[float, int]:
    """Run recdata; return seconds and peak memory in MB."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "recdata", *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"recdata {' '.join(command)} failed")
    return time.monotonic() - start, usage.ru_maxrss // 1024


def main() -> None:
    """Generate, build, split, print."""
    share = float(sys.argv[1]) if sys.argv[1:] else 1.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECDATA_HOME"] = str(Path(folder) / "home")
        generate(Path(folder) / "raw", share)
        built = measured("build", "amazon-m2", "--from", str(Path(folder) / "raw"), "--allow-partial")
        split = measured("split", "amazon-m2/kdd-cup-2023-task1")
        print(f"{int(TRAIN * share):,} training sessions, {int(PRODUCTS * share):,} products")
        for name, (seconds, peak) in (("build", built), ("split", split)):
            print(f"{name}: {seconds:.1f} s, {peak:,} MB")


if __name__ == "__main__":
    main()
