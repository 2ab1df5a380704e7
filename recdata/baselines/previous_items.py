"""Previous items: a session's own, the newest first; then what goes together with them; then what its locale likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from recdata.baselines import _base, _matrix
from recdata.baselines.last_item import check_repeats, last_of
from recdata.errors import InputError
from recdata.protocol.origin import Origin
from recdata.store.arrays import filled, read_table

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Recommender(_base.ByList):
    """Own items score 2 + 1/a, a the age in rows from 1; items together with them 1 + s/(1 + s); others below 1.

    s adds over the own items, for each the number of histories that hold both over its age. Others score by how often
    histories of the same ``by`` hold them, then by how often all do.
    """

    kind: ClassVar[Literal["ranking", "rating", "any"]] = "ranking"
    grid: ClassVar[dict[str, list[Any]]] = {"repeats": [True, False]}

    def __init__(self, task: Task, seed: int, repeats: bool = True, by: str = "locale") -> None:
        """repeats: whether own items come first; else they come last. by: a column of the users table, "" for none.

        A corpus without such a column is one locale. Raises InputError where the task counts own items as misses and
        ``repeats`` is set, MissingError where the corpus is not in the store any more.
        """
        if repeats:
            check_repeats(task, "previous-items")
        self._task, self._repeats = task, repeats
        self._filled: npt.NDArray[np.int64] | None = None
        self._group, groups = _groups(task, by)
        self._items = len(task.item_ids)
        rows = task.rows("train")
        key = self._group[rows.user].astype(np.int64) * self._items + rows.item
        near = np.bincount(key, minlength=groups * self._items).reshape(groups, self._items)
        everywhere = _matrix.fraction(near.sum(axis=0))
        self._popular = np.array([(2.0**20 * _matrix.fraction(each) + everywhere) / 2.0**21 for each in near])
        held = _matrix.matrix(task.pairs("train"), task)
        together = (held.T @ held).tocsr()
        together.setdiag(0)
        together.eliminate_zeros()
        self._together = together

    def begin(self, part: str) -> None:
        """Read what users had before ``part``."""
        user, item = _matrix.history(self._task, part)
        age = _matrix.ages(user)
        newest = last_of(user, item, self._items)
        shape = len(self._task.user_ids), self._items
        self._own = _matrix.sparse().csr_matrix((1 / age[newest], (user[newest], item[newest])), shape=shape)

    def _known(self, users: _base.Codes) -> Any:
        """Return the scores of own items and of what is together with them, CSR of (users, items)."""
        own = self._own[users]
        found = (own @ self._together).tocsr()
        found.data = _base.rounded(1 + found.data / (1 + found.data))
        mine = own.copy()
        mine.data = np.ones(len(mine.data))
        found = found - found.multiply(mine)
        first = own.copy()
        first.data = _base.rounded(2 + own.data) if self._repeats else np.full(len(own.data), -1.0)
        return (found + first).tocsr()

    def score(self, user: _base.Codes, item: _base.Codes) -> _base.Scores:
        """Return the scores of the pairs."""
        user, item = np.broadcast_arrays(user, item)
        known = np.asarray(self._known(user.ravel())[np.arange(user.size), item.ravel()]).reshape(user.shape)
        popular: _base.Scores = self._popular[self._group[user], item]
        return np.where(known != 0, known, popular)

    def best(
        self, users: _base.Codes, columns: npt.NDArray[np.int64], k: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], _base.Scores]:
        """Return the best ``k`` items of each user."""
        known = self._known(users)
        place = np.empty(self._items, dtype=np.int64)
        place[columns] = np.arange(self._items)
        owner = np.repeat(np.arange(len(users)), np.diff(known.indptr))
        item, score = known.indices.astype(np.int64), known.data
        # Whoever has enough that is near is not shown what is popular.
        short = np.flatnonzero(np.bincount(owner, score >= 1, minlength=len(users)) < k)
        most = k + int(np.diff(known.indptr)[short].max(initial=0))
        others = self._filling(columns)[:, :most][self._group[users[short]]]
        whose, others = np.repeat(short, others.shape[1]), others.ravel()
        fresh = ~np.isin(whose * self._items + others, owner * self._items + item)
        whose, others = whose[fresh], others[fresh]
        owner, item = np.concatenate([owner, whose]), np.concatenate([item, others])
        score = np.concatenate([score, self._popular[self._group[users[whose]], others]])
        order = np.lexsort((place[item], -score, owner))
        owner = owner[order]
        keep = np.arange(len(owner)) - np.searchsorted(owner, owner) < k
        return owner[keep], item[order][keep], score[order][keep]

    def _filling(self, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return for each group all items, the most popular first, equal ones in the order of ``columns``."""
        if self._filled is None:
            by_group = [columns[np.argsort(-each[columns], kind="stable")] for each in self._popular]
            self._filled = np.array(by_group)
        return self._filled


def _groups(task: Task, by: str) -> tuple[npt.NDArray[np.int32], int]:
    """Return the group of each user of the task, int32[users], and how many groups there are."""
    import pyarrow.compute as pc

    nobody = np.zeros(len(task.user_ids), dtype=np.int32), 1
    if not by:
        return nobody
    origin = Origin.of(task.manifest)
    kind = origin.types().get("users", {}).get(by)
    if kind is None:
        return nobody
    if kind != "string":
        raise InputError(f"previous-items: users.{by} holds {kind}; only texts make groups")
    table = read_table(origin.path("users"), ["user_id", by]).combine_chunks()
    place = pc.index_in(task.user_ids, table.column("user_id").combine_chunks())
    values = table.column(by).combine_chunks().take(place).dictionary_encode()
    names = values.dictionary.to_pylist()
    order = np.argsort(np.array(names, dtype=object)) if names else np.empty(0, dtype=np.int64)
    rank = np.append(np.argsort(order), len(names)).astype(np.int32)  # what is not known is the last group
    return rank[filled(values.indices, len(names))], len(names) + 1
