"""The files that scripts/bench/scoring.py measures: a task in a store of its own, predictions in two orders, the truth.

    python scripts/bench/scoring_files.py FOLDER --users 100000 [--items 50000] [--ids string]

100 predictions a user. Row groups of a million rows, written as pyarrow writes plain columns: a dictionary of more than a
megabyte falls back to plain encoding, as it does in people's files.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LENGTH, RELEVANT, KNOWN = 100, 10, 20
TASK = "synth-small/random-80-10-10"
ORDERS = ("grouped", "shuffled")
_ROWS = 1 << 20
_CHUNK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--ids", choices=["string", "integer"], default="string")
    options = parser.parse_args()
    write_files(options.folder, options.users, options.items, options.ids)


def write_files(folder: Path, users: int, items: int, ids: str) -> None:
    """Write the store, predictions in both orders and the truth to ``folder``."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20261120)
    drawn = _draw(random, users, items)
    # Integers of one length, so that the order of their texts is that of their codes.
    if ids == "integer":
        user_ids = pa.array(np.arange(users, dtype=np.int64) + 10 ** len(str(users)))
        item_ids = pa.array(np.arange(items, dtype=np.int64) + 10 ** len(str(items)))
    else:
        user_ids = pa.array([f"u{number:07d}" for number in range(users)])
        item_ids = pa.array([f"i{number:07d}" for number in range(items)])
    write_task(folder / "home", user_ids.cast(pa.string()), item_ids.cast(pa.string()), drawn)
    truth = {
        "user_id": user_ids.take(pa.array(np.repeat(np.arange(users), RELEVANT))),
        "item_id": item_ids.take(pa.array(drawn[:, LENGTH : LENGTH + RELEVANT].ravel())),
        "score": np.ones(users * RELEVANT),
    }
    pq.write_table(pa.table(truth), folder / "truth.parquet")
    del truth
    order = random.permutation(users).astype(np.int32)
    user, item = np.repeat(order, LENGTH), drawn[order, :LENGTH].ravel()
    del drawn
    score = -np.sort(-random.random((users, LENGTH), dtype=np.float32), axis=1).ravel()
    schema = pa.schema([("user_id", user_ids.type), ("item_id", item_ids.type), ("score", pa.float32())])

    def write(name: str, rows: Callable[[int, int], Any]) -> None:
        with pq.ParquetWriter(folder / f"{name}.parquet", schema) as file:
            for first in range(0, len(user), _ROWS):
                at = rows(first, first + _ROWS)
                columns = [user_ids.take(pa.array(user[at])), item_ids.take(pa.array(item[at]))]
                file.write_table(pa.table([*columns, pa.array(score[at])], schema=schema))

    write("grouped", slice)
    places = np.arange(len(user), dtype=np.uint32)
    random.shuffle(places)
    write("shuffled", lambda first, last: places[first:last])


def _draw(random: np.random.Generator, users: int, items: int) -> np.ndarray:
    """Return for each user LENGTH items to list, RELEVANT ones of which three are listed, and KNOWN other ones."""
    import numpy as np

    width = LENGTH + RELEVANT + KNOWN
    drawn = np.empty((users, width), dtype=np.int32)
    for first, size in _chunks(users):
        # Popular items are drawn more often; what is drawn twice goes to the end, where nothing is taken from.
        some = np.sort(
            (items * random.random((size, 3 * width), dtype=np.float32) ** 1.6).astype(np.int32), axis=1
        )
        key = random.random(some.shape, dtype=np.float32)
        key[:, 1:][some[:, 1:] == some[:, :-1]] = 2
        chosen = np.argpartition(key, width, axis=1)[:, :width]
        part = np.take_along_axis(some, chosen, axis=1)
        if np.take_along_axis(key, chosen, axis=1).max() >= 2:
            raise SystemExit(f"{items:,} items are too few for {width} of a user")
        listed = np.argpartition(random.random((size, LENGTH), dtype=np.float32), 3, axis=1)[:, :3]
        part[:, LENGTH : LENGTH + 3] = np.take_along_axis(part, listed, axis=1)
        drawn[first : first + size] = part
    return drawn


def _chunks(users: int) -> Iterator[tuple[int, int]]:
    for first in range(0, users, _CHUNK):
        yield first, min(_CHUNK, users - first)


def write_task(home: Path, user_ids: pa.Array, item_ids: pa.Array, drawn: np.ndarray) -> None:
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


if __name__ == "__main__":
    main()
