"""What a corpus's interactions look like in numbers and in a plot of letters, which every card viewer shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

_WIDTH = 40
_MOST_BARS = 12


def statistics(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statistics of a built corpus's interactions; empty where it has none.

    users, items, interactions: counts. density: share of the (user, item) pairs that occur. per_user, per_item:
    smallest, median, mean and largest number of rows. first, last: dates (UTC), None without times. months, ratings,
    events: rows by month (YYYY-MM), by rating and by event, where known. lengths: users by number of rows, in powers of 2.
    """
    if "interactions" not in manifest["tables"]:
        return {}
    counts = manifest["counts"]
    users = np.zeros(counts["interacting_users"], dtype=np.int64)
    items = np.zeros(counts["interacting_items"], dtype=np.int64)
    tallies: dict[str, Counter[Any]] = {"months": Counter(), "ratings": Counter(), "events": Counter()}
    first, last = None, None
    with pq.ParquetFile(folder / manifest["tables"]["interactions"]["file"]) as file:
        for batch in file.iter_batches(1 << 17, columns=["user", "item", "timestamp", "rating", "event"]):
            users += np.bincount(batch.column("user").to_numpy(), minlength=len(users))
            items += np.bincount(batch.column("item").to_numpy(), minlength=len(items))
            stamp = batch.column("timestamp").drop_null()
            months = pc.strftime(stamp, format="%Y-%m") if len(stamp) else stamp
            for name, values in (
                ("months", months),
                ("ratings", batch["rating"]),
                ("events", batch["event"]),
            ):
                for entry in pc.value_counts(values.drop_null()):
                    tallies[name][entry["values"].as_py()] += entry["counts"].as_py()
            if len(stamp):
                low, high = pc.min_max(stamp.cast("int64")).as_py().values()
                first, last = min(first or low, low), max(last or high, high)
    return {
        "users": len(users),
        "items": len(items),
        "interactions": counts["interactions"],
        "density": counts["pairs"] / (len(users) * len(items)),
        "per_user": _spread(users),
        "per_item": _spread(items),
        "first": _date(first),
        "last": _date(last),
        **{name: dict(sorted(tally.items())) for name, tally in tallies.items()},
        "lengths": _powers(users),
    }


def plot(title: str, bars: Mapping[str, int]) -> str:
    """Return a bar chart in letters, at most a dozen bars (neighbours are added up).

    >>> print(plot("rows by rating", {"1": 10, "2": 40}))
    rows by rating
    1 ██████████ 10
    2 ████████████████████████████████████████ 40
    """
    entries = list(bars.items())
    together = -(-len(entries) // _MOST_BARS)
    if together > 1:
        groups = [entries[start : start + together] for start in range(0, len(entries), together)]
        entries = [
            (group[0][0] if len(group) == 1 else f"{group[0][0]} to {group[-1][0]}", sum(n for _, n in group))
            for group in groups
        ]
    highest = max((number for _, number in entries), default=1)
    wide = max((len(label) for label, _ in entries), default=0)
    lines = [
        f"{label:<{wide}} {'█' * max(round(_WIDTH * n / highest), 1)} {n:,}" for label, n in entries if n
    ]
    return "\n".join([title, *lines])


def plots(facts: Mapping[str, Any]) -> list[str]:
    """Return the plots that the statistics have something for."""
    charts = [plot("users by number of interactions", facts["lengths"])] if facts else []
    if facts and len(facts["months"]) > 1:
        charts.append(plot("interactions by month", facts["months"]))
    if facts and 1 < len(facts["ratings"]) <= 100:
        charts.append(plot("interactions by rating", {f"{k:g}": n for k, n in facts["ratings"].items()}))
    return charts


def _spread(rows: npt.NDArray[np.int64]) -> dict[str, float]:
    return {
        "least": int(rows.min()),
        "median": float(np.median(rows)),
        "mean": float(rows.mean()),
        "most": int(rows.max()),
    }


def _powers(rows: npt.NDArray[np.int64]) -> dict[str, int]:
    """Count values by powers of two: 1, 2 to 3, 4 to 7, ..."""
    power = np.frexp(rows.astype(np.float64))[1] - 1
    numbers = np.bincount(power[rows > 0]).tolist()
    labels = [f"{1 << p}" if p == 0 else f"{1 << p} to {(2 << p) - 1}" for p in range(len(numbers))]
    return {label: number for label, number in zip(labels, numbers, strict=True) if number}


def _date(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, timezone.utc).date().isoformat()
