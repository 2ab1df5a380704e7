"""Preferences between systems: how often each won, with intervals, and the order by Bradley and Terry's model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.judgements.read import TIE, Preference

Z = 1.959963984540054
"""The normal quantile of .975: intervals are of 95 %."""

TOLERANCE, ROUNDS = 1e-10, 100_000
"""Bradley-Terry: the largest change of a log strength at which the iteration stops, and after how many it gives up."""

Wins = npt.NDArray[np.float64]


class Strengths(NamedTuple):
    """Bradley-Terry strengths: logarithms whose mean is 0, or None with why there are none."""

    log: list[float] | None
    rounds: int
    reason: str | None


def wilson(wins: float, n: float) -> tuple[float, float]:
    """Return Wilson's score interval (95 %) of a share; ties count half a win.

    Source: Wilson, Journal of the American Statistical Association 22, 1927.

    >>> tuple(round(end, 4) for end in wilson(8, 10))
    (0.4902, 0.9433)
    """
    share, square = wins / n, Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def wins_of(preferences: Sequence[Preference]) -> tuple[list[str], Wins]:
    """Return the systems, sorted, and how often the one of each row beat the one of each column, ties half to both."""
    systems = sorted({name for one in preferences for name in (one.first, one.second)})
    place = {name: number for number, name in enumerate(systems)}
    wins = np.zeros((len(systems), len(systems)))
    for one in preferences:
        first, second = place[one.first], place[one.second]
        share = 0.5 if one.winner == TIE else float(one.winner == one.first)
        wins[first, second] += share
        wins[second, first] += 1 - share
    return systems, wins


def bradley_terry(wins: Wins, systems: Sequence[str]) -> Strengths:
    """Return the strengths p under which i beats j with probability p_i / (p_i + p_j): the likeliest ones.

    Hunter's MM algorithm: p_i = W_i / sum_j n_ij / (p_i + p_j), all at once, from p = 1, scaled to a geometric mean of
    1, until no log p changes by more than 1e-10. Ties are half a win to both. There are none where some systems never
    lost to the others (Ford's condition). Source: Bradley and Terry, Biometrika 39, 1952; Hunter, Annals of Statistics
    32(1), 2004.

    >>> [round(math.exp(each), 4) for each in bradley_terry(np.array([[0.0, 3], [1, 0]]), "ab").log or []]
    [1.7321, 0.5774]
    """
    if apart := _unbeaten(wins, systems):
        return Strengths(None, 0, apart)
    games, won = wins + wins.T, wins.sum(axis=1)
    log = np.zeros(len(wins))
    for count in range(1, ROUNDS + 1):
        strength = np.exp(log)
        share = games / (strength[:, None] + strength[None, :])
        # Rows are added from left to right, so that the bits do not depend on how numpy adds.
        new = np.log(won / np.add.accumulate(share, axis=1)[:, -1])
        new -= math.fsum(new.tolist()) / len(new)
        moved = float(np.abs(new - log).max())
        log = new
        if moved <= TOLERANCE:
            return Strengths([round(each, 8) for each in log.tolist()], count, None)
    return Strengths(None, ROUNDS, f"the strengths still changed by {moved:.2g} after {ROUNDS:,} rounds")


def _unbeaten(wins: Wins, systems: Sequence[str]) -> str | None:
    """Say which systems never lost to the rest, or None: where everyone can be reached by a chain of wins."""
    reached = wins > 0
    np.fill_diagonal(reached, True)
    for middle in range(len(wins)):
        reached |= reached[:, middle, None] & reached[None, middle, :]
    for row in range(len(wins)):
        above = reached[:, row]
        if not above.all():
            group = [name for name, inside in zip(systems, above, strict=True) if inside]
            return f"{', '.join(group)} never lost to, or never met, any of the others, so that no strength is the likeliest"
    return None


def aggregate(preferences: Sequence[Preference]) -> dict[str, Any]:
    """Return win rates with intervals of every system and pair, the order by strength, and how often the first won."""
    systems, wins = wins_of(preferences)
    strengths = bradley_terry(wins, systems)
    games = wins + wins.T
    rates = {name: _rate(float(wins[i].sum()), float(games[i].sum())) for i, name in enumerate(systems)}
    order = sorted(
        systems,
        key=lambda name: (
            -strengths.log[systems.index(name)] if strengths.log else -rates[name]["win_rate"],
            name,
        ),
    )
    decided = [one for one in preferences if one.winner != TIE]
    return {
        "judgements": len(preferences),
        "ties": len(preferences) - len(decided),
        "first_won": _rate(float(sum(one.winner == one.first for one in decided)), float(len(decided)))
        if decided
        else None,
        "ordered_by": "strength" if strengths.log else "win_rate",
        "systems": [
            {
                "system": name,
                **rates[name],
                "strength": strengths.log[systems.index(name)] if strengths.log else None,
            }
            for name in order
        ],
        "pairs": [
            {"first": a, "second": b, **_rate(float(wins[i, j]), float(games[i, j]))}
            for i, a in enumerate(systems)
            for j, b in enumerate(systems)
            if i < j and games[i, j]
        ],
        "bradley_terry": {"rounds": strengths.rounds, "undefined": strengths.reason},
    }


def _rate(wins: float, n: float) -> dict[str, Any]:
    low, high = wilson(wins, n)
    return {"judgements": int(n), "wins": wins, "win_rate": wins / n, "interval": [low, high]}
