"""Orders over many tasks: mean, mean rank, Borda and Kemeny, side by side, with what is missing.

Source: Colombo, Noiry, Irurozki and Clémençon, "What are the best systems? New perspectives on NLP benchmarking",
NeurIPS 2022. A model's missing result is never taken for a zero, a last place or an average: orders are made of
what is there, and each row says how many tasks are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EXACT = 14
"""Up to so many models the Kemeny order is exact; beyond, it is the best that exchanges of places lead to."""


class Row(NamedTuple):
    """A model over tasks. mean: of its means, None where a task is missing. mean_rank: over the tasks it has.

    borda: share of the others that it beats, averaged over its tasks (a tie is half). kemeny: its place in the
    Kemeny order, from 1. missing: tasks without a result.
    """

    model: str
    mean: float | None
    mean_rank: float | None
    borda: float | None
    kemeny: int
    missing: list[str]


class Orders(NamedTuple):
    """rows: in Kemeny order. exact: whether that is proven. disagree: whether the four orders differ."""

    rows: list[Row]
    exact: bool
    disagree: bool


def orders(scores: Mapping[str, Mapping[str, float]], tasks: Sequence[str]) -> Orders:
    """Return the orders of models over ``tasks``; ``scores``: by model, by task, higher is better.

    >>> found = orders({"a": {"x": 0.9, "y": 0.1}, "b": {"x": 0.5, "y": 0.2}, "c": {"x": 0.1}}, ["x", "y"])
    >>> [(row.model, row.mean_rank, row.missing) for row in found.rows]
    [('a', 1.5, []), ('b', 1.5, []), ('c', 3.0, ['y'])]
    """
    models = sorted(scores)
    table = np.full((len(models), len(tasks)), np.nan)
    for row, model in enumerate(models):
        for column, task in enumerate(tasks):
            table[row, column] = scores[model].get(task, np.nan)
    better = table[:, None, :] > table[None, :, :]
    tied = table[:, None, :] == table[None, :, :]
    wins = better.sum(axis=2) + 0.5 * tied.sum(axis=2)
    np.fill_diagonal(wins, 0)
    place, exact = kemeny(wins, _start(table))
    known = ~np.isnan(table)
    ahead = np.swapaxes(better, 0, 1).sum(axis=1) + 0.5 * (tied.sum(axis=1) - known)
    rivals = known.sum(axis=0) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(rivals > 0, 1 - ahead / np.maximum(rivals, 1), 1.0)
    rows = []
    for row, model in enumerate(models):
        has = known[row]
        rows.append(
            Row(
                model,
                float(table[row].mean()) if has.all() and len(tasks) else None,
                float((ahead[row, has] + 1).mean()) if has.any() else None,
                float(share[row, has].mean()) if has.any() else None,
                int(place[row]) + 1,
                [task for task, there in zip(tasks, has, strict=True) if not there],
            )
        )
    rows.sort(key=lambda each: (each.kemeny, each.model))
    return Orders(rows, exact, _disagree(rows))


def kemeny(wins: npt.NDArray[np.float64], start: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], bool]:
    """Return each model's place in the order that agrees with most pairwise wins, and whether that is proven.

    wins: [i, j] is on how many tasks i beats j. start: an order to begin from. Exact by dynamic programming over
    subsets for up to EXACT models; among equal orders the one nearest to ``start``'s beginning.
    """
    n = len(wins)
    order = _exact(wins, start) if n <= EXACT else _improve(wins, start)
    place = np.empty(n, np.intp)
    place[order] = np.arange(n)
    return place, n <= EXACT


def _exact(wins: npt.NDArray[np.float64], start: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    n = len(wins)
    lost = wins[np.ix_(start, start)].T  # lost[i, j]: how often i, placed before j, is beaten by j.
    cost = np.zeros(1 << n)
    choice = np.zeros(1 << n, np.int8)
    for subset in range(1, 1 << n):
        members = [i for i in range(n) if subset >> i & 1]
        # The first of the subset's order is chosen; the rest follow in their own best order.
        prices = [lost[i, members].sum() + cost[subset ^ (1 << i)] for i in members]
        least = int(np.argmin(prices))
        cost[subset], choice[subset] = prices[least], members[least]
    order, subset = [], (1 << n) - 1
    while subset:
        order.append(int(choice[subset]))
        subset ^= 1 << order[-1]
    return start[np.array(order, np.intp)]


def _improve(wins: npt.NDArray[np.float64], start: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Move one model at a time to its best place, until no move helps."""
    order = start.tolist()
    moved = True
    while moved:
        moved = False
        for model in list(order):
            place = order.index(model)
            rest = order[:place] + order[place + 1 :]
            gain = np.concatenate([[0.0], np.cumsum(wins[rest, model] - wins[model, rest])])
            best = int(np.argmax(gain))
            if gain[best] > gain[place] + 1e-9:
                order = [*rest[:best], model, *rest[best:]]
                moved = True
    return np.array(order, np.intp)


def _start(table: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the order by mean rank over the tasks that a model has, ties by name."""
    beaten = (table[None, :, :] > table[:, None, :]).sum(axis=1).astype(float)
    beaten[np.isnan(table)] = np.nan
    counts = (~np.isnan(table)).sum(axis=1)
    means = np.where(counts > 0, np.nansum(beaten, axis=1) / np.maximum(counts, 1), np.inf)
    return np.argsort(means, kind="stable")


def _disagree(rows: Sequence[Row]) -> bool:
    whole = [row for row in rows if not row.missing]
    orders_ = {
        tuple(row.model for row in sorted(whole, key=key))
        for key in (
            lambda row: -(row.mean or 0.0),
            lambda row: row.mean_rank or 0.0,
            lambda row: -(row.borda or 0.0),
            lambda row: row.kemeny,
        )
    }
    return len(orders_) > 1
