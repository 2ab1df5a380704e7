"""Facts of a task that stand beside its entries: sizes, distributions and slices, so that pages need no store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.leaderboard.ledger import TASK_FILE, Ledger
from recdata.protocol.answers import PICKED, AnswerTask, AnyTask
from recdata.protocol.task import PARTS, Task
from recdata.store.arrays import filled
from recdata.store.atomic import atomic_file, write_json

SLICES = ("fewest", "few", "many", "most")
"""Quarters of the population by how many training rows a user has, ties by place."""


def write_facts(ledger: Ledger, task: AnyTask, part: str) -> None:
    """Write the facts of ``task`` and its users' slices to the ledger where they are not there yet."""
    folder = ledger.place(task.name)
    path = folder / TASK_FILE.format(task.fingerprint[:12])
    if part != task.compared_part or path.exists():
        return
    if isinstance(task, AnswerTask):
        write_json(path, facts_of_answers(task))
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"slice": pa.array(user_slices(task), pa.int8())})
    with atomic_file(slices_path(folder, task.fingerprint)) as temporary:
        pq.write_table(table, temporary, compression="zstd", store_schema=False)
    write_json(path, facts_of(task))


def slices_path(folder: Path, fingerprint: str) -> Path:
    """Return the file with the slice of each user of the population, in the order of their sorted ids."""
    return folder / f"task-{fingerprint[:12]}.parquet"


def user_slices(task: Task) -> npt.NDArray[np.int8]:
    """Return the slice of each user of the test population, a place in SLICES: quarters by training rows."""
    population = task.population("test")
    history = np.bincount(task.rows("train").user, minlength=len(task.user_ids))[population]
    order = np.argsort(history, kind="stable")
    quarter = np.empty(len(population), np.int8)
    quarter[order] = np.arange(len(population)) * len(SLICES) // max(len(population), 1)
    return quarter


def facts_of(task: Task) -> dict[str, Any]:
    """Return what pages say of a task: names, protocol, counts, and how activity, popularity and time are spread."""
    train = task.rows("train")
    activity = np.bincount(train.user, minlength=len(task.user_ids))
    popularity = np.bincount(train.item, minlength=len(task.item_ids))
    return {
        "document": "task-facts",
        "name": task.name,
        "fingerprint": task.fingerprint,
        "corpus": dict(task.manifest["corpus"]),
        "protocol": dict(task.protocol),
        "parts": {part: task.manifest["parts"][part]["rows"] for part in PARTS},
        "counts": {
            "users": len(task.user_ids),
            "items": len(task.item_ids),
            "population": len(task.population("test")),
        },
        "density": len(train.user) / max(len(task.user_ids) * len(task.item_ids), 1),
        "gini": _gini(popularity),
        "activity": _octaves(activity),
        "popularity": _octaves(popularity),
        "ratings": _ratings(train.rating),
        "years": _years(task),
    }


def facts_of_answers(task: AnswerTask) -> dict[str, Any]:
    """Return what pages say of a task over examples: names, protocol, counts, what is shown and what expected."""
    import pyarrow.compute as pc

    part = task.compared_part
    many = filled(pc.list_value_length(task.column(PICKED, part)), 0)
    counts = task.column("target", part).value_counts().to_pylist()
    found = sorted(
        ([each["values"], each["counts"]] for each in counts), key=lambda each: (-each[1], each[0])
    )
    return {
        "document": "task-facts",
        "name": task.name,
        "fingerprint": task.fingerprint,
        "corpus": dict(task.manifest["corpus"]),
        "protocol": {**task.protocol, "metrics": task.metrics, "primary": task.primary},
        "parts": {each: task.rows(each) for each in PARTS},
        "counts": {"users": task.manifest["counts"]["users"], "population": task.rows(part)},
        "shown": _octaves(many),
        "targets": found if 2 <= len(found) <= 20 else [],
    }


def _octaves(counts: npt.NDArray[np.int64]) -> list[list[Any]]:
    """Return [label, how many] for counts of 0, 1, 2-3, 4-7, 8-15, ..."""
    found: list[list[Any]] = [["0", int((counts == 0).sum())]] if (counts == 0).any() else []
    low = 1
    while low <= counts.max(initial=0):
        high = 2 * low - 1
        found.append(
            [str(low) if low == high else f"{low}-{high}", int(((counts >= low) & (counts <= high)).sum())]
        )
        low *= 2
    return found


def _gini(counts: npt.NDArray[np.int64]) -> float:
    """Return the Gini coefficient of popularity: 0 where all items are equal, near 1 where few have everything."""
    n, total = len(counts), int(counts.sum())
    weighted = int((np.arange(1, n + 1) * np.sort(counts)).sum())
    return (2 * weighted - (n + 1) * total) / (n * total) if total else 0.0


def _ratings(rating: npt.NDArray[np.float64]) -> list[list[Any]]:
    known = rating[~np.isnan(rating)]
    values, counts = np.unique(known, return_counts=True)
    if not 2 <= len(values) <= 20:
        return []
    return [[f"{value:g}", int(count)] for value, count in zip(values, counts, strict=True)]


def _years(task: Task) -> Mapping[str, list[list[Any]]]:
    """Return for each part [year, rows], or by month where that spans less than three years; empty without times."""
    stamps = {part: task.rows(part).timestamp for part in PARTS}
    known = {part: stamp[~np.isnat(stamp)] for part, stamp in stamps.items()}
    every = [stamp for stamp in known.values() if len(stamp)]
    if not every:
        return {}
    days = (max(s.max() for s in every) - min(s.min() for s in every)) / np.timedelta64(1, "D")
    unit = "Y" if math.ceil(days) > 3 * 365 else "M"
    found = {}
    for part, stamp in known.items():
        periods, counts = np.unique(stamp.astype(f"datetime64[{unit}]"), return_counts=True)
        found[part] = [[str(period), int(count)] for period, count in zip(periods, counts, strict=True)]
    return found
