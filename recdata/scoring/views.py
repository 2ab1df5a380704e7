"""Views of hits: the same lists judged for other users, other relevant items, or one relevant item at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.hits import Facts, Hits
from recdata.metrics.lists import Lists, Tops
from recdata.protocol.task import Task
from recdata.submission.expected import fixes_candidates, masks_seen

Mask = npt.NDArray[np.bool_]


def facts_of(
    task: Task, part: str, population: npt.NDArray[np.int32], threshold: float | None = None
) -> Facts:
    """Return what metrics may ask of ``task``; nothing is read before. threshold: grades are rating - threshold + 1."""

    def grades() -> npt.NDArray[np.float64]:
        rows = task.relevant_rows(part)
        key = rows.user.astype(np.int64) * max(len(task.item_ids), 1) + rows.item
        order = np.argsort(key, kind="stable")
        last = np.append(key[order][1:] != key[order][:-1], True)
        newest = rows.rating[order][last]
        if np.isnan(newest).any():
            if threshold is not None:
                return np.where(np.isnan(newest), 1.0, newest - threshold + 1)
            raise InputError(
                f"{task.name}: relevant rows of the {part} part have no rating, so that there are no grades"
            )
        return newest if threshold is None else newest - threshold + 1

    def candidates() -> npt.NDArray[np.int64]:
        users = len(task.user_ids)
        fixed = task.candidates() if fixes_candidates(task.protocol, part) else None
        if fixed is not None:
            return np.bincount(fixed.user, minlength=users)[population]
        if not masks_seen(task.protocol):
            return np.full(len(population), len(task.item_ids), dtype=np.int64)
        seen = task.seen_pairs(part)
        key = seen.user.astype(np.int64) * max(len(task.item_ids), 1) + seen.item
        key.sort()  # and neighbours compared: np.unique hashes, which takes ten times as long
        first = np.append(True, key[1:] != key[:-1])[: len(key)]
        many = np.bincount(key[first] // max(len(task.item_ids), 1), minlength=users)
        return len(task.item_ids) - many[population]

    def rows() -> npt.NDArray[np.int64]:
        return np.bincount(task.relevant_rows(part).user, minlength=len(task.user_ids))[population]

    return Facts(grades, candidates, rows, lambda: task.truth(part).item)


def narrowed(hits: Hits, users: Mask | None = None, pairs: Mask | None = None) -> tuple[Hits, Mask]:
    """Return the hits of some users (bool[n]) and some relevant pairs (bool[p]) alone, and who is left (bool[n]).

    Whoever has no relevant pair left leaves. The lists and ranks stay what they are.
    """
    owners = hits.owners()
    kept = np.ones(len(owners), dtype=bool) if pairs is None else pairs.copy()
    if users is not None:
        kept &= users[owners]
    relevant = np.bincount(owners[kept], minlength=len(hits)).astype(np.int32)
    left = relevant > 0
    place = np.cumsum(left) - 1
    number = np.cumsum(kept) - 1
    facts = hits.facts
    narrow = hits.chosen(kept[hits.pair])
    judged = hits.judged
    if judged is not None:
        judged = replace(
            judged.chosen(left[judged.user]), relevant=judged.relevant[left], listed=judged.listed[left]
        )
        judged = replace(judged, user=place[judged.user].astype(np.int32))
    return replace(
        narrow,
        relevant=relevant[left],
        listed=hits.listed[left],
        user=place[narrow.user].astype(np.int32),
        pair=number[narrow.pair].astype(np.int32),
        judged=judged,
        facts=Facts(
            lambda: facts.grades()[kept],
            lambda: facts.candidates()[left],
            lambda: facts.rows()[left],
            lambda: facts.items()[kept],
        ),
    ), left


def narrowed_lists(lists: Lists, pairs: Mask) -> Lists:
    """Return the whole lists of the users who have one of some relevant pairs (bool[p]); those pairs alone are relevant."""
    hits, left = narrowed(lists.hits, pairs=pairs)
    place = np.where(left, np.cumsum(left) - 1, -1).astype(np.int32)
    keep = left[lists.tops.user]
    tops = Tops(place[lists.tops.user[keep]], lists.tops.rank[keep], lists.tops.item[keep])
    user, item = lists.known
    known = (np.where(user >= 0, place[user], -1).astype(np.int32), item)
    return Lists(tops, hits, lists.items, known, lists.training, lists.features)


def by_pair(hits: Hits) -> Hits:
    """Return hits in which each relevant pair is a unit of its own: R = 1, ranked in the user's list."""
    owners = hits.owners()
    order = np.argsort(hits.pair, kind="stable")
    moved = hits.chosen(order)
    facts = hits.facts
    return replace(
        moved,
        relevant=np.ones(len(owners), dtype=np.int32),
        listed=hits.listed[owners],
        user=moved.pair,
        judged=None,
        facts=Facts(
            facts.grades,
            lambda: facts.candidates()[owners],
            lambda: np.ones(len(owners), dtype=np.int64),
            facts.items,
        ),
    )
