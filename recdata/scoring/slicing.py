"""Slices of a score: every metric again for a part of what was to be predicted, with its own population."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from recdata.errors import InputError
from recdata.metrics.definition import UndefinedError
from recdata.metrics.hits import Hits
from recdata.metrics.lists import Lists
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure, summary_of
from recdata.protocol.slices import Slice, slices, slices_by
from recdata.protocol.task import Task
from recdata.scoring.evidence import Evidence
from recdata.scoring.views import narrowed, narrowed_lists

SETS = {
    "cold": ("cold-", "warm-"),
    "repeat": ("repeat", "novel"),
    "activity": ("activity-",),
    "popularity": ("popularity-",),
    "interval": ("interval-",),
}
"""Names for sets of slices that every task has, by how the slices' own names begin."""


def choose_slices(task: Task, part: str, by: str | Iterable[str]) -> list[Slice]:
    """Return the slices of a list of names: "all", a set of SETS, or a declared column ("locale", "items.genres").

    Raises InputError where there is nothing of that name.
    """
    names = [name.strip() for name in by.split(",") if name.strip()] if isinstance(by, str) else list(by)
    found: dict[str, Slice] = {}
    known = slices(task, part)
    for name in names:
        begins = ("",) if name == "all" else SETS.get(name)
        chosen = (
            slices_by(task, name, part)
            if begins is None
            else [each for each in known if each.name.startswith(begins)]
        )
        if not chosen:
            raise InputError(f"{task.name} has no slices by {name!r} in the {part} part")
        found |= {each.name: each for each in chosen}
    if not found:
        raise InputError(f"no slices are named; write all, {', '.join(SETS)}, or a column")
    return list(found.values())


def score_slices(
    evidence: Evidence, chosen: Sequence[Slice], measures: Sequence[Measure]
) -> list[dict[str, Any]]:
    """Return for each slice its name, what it is, how many pairs (or rows) are in it, and its metrics.

    A metric of lists is over the whole lists of the users who have something relevant in the slice; what else is relevant
    to them does not count there. A metric that is not defined in a slice (AUC where all labels are the same) is left out
    of it.
    """
    made = []
    for each in chosen:
        entry: dict[str, Any] = {"name": each.name, "about": each.about, "units": int(each.mask.sum())}
        cache: dict[int, Any] = {}
        entry["metrics"] = {}
        for measure in measures:
            whole = evidence.read_by(measure)
            if id(whole) not in cache:
                cache[id(whole)] = within(whole, each)
            try:
                values = measure.values(cache[id(whole)])
            except UndefinedError:
                continue
            values = values[~np.isnan(values)]
            if len(values):
                entry["metrics"][str(measure)] = summary_of(measure, values, len(cache[id(whole)]))._asdict()
        if entry["metrics"]:
            made.append(entry)
    return made


def within(whole: Hits | Lists | Ratings, part: Slice) -> Hits | Lists | Ratings:
    """Return what a metric reads of one slice."""
    if isinstance(whole, Hits):
        return narrowed(whole, pairs=part.mask)[0]
    if isinstance(whole, Lists):
        return narrowed_lists(whole, part.mask)
    return whole.take(np.flatnonzero(part.mask))
