"""Boards: the entries of a task arranged as rows for pages, seeds of one model together, kinds of entries apart."""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.errors import RecdataError
from recdata.harmless import tree
from recdata.leaderboard.compare import seed_key
from recdata.leaderboard.ledger import Entry, Ledger
from recdata.metrics.spelling import Measure, parse

VERIFIED, REPORTED, APART, BOUND = "verified", "reported", "apart", "bound"
"""Where a row stands: scored; copied from a paper; withdrawn or made with an older fingerprint; a bound that knows the
answers, scored but not ranked."""
BOUNDS = ("oracle", "anti-oracle")
TRIVIAL = (
    "anti-oracle",
    "random",
    "mean",
    "item-mean",
    "popularity",
    "popularity-recent",
    "last-item",
    "oracle",
)
"""Baselines that every board opens with."""
_SHARD = 1 << 19


@dataclass(frozen=True, eq=False)
class Row:
    """A model on a board. entries: its seeds. means: by metric, over seeds. errors: standard errors of users.

    spread: by metric, the standard deviation over seeds where there are several. why: for rows that stand apart.
    """

    entries: tuple[Entry, ...]
    section: str
    means: Mapping[str, float]
    errors: Mapping[str, float | None]
    spread: Mapping[str, float]
    why: str = ""
    group: str = ""

    @property
    def first(self) -> Entry:
        """The entry that the row is named by."""
        return self.entries[0]

    @property
    def baseline(self) -> str | None:
        """The name of the baseline that it is, None for others."""
        name: str | None = self.first.model.get("baseline")
        return name


@dataclass(eq=False)
class Board:
    """A task with its rows. primary: the metric that rows are ordered by. metrics: all that rows have, in order."""

    task: str
    fingerprint: str
    primary: str
    metrics: list[str]
    rows: list[Row]
    facts: Mapping[str, Any] | None
    values: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    """The primary metric of each user, by the id of the entry."""

    @property
    def slug(self) -> str:
        """What its files are called."""
        return slug(self.task)

    @property
    def corpus(self) -> str:
        """The corpus with its version."""
        return self.task.partition("/")[0]

    @property
    def protocol(self) -> str:
        """The protocol with its version."""
        return self.task.partition("/")[2]

    @property
    def rising(self) -> bool:
        """Whether more of the primary metric is better."""
        return higher_is_better(self.primary)

    def shards(self) -> list[list[str]]:
        """Return the ids of entries with values in runs of about _SHARD bytes: what one file of values holds."""
        ids = list(self.values)
        many = max(1, _SHARD // (4 * len(self.values[ids[0]]))) if ids else 1
        return [ids[start : start + many] for start in range(0, len(ids), many)]

    def section(self, name: str) -> list[Row]:
        """Return the rows of a section, best first."""
        return [row for row in self.rows if row.section == name]


def _harmless(entry: Entry) -> Entry:
    """Return an entry whose texts can stand on pages and in files that are downloaded; numbers stay as they are."""
    document = {
        key: value if key in {"result", "per_user", "predictions"} else tree(value)
        for key, value in entry.document.items()
    }
    if given := entry.document.get("predictions"):
        document["predictions"] = {**given, "where": tree(given["where"])}
    return replace(entry, document=document, notes=tuple(tree(note) for note in entry.notes))


def boards(ledger: Ledger) -> list[Board]:
    """Return a board for each task of the ledger, sorted by name.

    Where a task has entries of several fingerprints, the pinned one, or else the newest entry's, is the board's.
    """
    by_task: dict[str, list[Entry]] = defaultdict(list)
    for entry in map(_harmless, ledger.entries()):
        by_task[entry.task].append(entry)
    return [_board(ledger, task, entries) for task, entries in sorted(by_task.items())]


def _board(ledger: Ledger, task: str, entries: Sequence[Entry]) -> Board:
    fingerprint = next((e.pinned for e in entries if e.pinned), entries[-1].fingerprint)
    seeds: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        seeds[seed_key(entry) + ("" if entry.withdrawn is None else entry.id)].append(entry)
    rows = [_row(group, fingerprint) for group in seeds.values()]
    facts = ledger.facts(task, fingerprint)
    primary = next((e.primary for e in entries if e.primary and e.fingerprint == fingerprint), None)
    primary = primary or (facts or {}).get("protocol", {}).get("primary") or next(iter(rows[0].means))
    names = dict.fromkeys(name for row in rows for name in row.means)
    metrics = sorted(names, key=lambda name: (name != primary, _cutoff(name) != _cutoff(primary)))
    sign = -1 if higher_is_better(primary) else 1
    rows.sort(
        key=lambda row: (sign * row.means.get(primary, -sign * math.inf), row.first.label, row.first.id)
    )
    return Board(task, fingerprint, primary, metrics, rows, facts)


def _row(entries: Sequence[Entry], fingerprint: str) -> Row:
    first = entries[0]
    shared = [name for name in first.metrics if all(name in entry.metrics for entry in entries)]
    means, errors, spread = {}, {}, {}
    for name in shared:
        found = [float(entry.metrics[name]["mean"]) for entry in entries]
        means[name] = math.fsum(found) / len(found)
        errors[name] = first.metrics[name]["standard_error"]
        if len(found) > 1:
            spread[name] = float(np.std(found, ddof=1))
    section, why = first.document["status"], ""
    if first.withdrawn is not None:
        section, why = APART, f"withdrawn: {first.withdrawn}"
    elif first.fingerprint != fingerprint:
        section, why = APART, f"made with another fingerprint, {first.fingerprint[:12]}"
    elif first.model.get("baseline") in BOUNDS:
        section = BOUND
    return Row(tuple(entries), section, means, errors, spread, why)


def higher_is_better(metric: str) -> bool:
    """Say whether more of ``metric`` is better; of a metric that is not known here, yes."""
    measure = _parsed(metric)
    return True if measure is None else measure.definition.higher_is_better


def _cutoff(metric: str) -> int | None:
    measure = _parsed(metric)
    return None if measure is None else measure.cutoff


def _parsed(metric: str) -> Measure | None:
    try:
        return parse(metric)
    except RecdataError:
        return None


def slug(name: str) -> str:
    """Return a file name for any text: its letters and digits, and where those are not all of it, a hash.

    >>> slug("movielens-100k@1.0.0/loo-last@1"), slug("<b>ÉASE</b>")
    ('movielens-100k-1.0.0-loo-last-1-5fc057e1', 'b-ase-b-c1cac4bb')
    """
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:60]
    if plain == name:
        return plain
    return f"{plain or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
