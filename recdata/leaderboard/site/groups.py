"""Groups of models that do not differ: letters on a board, from paired t-tests over users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recdata.errors import RecdataError, ResourceError
from recdata.leaderboard.compare import Values
from recdata.leaderboard.ledger import Entry
from recdata.leaderboard.significance import holm
from recdata.leaderboard.site.boards import VERIFIED, Board, Row

ALPHA = 0.05
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def mark_groups(board: Board) -> None:
    """Read the primary metric of each user, and give the verified rows of ``board`` their letters.

    From the best row down: a group is a row and those below it, up to the first that differs from it (paired t
    over users, two-sided, Holm's correction for all rows below, level 0.05); that one begins the next group.
    """
    table: list[tuple[Row, Values]] = []
    users = None
    for row in board.section(VERIFIED):
        values = _mean_of(row.entries, board)
        users = users or row.first.document["per_user"]["users"]
        if values is not None and row.first.document["per_user"]["users"] == users:
            table.append((row, values))
    if not table:
        return
    matrix = np.stack([values for _, values in table])
    letters = _letters(matrix)
    named = {id(row): letter for (row, _), letter in zip(table, letters, strict=True)}
    board.rows = [replace(row, group=named.get(id(row), "")) for row in board.rows]


def _mean_of(entries: Sequence[Entry], board: Board) -> Values | None:
    found = []
    for entry in entries:
        values = primary_values(entry, board.primary)
        if values is None:
            return None
        board.values[entry.id] = values
        found.append(values)
    mean: Values = sum(found[1:], found[0]) / len(found)
    return mean


def primary_values(entry: Entry, metric: str) -> Values | None:
    """Return a metric of each user from the file beside the entry, None where it cannot be had."""
    import pyarrow as pa

    from recdata.store.arrays import to_numpy

    try:
        column = entry.values([metric]).column(metric)
    except (RecdataError, pa.ArrowException, OSError, KeyError):
        return None
    return None if column.null_count else to_numpy(column).astype(np.float64, copy=False)


def _letters(matrix: npt.NDArray[np.float64]) -> list[str]:
    try:
        from scipy.special import stdtr
    except ImportError:
        raise ResourceError('the site needs SciPy: pip install "recdata[compare]"') from None
    rows, n = matrix.shape
    found = [""] * rows
    head, group = 0, 0
    while head < rows and group < len(LETTERS):
        difference = matrix[head + 1 :] - matrix[head]
        mean = difference.mean(axis=1)
        spread = difference.std(axis=1, ddof=1) if n > 1 else np.zeros(len(mean))
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(mean) / (spread / np.sqrt(n))
        t[np.isnan(t)] = 0
        p = holm((2 * stdtr(max(n - 1, 1), -t)).tolist())
        differs = np.flatnonzero(np.array(p) < ALPHA)
        stop = head + 1 + int(differs[0]) if len(differs) else rows
        for place in range(head, stop):
            found[place] = LETTERS[group]
        head, group = stop, group + 1
    return found
