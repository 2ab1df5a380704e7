"""Models over many tasks: each task's primary metric, and the orders that are made of all of them together.

A mean over tasks is given where all of them are compared by one metric, and never of unlike scales: over the seven tasks
of LaMP, of which one has errors, two shares and four overlaps of words, there are ranks alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from recdata.errors import MissingError
from recdata.leaderboard.orders import Row, orders
from recdata.leaderboard.site.boards import VERIFIED, Board


class Overall(NamedTuple):
    """Models over tasks. boards: the tasks. rows: in Kemeny order; a row's mean is None where tasks have other metrics.

    values: by model and task the mean of the task's primary metric. exact, disagree: as of ``orders.Orders``. left_out: the
    models that are in one of the tasks alone, with that task.
    """

    boards: list[Board]
    rows: list[Row]
    values: dict[str, dict[str, float]]
    exact: bool
    disagree: bool
    left_out: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON would have it."""
        return {
            "tasks": [{"task": board.task, "metric": board.primary} for board in self.boards],
            "exact": self.exact,
            "models": [{**row._asdict(), "values": self.values[row.model]} for row in self.rows],
            "left_out": [{"model": model, "task": task} for model, task in self.left_out.items()],
        }


def overall(boards: Sequence[Board]) -> Overall | None:
    """Return the verified models of ``boards`` over all of them; None where there are not two tasks and two models.

    The best of a model's versions and settings speaks for it. Models of one task alone are left out where others have more.
    """
    chosen = [board for board in boards if board.section(VERIFIED)]
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for board in chosen:
        for row in board.section(VERIFIED):
            if board.primary in row.means:
                values[row.first.model["name"]].setdefault(board.task, row.means[board.primary])
    if len(chosen) < 2 or len(values) < 2:
        return None
    several = {name: found for name, found in values.items() if len(found) > 1} or values
    left_out = {name: next(iter(found)) for name, found in sorted(values.items()) if name not in several}
    rising = {board.task: board.rising for board in chosen}
    signed = {
        name: {task: value if rising[task] else -value for task, value in found.items()}
        for name, found in several.items()
    }
    found = orders(signed, [board.task for board in chosen])
    alike = len({board.primary for board in chosen}) == 1
    sign = 1 if chosen[0].rising else -1
    rows = [
        row._replace(mean=sign * row.mean if alike and row.mean is not None else None) for row in found.rows
    ]
    return Overall(chosen, rows, dict(several), found.exact, found.disagree, left_out)


def choose(boards: Sequence[Board], patterns: Sequence[str]) -> list[Board]:
    """Return the boards whose tasks' names match one of ``patterns`` (* for any letters); all where there are none.

    Raises MissingError where a pattern matches nothing.
    """
    for pattern in patterns:
        if not any(fnmatchcase(board.task, pattern) for board in boards):
            raise MissingError(
                f"the ledger has no task {pattern}; it has {', '.join(b.task for b in boards)}"
            )
    return [
        board
        for board in boards
        if not patterns or any(fnmatchcase(board.task, pattern) for pattern in patterns)
    ]
