"""What is unusual about lists though each row is right: too short, too long, all scores equal, cut inside a tie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recdata.metrics.spelling import expand
from recdata.protocol.task import Task
from recdata.submission.block import USER, Value
from recdata.submission.expected import Expected
from recdata.submission.finding import Findings
from recdata.submission.ids import Ids
from recdata.submission.order import Ranked

_LONG = 10
"""A list is long from so many times the largest cutoff."""
_LONG_ROWS = 1000
"""But none of fewer rows than this is."""


class ListChecks:
    """Looks at slab after slab of lists of users of the population; ``finish`` says what is said of all."""

    def __init__(self, task: Task, expected: Expected, users: Ids, value: Value, findings: Findings) -> None:
        """Take from the task's protocol how many rows its metrics read."""
        cutoffs = [each.cutoff for each in expand(task.protocol["metrics"], task.protocol["cutoffs"])]
        read = max((cutoff for cutoff in cutoffs if cutoff is not None), default=0)
        self.cutoff = read or None
        self._most = None if None in cutoffs or not read else max(_LONG * read, _LONG_ROWS)
        self._users, self._findings, self._value = users, findings, value
        self._population = len(expected.population)
        self.cuts = 0
        sets = expected.candidates
        if sets is not None:
            available = np.diff(sets.start)
        else:
            available = np.full(len(expected.place), len(task.item_ids))
            if expected.seen is not None:
                available -= np.diff(expected.seen.start)
        self._fewest = np.minimum(available, read)

    def look(self, lists: Ranked, inside: npt.NDArray[np.int64]) -> None:
        """Look at the lists at ``inside``, whose users are in the population."""
        length = np.diff(lists.start)[inside]
        users = lists.user[inside]
        fewest = self._fewest[users]
        short = length < fewest
        if short.any():
            self._add(
                "short-list", lists, inside[short], lambda i: f"{length[short][i]} of {fewest[short][i]}"
            )
        if self._most is not None and (long := length > self._most).any():
            self._add("long-list", lists, inside[long], lambda i: f"{length[long][i]:,} rows")
        if self._value == "score" and lists.tied.any():
            ties = np.append(0, np.cumsum(lists.tied))
            tied = (ties[lists.start[1:]] - ties[lists.start[:-1]])[inside]
            constant = (tied == length - 1) & (length > 1)
            if constant.any():
                self._add("constant-scores", lists, inside[constant], lambda i: f"{length[constant][i]} rows")
            if self.cutoff is not None:
                cut = inside[length > self.cutoff]
                self.cuts += int(lists.tied[lists.start[cut] + self.cutoff - 1].sum())

    def _add(
        self, code: str, lists: Ranked, who: npt.NDArray[np.int64], number: Callable[[int], str]
    ) -> None:
        """Add one finding a user, at the first of the user's rows."""
        rows = np.minimum.reduceat(lists.row, lists.start[:-1])[who]
        text = self._users.text
        self._findings.add_rows(code, rows, USER, lambda i: f"{text(int(lists.user[who[i]]))}: {number(i)}")

    def finish(self) -> None:
        """Add what is said of the whole file."""
        add_cuts(self._findings, self.cuts, self._population, self.cutoff)


def add_cuts(findings: Findings, cuts: int, population: int, cutoff: int | None) -> None:
    """Say how many lists are cut inside a tie, if any are."""
    if cuts:
        share = cuts / population
        findings.add("tied-cut", value=f"{cuts:,} of {population:,} users ({share:.2%}), at {cutoff}")
        findings.count("tied-cut", cuts - 1)
