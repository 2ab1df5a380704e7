"""What a built corpus is like, in numbers: size, density, time, events, ratings, activity, popularity, cold items."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.corpora.corpus import Corpus
from recdata.engines import open_engine
from recdata.engines.base import Engine, name

PERCENTS = (0, 1, 5, 25, 50, 75, 95, 99, 100)
"""The percentiles that are told of a distribution: the smallest value that at least so many percent do not exceed."""

MOST = 50
"""How many events, rating values or months are told one by one."""

Counts = npt.NDArray[np.integer[Any]]


def stats(corpus: Corpus) -> dict[str, Any]:
    """Return the statistics of a corpus as a JSON document.

    Whatever its record kinds: ``rows`` by kind. Of interactions: ``users``, ``items``, ``pairs`` (distinct), ``density``
    (pairs over users times items), ``repeated`` (the share of rows that are not the first of their pair), ``time``,
    ``events``, ``ratings``, ``weights``, ``activity`` and ``popularity`` (rows a user, rows an item, as percentiles
    with their mean), ``gini`` of both, ``cold`` (see ``_cold``). Of sessions: their lengths, and how many by locale. Of
    examples: how many by task, and the lengths of profiles and inputs. What a corpus has not is None.
    """
    tables = corpus.manifest["tables"]
    document: dict[str, Any] = {
        "corpus": corpus.name,
        "fingerprint": corpus.fingerprint,
        "partial": corpus.manifest["partial"],
        "rows": {kind: tables[kind]["rows"] for kind in corpus.kinds},
        "interactions": None,
        "sessions": None,
        "examples": None,
    }
    tellers = {"interactions": _interactions, "sessions": _sessions, "examples": _examples}
    with open_engine() as engine:
        for kind, tell in tellers.items():
            if kind in corpus.kinds and tables[kind]["rows"]:
                columns = [column["name"] for column in tables[kind]["columns"]]
                engine.read(kind, [corpus.folder / tables[kind]["file"]], columns)
                document[kind] = tell(engine, columns)
    return document


def _interactions(engine: Engine, columns: list[str]) -> dict[str, Any]:
    activity, popularity = (
        engine.columns(f"SELECT count(*) AS n FROM interactions GROUP BY {entity}")["n"]
        for entity in ("user", "item")
    )
    ((pairs,),) = engine.fetch("SELECT count(*) FROM (SELECT DISTINCT user, item FROM interactions)")
    rows, users, items = int(activity.sum()), len(activity), len(popularity)
    return {
        "users": users,
        "items": items,
        "pairs": pairs,
        "density": pairs / (users * items),
        "repeated": (rows - pairs) / rows,
        "time": _time(engine, rows),
        "events": _top(engine, "event"),
        "ratings": _ratings(engine),
        "weights": _weights(engine) if "weight" in columns else None,
        "activity": distribution(activity),
        "popularity": distribution(popularity),
        "gini": {"users": gini(activity), "items": gini(popularity)},
        "cold": _cold(engine),
    }


def _time(engine: Engine, rows: int) -> dict[str, Any] | None:
    """Return the first and last moment, the days between them, the share of rows with a time, and rows by month."""
    ((first, last, timed),) = engine.fetch(
        "SELECT epoch_us(min(timestamp)), epoch_us(max(timestamp)), count(timestamp) FROM interactions"
    )
    if not timed:
        return None
    months = engine.fetch(
        "SELECT strftime(make_timestamp(epoch_us(timestamp)), '%Y-%m') AS month, count(*) FROM interactions "
        "WHERE timestamp IS NOT NULL GROUP BY month ORDER BY month"
    )
    return {
        "first": _moment(first),
        "last": _moment(last),
        "days": (last - first) / 86_400_000_000,
        "timed": timed / rows,
        "months": [list(month) for month in months],
    }


def _moment(microseconds: int) -> str:
    """Return a moment in ISO 8601 from its microseconds since 1970 in UTC."""
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=microseconds)).isoformat()


def _top(engine: Engine, column: str, relation: str = "interactions") -> list[list[Any]]:
    """Return [value, rows] of the most frequent values of a column, the most frequent first."""
    found = engine.fetch(
        f"SELECT {name(column)}, count(*) AS n FROM {relation} GROUP BY {name(column)} "
        f"ORDER BY n DESC, {name(column)} LIMIT {MOST}"
    )
    return [list(row) for row in found]


def _ratings(engine: Engine) -> dict[str, Any] | None:
    """Return how many rows have a rating, their mean, and rows by value (by tenth of the range where values are many)."""
    found = engine.fetch(
        "SELECT rating, count(*) FROM interactions WHERE rating IS NOT NULL GROUP BY rating ORDER BY rating"
    )
    if not found:
        return None
    rated = sum(count for _, count in found)
    values = [list(row) for row in found]
    if len(values) > MOST:
        low, high = values[0][0], values[-1][0]
        tenths = [0] * 10
        for value, count in values:
            tenths[min(int((value - low) / (high - low) * 10), 9)] += count
        values = [[low + (high - low) * place / 10, count] for place, count in enumerate(tenths)]
    mean = math.fsum(value * count for value, count in found) / rated
    return {"rated": rated, "mean": mean, "values": values}


def _weights(engine: Engine) -> dict[str, Any] | None:
    found = engine.columns("SELECT weight FROM interactions WHERE weight IS NOT NULL")["weight"]
    return distribution(found) if len(found) else None


def distribution(values: npt.NDArray[Any]) -> dict[str, Any]:
    """Return the percentiles and the mean of some numbers, at least one.

    >>> distribution(np.array([1, 1, 2, 10]))["percentiles"][4]
    [50, 1]
    """
    ordered = np.sort(values)
    places = [max(math.ceil(len(ordered) * percent / 100) - 1, 0) for percent in PERCENTS]
    return {
        "mean": math.fsum(ordered.tolist()) / len(ordered),
        "percentiles": [[p, ordered[place].item()] for p, place in zip(PERCENTS, places, strict=True)],
    }


def gini(counts: Counts) -> float:
    """Return Gini's coefficient of some counts: 0 where all are equal, near 1 where one has everything.

    sum((2 i - n - 1) x_i) / (n sum(x)) over the counts x in rising order, i from 1: in whole numbers until the division.

    >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 8]))
    (0.0, 0.75)
    """
    ordered = np.sort(counts).astype(np.int64)
    n, total = len(ordered), int(ordered.sum())
    if total == 0:
        return 0.0
    weighted = sum(map(int, np.arange(1 - n, n, 2, dtype=np.int64) * ordered))
    return weighted / (n * total)


def _cold(engine: Engine) -> dict[str, Any] | None:
    """Return of the users and items met in the last tenth of the time span how many were never met before.

    The last tenth: from the first moment plus nine tenths of the span, that moment included; rows without a time
    count as met before. None where no row has a time or all have the same.
    """
    ((first, last),) = engine.fetch(
        "SELECT epoch_us(min(timestamp)), epoch_us(max(timestamp)) FROM interactions"
    )
    if first is None or first == last:
        return None
    border = first + -(-(last - first) * 9 // 10)
    found: dict[str, Any] = {}
    for entity in ("user", "item"):
        ((met, cold),) = engine.fetch(
            "SELECT count(*) FILTER (newest >= border), count(*) FILTER (newest >= border AND oldest >= border) "
            "FROM (SELECT max(coalesce(epoch_us(timestamp), 0)) AS newest, min(coalesce(epoch_us(timestamp), 0)) "
            f"AS oldest, {border} AS border FROM interactions GROUP BY {entity})"
        )
        found[f"{entity}s"] = {"met": met, "cold": cold, "share": cold / met}
    return found


def _sessions(engine: Engine, columns: list[str]) -> dict[str, Any]:
    del columns
    lengths = engine.columns("SELECT len(previous_items) AS n FROM sessions")["n"]
    ((known,),) = engine.fetch("SELECT count(coalesce(next_item, next_title)) FROM sessions")
    return {
        "lengths": distribution(lengths),
        "known": known / len(lengths),
        "locales": _top(engine, "locale", "sessions"),
    }


def _examples(engine: Engine, columns: list[str]) -> dict[str, Any]:
    del columns
    found = engine.columns("SELECT len(profile) AS profile, length(input) AS input FROM examples")
    return {
        "tasks": _top(engine, "task", "examples"),
        "profiles": distribution(found["profile"]),
        "inputs": distribution(found["input"]),
    }
