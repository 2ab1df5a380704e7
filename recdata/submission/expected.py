"""What a task expects of predictions: its ids, and the pairs that decide, arranged to be looked up by user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.task import Pairs, Rows, Task, distinct

_PREDICTED = ("valid", "test")


@dataclass(frozen=True, eq=False)
class ByUser:
    """Items by user. start: int64[users + 1], where each user's begin. item: int32[m]."""

    start: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]

    @classmethod
    def of(cls, pairs: Pairs, users: int) -> ByUser:
        """Arrange pairs that are sorted by user."""
        return cls(_starts(np.bincount(pairs.user, minlength=users)), pairs.item)

    @classmethod
    def gathered(cls, read: Callable[[], Iterable[Pairs]], users: int) -> ByUser:
        """Arrange pairs that are read twice, batch by batch: of memory it takes what it keeps and a batch."""
        many = np.zeros(users, dtype=np.int64)
        for batch in read():
            many += np.bincount(batch.user, minlength=users)
        start = _starts(many)
        item = np.empty(start[-1], dtype=np.int32)
        following = start[:-1].copy()
        for user, new in read():
            if (user[1:] < user[:-1]).any():
                order = np.argsort(user, kind="stable")
                user, new = user[order], new[order]
            here = np.bincount(user, minlength=users)
            before = np.cumsum(here) - here
            item[(following - before)[user] + np.arange(len(user))] = new
            following += here
        return cls(start, item)

    def spread(
        self, users: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Return all pairs of ``users``: whose (a place in ``users``), which (a place here), the item's code."""
        first = self.start[users]
        many = self.start[users + 1] - first
        owner = np.repeat(np.arange(len(users)), many)
        ends = np.cumsum(many)
        place = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - many), many)
        return owner, place, self.item[place]


def _starts(many: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(many))).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Expected:
    """What predictions for one part of a ranking task are judged by.

    population: int32[n], codes of who is averaged over. place: int32[users], a user's place in the population
    or -1. relevant: the truth. seen: what users had before the part, where the protocol masks it. candidates:
    the fixed ones.
    """

    population: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]
    relevant: ByUser
    seen: ByUser | None
    candidates: ByUser | None

    @classmethod
    def of(cls, task: Task, part: str) -> Expected:
        """Read what ``task`` says of ``part`` ("test" or "valid").

        Raises InputError where the part cannot be predicted: it is for training, or nobody has anything
        relevant in it.
        """
        check_part(part)
        expected = cls.read(task, part)
        if not len(expected.population):
            raise InputError(
                f"{task.name}: nothing is relevant in the {part} part, so that nothing can be scored in it"
            )
        return expected

    @classmethod
    def read(cls, task: Task, part: str) -> Expected:
        """Read what ``task`` says of ``part``, be it nothing."""
        users = len(task.user_ids)
        truth = task.truth(part)
        population = distinct(truth.user)
        place = np.full(users, -1, dtype=np.int32)
        place[population] = np.arange(len(population), dtype=np.int32)
        candidates = task.candidates() if fixes_candidates(task.protocol, part) else None
        seen = None
        if candidates is None and masks_seen(task.protocol):
            seen = ByUser.gathered(partial(task.seen_batches, part), users)
        return cls(
            population,
            place,
            ByUser.of(truth, users),
            seen,
            None if candidates is None else ByUser.of(candidates, users),
        )


def rated_rows(task: Task, part: str, share: bool = False) -> Rows:
    """Return the rows of ``part`` of a rating task.

    share: whether ``task`` is but a share of one, which may have no rows. Raises InputError where there are none, or one
    has no rating.
    """
    check_part(part)
    rows = task.rows(part)
    if not len(rows.user) and not share:
        raise InputError(f"{task.name}: the {part} part has no rows, so that nothing can be scored in it")
    if np.isnan(rows.rating).any():
        raise InputError(f"{task.name}: rows of the {part} part have no rating; the protocol needs ratings")
    return rows


def trained_items(task: Task) -> npt.NDArray[np.bool_]:
    """Return which items training has: bool[items]."""
    return np.bincount(task.pairs("train").item, minlength=len(task.item_ids)) > 0


def judged_misses(task: Task, part: str) -> ByUser:
    """Return the pairs of ``part`` that are known to be not relevant. Raises InputError where there can be none."""
    if task.protocol["relevance"].get("min_rating") is None:
        raise InputError(
            f"{task.name} has no judged misses, which Bpref needs: all that is in the {part} part is relevant"
        )
    width = max(len(task.item_ids), 1)
    every, truth = task.pairs(part), task.truth(part)
    relevant = truth.user.astype(np.int64) * width + truth.item
    missed = ~np.isin(every.user.astype(np.int64) * width + every.item, relevant)
    return ByUser.of(Pairs(every.user[missed], every.item[missed]), len(task.user_ids))


def check_part(part: str) -> None:
    """Raise InputError where ``part`` is not one that is predicted."""
    if part not in _PREDICTED:
        raise InputError(f"predictions are scored on the part test or valid, not {part!r}")


def fixes_candidates(protocol: Mapping[str, Any], part: str) -> bool:
    """Say whether each user has a fixed set of candidates in ``part``: protocols fix them for the test part alone."""
    return part == "test" and "full" not in protocol["candidates"]


def refused_codes(protocol: Mapping[str, Any]) -> frozenset[str]:
    """Return the codes of findings that are errors by the protocol's policy ``unknown``, though warnings elsewhere."""
    policy = protocol.get("unknown", {})
    codes = {"users": "unknown-user", "items": "unknown-item"}
    return frozenset(code for of, code in codes.items() if policy.get(of, "count") == "error")


def masks_seen(protocol: Mapping[str, Any]) -> bool:
    """Say whether items of the parts before count as misses: ``seen`` of the candidates' operator is "mask"."""
    ((_, arguments),) = protocol["candidates"].items()
    return str(arguments.get("seen", "mask")) == "mask"
