"""Whether predictions were made for something else: the other part of the task, or another task in the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import RecdataError
from recdata.protocol.task import Pairs, Task
from recdata.store.arrays import filled
from recdata.store.paths import tasks
from recdata.submission.encode import Encoder
from recdata.submission.expected import ByUser, fixes_candidates, masks_seen
from recdata.submission.finding import Findings, escape
from recdata.submission.ids import NO_ID, Ids

if TYPE_CHECKING:
    import pyarrow as pa

_TASKS = 100
"""How many other tasks are looked at."""
_FEWEST = 5
"""From so many relevant pairs of the other part on it is said."""
_CLEARLY = 0.1
"""By how much another task must fit better."""


class Fit(NamedTuple):
    """How the first rows of a file fit a part of a task.

    ids: the share of rows whose user is averaged over, times that of rows whose item is known. banned: the share of
    rows whose item the user has already or that are no candidates.
    """

    ids: float
    banned: float

    def better_than(self, other: Fit) -> bool:
        """Say whether this fits clearly better."""
        if self.ids != other.ids and abs(self.ids - other.ids) >= _CLEARLY / 10:
            return self.ids >= other.ids + _CLEARLY
        return other.banned > _CLEARLY / 10 and self.banned < other.banned / 10


def find_other_part(findings: Findings, encoder: Encoder, task: Task, part: str, relevant: ByUser) -> None:
    """Say so where the first rows of a file find many more relevant pairs of the other part than of this one.

    relevant: those of this one. Where items of validation are masked in the test, a model made for the test cannot find
    them at all.
    """
    head, other = encoder.head, "valid" if part == "test" else "test"
    there = task.truth(other)
    if head is None or not len(there.user):
        return
    users = np.unique(head.user)
    users = users[users < len(task.user_ids)]
    owner, _, item = relevant.spread(users)
    found, here = (
        among(task, head.user, head.item, pairs).sum() for pairs in (there, Pairs(users[owner], item))
    )
    say_other_part(findings, int(found), int(here), part)


def say_other_part(findings: Findings, found: int, here: int, part: str) -> None:
    """Say so where first rows find so many relevant pairs of the other part, and of ``part`` but few (here)."""
    other = "valid" if part == "test" else "test"
    if found >= _FEWEST and found >= 3 * here:
        findings.add(
            "other-part",
            value=f"{found:,} relevant pairs of the {other} part, {here:,} of the {part} part",
            remedy=f"predict for the {part} part, or score it with --part {other}",
        )


def find_other_task(findings: Findings, encoder: Encoder, task: Task, part: str) -> None:
    """Say which task of the store fits the first rows of a file clearly better, if one does.

    Tasks that cannot be read are passed over.
    """
    head = encoder.head
    if head is None or not len(head):
        return
    users, items = _texts(encoder.users, head.user), _texts(encoder.items, head.item)
    best, best_fit = None, _fit(task, users, items, part)
    for other in _others(task):
        try:
            fit = _fit(other, users, items, part)
        except (RecdataError, OSError, ValueError, KeyError):
            continue
        if fit.better_than(best_fit):
            best, best_fit = other, fit
    if best is not None:
        findings.add(
            "other-task",
            value=f"{best_fit.ids:.0%} of the first {len(head):,} rows fit {escape(best.name)}",
            remedy=f"check the name of the task; is it {escape(best.name)}?",
        )


def _others(task: Task) -> Iterator[Task]:
    """Yield the other tasks of the store, those of the same corpus first."""
    own = task.folder.parent.name
    folders = sorted(
        tasks().glob("*/*/manifest.json"), key=lambda path: (path.parent.parent.name != own, path)
    )
    for path in folders[:_TASKS]:
        try:
            other = Task.open(path.parent)
            same_kind = other.protocol["task"] == task.protocol["task"]
        except (RecdataError, OSError, ValueError, KeyError):
            continue
        if same_kind and other.fingerprint != task.fingerprint:
            yield other


def _fit(task: Task, users: pa.Array, items: pa.Array, part: str) -> Fit:
    import pyarrow.compute as pc

    user, item = (
        filled(pc.index_in(texts, value_set=known), NO_ID)
        for texts, known in ((users, task.user_ids), (items, task.item_ids))
    )
    inside = np.isin(user, task.population(part))
    known = (user != NO_ID) & (item != NO_ID)
    banned = np.zeros(len(user), dtype=bool)
    candidates = task.candidates() if fixes_candidates(task.protocol, part) else None
    if candidates is not None:
        banned = ~among(task, user, item, candidates)
    elif task.protocol["task"] == "ranking" and masks_seen(task.protocol):
        banned = among(task, user, item, task.seen_pairs(part))
    return Fit(float(inside.mean() * (item != NO_ID).mean()), float((banned & inside & known).mean()))


def among(
    task: Task, user: npt.NDArray[np.integer], item: npt.NDArray[np.integer], pairs: Pairs
) -> npt.NDArray[np.bool_]:
    """Say which rows are among ``pairs``. Codes of unknown ids are among none."""
    width = len(task.item_ids)
    known = (user >= 0) & (user < len(task.user_ids)) & (item >= 0) & (item < width)
    key = np.where(known, user.astype(np.int64) * width + item, -1)
    # Rows are few and pairs may be many: those of other users need not be sorted.
    asked = np.zeros(len(task.user_ids), dtype=bool)
    asked[user[known]] = True
    mine = asked[pairs.user]
    return np.isin(key, pairs.user[mine].astype(np.int64) * width + pairs.item[mine])


def _texts(ids: Ids, codes: npt.NDArray[np.int32]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    known = ids.ids.take(pa.array(np.minimum(codes, max(ids.known - 1, 0))))
    if len(ids) == ids.known:
        return known
    unknown = pa.array(ids.unknown, pa.string()).take(pa.array(np.maximum(codes - ids.known, 0)))
    return pc.if_else(pa.array(codes < ids.known), known, unknown)
