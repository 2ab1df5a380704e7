"""Lists of a task: the first items of each list with what the task and its corpus know of items."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recdata.errors import InputError
from recdata.metrics.hits import Hits
from recdata.metrics.lists import Features, Lists, Training
from recdata.protocol.task import Task
from recdata.submission.examine import Examined

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CATEGORIES = 10_000


class Background:
    """What a score asks of a task as a whole, read when it is asked for."""

    def __init__(self, task: Task) -> None:
        self._task = task

    @cached_property
    def training(self) -> Training:
        """What is counted in training."""
        user, item = self._task.pairs("train")
        users = int((np.bincount(user) > 0).sum()) if len(user) else 0
        return Training(np.bincount(item, minlength=len(self._task.item_ids)), users, len(item))

    def features(self, column: str) -> Features:
        """Return what is known of items by a column; see ``features_of``."""
        return features_of(self._task, column)


def lists_of(task: Task, examined: Examined, hits: Hits, background: Background) -> Lists:
    """Return what metrics beyond accuracy read. Raises ValueError where the first items were not kept."""
    if examined.tops is None:
        raise ValueError("the reading did not keep the first items")
    train = task.pairs("train")
    place = np.full(len(task.user_ids), -1, dtype=np.int32)
    place[examined.population] = np.arange(len(examined.population), dtype=np.int32)
    return Lists(
        examined.tops,
        hits,
        len(task.item_ids),
        (place[train.user], train.item),
        background.training,
        background.features,
    )


def features_of(task: Task, column: str) -> Features:
    """Return a column of the corpus's items as categories or, where it holds lists of floating numbers, vectors.

    An item that the table does not list, or that has nothing there, has no category. Raises InputError where there is no
    such column, MissingError where the corpus is not in the store any more.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    origin = task.origin
    known = origin.types().get("items", {})
    plain = column.removeprefix("items.")
    if plain not in known:
        raise InputError(
            f"{task.name}: its items have no column {plain!r}; they have {', '.join(known) or 'none'}"
        )
    table = origin.read("items", ["item_id", plain])
    ids, values = table.column("item_id").combine_chunks(), table.column(plain).combine_chunks()
    place = pc.index_in(task.item_ids, ids)
    values = values.take(place)
    if pa.types.is_list(values.type) and pa.types.is_floating(values.type.value_type):
        return Features(None, _vectors(values, plain))
    return Features(_categories(values, plain))


def _categories(values: pa.Array, column: str) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    items = len(values)
    item = np.arange(items)
    if pa.types.is_list(values.type):
        item = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
        values = pc.list_flatten(values)
    codes = values.dictionary_encode()
    if len(codes.dictionary) > MOST_CATEGORIES:
        raise InputError(
            f"the items' {column} has {len(codes.dictionary):,} values; categories are at most {MOST_CATEGORIES:,}"
        )
    number = pc.fill_null(codes.indices, -1).to_numpy(zero_copy_only=False)
    sets = np.zeros((items, len(codes.dictionary)), dtype=bool)
    sets[item[number >= 0], number[number >= 0]] = True
    return sets


def _vectors(values: pa.Array, column: str) -> np.ndarray:
    import pyarrow.compute as pc

    lengths = set(pc.drop_null(pc.list_value_length(values)).to_pylist())
    if len(lengths) != 1:
        raise InputError(f"the items' {column} has vectors of {len(lengths)} lengths; expected one")
    (length,) = lengths
    vectors = np.zeros((len(values), length))
    there = np.flatnonzero(pc.is_valid(values).to_numpy(zero_copy_only=False))
    flat = pc.list_flatten(values).to_numpy(zero_copy_only=False)
    vectors[there] = flat.reshape(len(there), length)
    return vectors
