"""What a built corpus is like, in numbers: size, density, time, events, ratings, activity, popularity, cold items."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.corpora.corpus import Corpus
from recdata.engines import open_engine
from recdata.engines.base import Engine, name

PERCENTS = (0, 1, 5, 25, 50, 75, 95, 99, 100)
"""The percentiles that are told of a distribution: the smallest value that at least so many percent do not exceed."""

MOST = 50
"""How many events, rating values or months are told one by one."""


def stats(corpus: Corpus, engine: str | Any = None) -> dict[str, Any]:
    """Return the statistics of a corpus as a JSON document.

    Whatever its record kinds: ``rows`` by kind. Of interactions: ``users``, ``items``, ``pairs`` (distinct), ``density``
    (pairs over users times items), ``repeated`` (the share of rows that are not the first of their pair), ``time``,
    ``events``, ``ratings``, ``weights``, ``activity`` and ``popularity`` (rows a user, rows an item, as percentiles
    with their mean), ``gini`` of both, ``cold`` (see ``_cold``). Of sessions: their lengths, and how many by locale. Of
    examples: how many by task, and the lengths of profiles and inputs. What a corpus has not is None. engine: what
    counts, as ``open_engine`` takes it.
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
    with open_engine(engine) as opened:
        for kind, tell in tellers.items():
            if kind in corpus.kinds and tables[kind]["rows"]:
                columns = [column["name"] for column in tables[kind]["columns"]]
                opened.read(kind, [corpus.folder / tables[kind]["file"]], columns)
                document[kind] = tell(opened, columns)
    return document


def _interactions(engine: Engine, columns: list[str]) -> dict[str, Any]:
    activity, popularity = (
        _tally(engine, f"SELECT count(*) AS value FROM interactions GROUP BY {entity}")
        for entity in ("user", "item")
    )
    ((pairs,),) = engine.fetch("SELECT count(*) FROM (SELECT DISTINCT user, item FROM interactions) AS pairs")
    rows, users, items = int(activity.values @ activity.times), activity.total, popularity.total
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
        f"SELECT {engine.microseconds('min(timestamp)')}, {engine.microseconds('max(timestamp)')}, "
        "count(timestamp) FROM interactions"
    )
    if not timed:
        return None
    months = engine.fetch(
        f"SELECT month, count(*) FROM (SELECT {engine.month('timestamp')} AS month FROM interactions "
        "WHERE timestamp IS NOT NULL) AS months GROUP BY month ORDER BY month"
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
    found = _tally(engine, "SELECT weight AS value FROM interactions WHERE weight IS NOT NULL")
    return distribution(found) if found.total else None


class Tally(NamedTuple):
    """Some numbers, each distinct one once. values: rising. times: how often each occurs, int64."""

    values: npt.NDArray[Any]
    times: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return int(self.times.sum())

    @classmethod
    def of(cls, numbers: npt.NDArray[Any]) -> Tally:
        """Count numbers that are in memory."""
        return cls(*np.unique(numbers, return_counts=True))


def _tally(engine: Engine, select: str) -> Tally:
    """Count the values of a SELECT of (value): what users and items have in common comes back, not all of them."""
    found = engine.columns(f"SELECT value, count(*) AS times FROM ({select}) AS counted GROUP BY value")
    order = np.argsort(found["value"])
    return Tally(found["value"][order], found["times"][order])


def distribution(of: Tally) -> dict[str, Any]:
    """Return the percentiles and the mean of some numbers, at least one.

    >>> distribution(Tally.of(np.array([1, 1, 2, 10])))["percentiles"][4]
    [50, 1]
    """
    total, until = of.total, np.cumsum(of.times)
    places = [max(math.ceil(total * percent / 100) - 1, 0) for percent in PERCENTS]
    # Each number as often as it occurs, and exactly: a float times a count would be rounded before it is added.
    exact = sum(
        Fraction(value) * times for value, times in zip(of.values.tolist(), of.times.tolist(), strict=True)
    )
    found = of.values[np.searchsorted(until, places, side="right")].tolist()
    return {
        "mean": float(exact) / total,
        "percentiles": [list(pair) for pair in zip(PERCENTS, found, strict=True)],
    }


def gini(of: Tally) -> float:
    """Return Gini's coefficient of some counts: 0 where all are equal, near 1 where one has everything.

    sum((2 i - n - 1) x_i) / (n sum(x)) over the counts x in rising order, i from 1: in whole numbers until the division.

    >>> gini(Tally.of(np.array([1, 1, 1, 1]))), gini(Tally.of(np.array([0, 0, 0, 8])))
    (0.0, 0.75)
    """
    n, weighted, summed, before = of.total, 0, 0, 0
    for value, times in zip(of.values.tolist(), of.times.tolist(), strict=True):
        # The sum of 2 i - n - 1 over the places i from before + 1 to before + times.
        weighted += value * times * (2 * before + times - n)
        summed, before = summed + value * times, before + times
    return weighted / (n * summed) if summed else 0.0


def _cold(engine: Engine) -> dict[str, Any] | None:
    """Return of the users and items met in the last tenth of the time span how many were never met before.

    The last tenth: from the first moment plus nine tenths of the span, that moment included; rows without a time
    count as met before. None where no row has a time or all have the same.
    """
    ((first, last),) = engine.fetch(
        f"SELECT {engine.microseconds('min(timestamp)')}, {engine.microseconds('max(timestamp)')} FROM interactions"
    )
    if first is None or first == last:
        return None
    border = first + -(-(last - first) * 9 // 10)
    found: dict[str, Any] = {}
    moment = engine.microseconds("timestamp")
    for entity in ("user", "item"):
        ((met, cold),) = engine.fetch(
            f"SELECT count(CASE WHEN newest >= {border} THEN 1 END), count(CASE WHEN oldest >= {border} THEN 1 END) "
            f"FROM (SELECT max(moment) AS newest, min(moment) AS oldest FROM (SELECT {entity}, "
            f"coalesce({moment}, 0) AS moment FROM interactions) AS moments GROUP BY {entity}) AS spans"
        )
        found[f"{entity}s"] = {"met": met, "cold": cold, "share": cold / met}
    return found


def _sessions(engine: Engine, columns: list[str]) -> dict[str, Any]:
    del columns
    lengths = _tally(engine, f"SELECT {engine.length('previous_items')} AS value FROM sessions")
    ((known,),) = engine.fetch("SELECT count(coalesce(next_item, next_title)) FROM sessions")
    return {
        "lengths": distribution(lengths),
        "known": known / lengths.total,
        "locales": _top(engine, "locale", "sessions"),
    }


def _examples(engine: Engine, columns: list[str]) -> dict[str, Any]:
    del columns
    profiles = _tally(engine, f"SELECT {engine.length('profile')} AS value FROM examples")
    inputs = _tally(engine, "SELECT length(input) AS value FROM examples")
    return {
        "tasks": _top(engine, "task", "examples"),
        "profiles": distribution(profiles),
        "inputs": distribution(inputs),
    }
