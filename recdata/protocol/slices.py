"""Slices of what is tested: cold and warm, repeat and novel, by activity, popularity, time, or any declared column.

A slice is a subset of the units of a part: in a ranking task its relevant pairs, as ``Task.truth`` gives them; in a rating
task its rows, as ``Task.rows`` does. A score in a slice asks for those alone: the relevant items of a user are those of
the user's pairs inside, and its population is every user who has one (the units of a slice of users are all their pairs).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.protocol.task import distinct
from recdata.store.arrays import filled

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.task import Task

Mask = npt.NDArray[np.bool_]
MOST_VALUES = 100
"""A column of more distinct values is no set of slices."""


class Slice(NamedTuple):
    """name: "cold-users", "activity-1", "locale=UK". about: what is in it. mask: bool, one for each unit of the part."""

    name: str
    about: str
    mask: Mask


class Units(NamedTuple):
    """The units of a part, arrays of one length. row: the corpus's row; of a repeated pair it is the first."""

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    timestamp: npt.NDArray[np.datetime64]
    row: npt.NDArray[np.int64]


def slices(task: Task, part: str = "test", *, quantiles: int = 4, intervals: int = 4) -> list[Slice]:
    """Return the slices that every task has; those that are empty are left out, and those by time where times are unknown.

    cold-users, warm-users      users without, with a row in training or context
    cold-items, warm-items      items without, with a row in training
    cold-pairs, warm-pairs      the user or the item is cold; neither is
    repeat, novel               the user had the item before (training, context; for the test also validation), or not
    activity-1 ... -4           users by their rows in training and context, 1 the least active
    popularity-1 ... -4         items by their rows in training, 1 the least popular; all items of the task are counted
    interval-1 ... -4           the part's own time from its oldest to its newest row in equal pieces, 1 the oldest

    A quantile q of n holds what has from ``(q - 1) / n`` up to ``q / n`` of all users of the part (of all items) below it:
    equal counts are never torn apart, so that a quantile may be larger than others, or empty. Raises InputError where
    the numbers of quantiles or intervals are not positive.
    """
    if quantiles < 1 or intervals < 1:
        raise InputError(f"quantiles and intervals are at least 1, not {quantiles} and {intervals}")
    units = units_of(task, part)
    found = [*by_content(task, part, units, Levels.of(task, units), quantiles), *_intervals(units, intervals)]
    return [each for each in found if each.mask.any()]


class Below(NamedTuple):
    """How many of some numbers are lower than each that is there. values: int64, distinct and sorted; below: int64."""

    values: npt.NDArray[np.int64]
    below: npt.NDArray[np.int64]
    total: int

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int64]) -> Below:
        """Count ``numbers``."""
        values, many = np.unique(numbers, return_counts=True)
        return cls(values, np.cumsum(many) - many, len(numbers))

    def quantile(self, numbers: npt.NDArray[np.int64], quantiles: int) -> npt.NDArray[np.int64]:
        """Return the quantile of numbers that are there, from 0: how many of equal shares of all lie below each.

        >>> Below.of(np.array([5, 1, 1, 9])).quantile(np.array([5, 1, 1, 9]), 2).tolist()
        [1, 0, 0, 1]
        """
        below: npt.NDArray[np.int64] = self.below[np.searchsorted(self.values, numbers)]
        return below * quantiles // max(self.total, 1)


def quantile(values: npt.NDArray[np.int64], quantiles: int) -> npt.NDArray[np.int64]:
    """Return the quantile of each value among all of them; see ``Below.quantile``."""
    return Below.of(values).quantile(values, quantiles)


class Levels(NamedTuple):
    """What slices ask of the whole task. items: int64, the rows of each item in training. of_items: those, counted.
    of_users: the rows in training and context of every user of the part, counted.
    """

    items: npt.NDArray[np.int64]
    of_items: Below
    of_users: Below

    @classmethod
    def of(cls, task: Task, units: Units) -> Levels:
        """Count the rows of ``task``."""
        items = _counts(task, "item", "train")
        users = _counts(task, "user", "train", "context")[distinct(units.user)]
        return cls(items, Below.of(items), Below.of(users))


def by_content(task: Task, part: str, units: Units, levels: Levels, quantiles: int = 4) -> list[Slice]:
    """Return the slices that every task has but those by time, empty ones too."""
    return [
        *_warmth(task, units, levels),
        *_history(task, part, units),
        *_quantiles(task, units, levels, quantiles),
    ]


def slices_by(task: Task, column: str, part: str = "test") -> list[Slice]:
    """Return a slice for each value of a declared column: "locale", "items.language", "users.gender".

    Without a table's name the column is the interactions' own. Where it holds a list, a unit is in the slice of each of
    its values; where it holds nothing, in "COLUMN=" (and an item or user that the table does not list, too). Raises
    InputError where the corpus has no such column, or it has more than MOST_VALUES values; MissingError and
    MismatchError where the corpus is not in the store any more.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    origin, units = task.origin, units_of(task, part)
    kind, _, plain = column.rpartition(".")
    types = origin.types()
    if kind not in ("", "items", "users") or plain not in types.get(kind or "interactions", {}):
        known = [*types["interactions"], *(f"{k}.{c}" for k in ("items", "users") for c in types.get(k, {}))]
        raise InputError(f"{task.name} has no column {column!r} to slice by; it has {', '.join(known)}")
    if kind:
        entity = kind[:-1]
        table = origin.read(kind, [f"{entity}_id", plain]).combine_chunks()
        ids = task.user_ids if kind == "users" else task.item_ids
        place = pc.index_in(ids, table.column(f"{entity}_id").combine_chunks())
        code = units.user if kind == "users" else units.item
        values = table.column(plain).combine_chunks().take(place.take(pa.array(code)))
    else:
        row, back = np.unique(units.row, return_inverse=True)
        values = pa.concat_arrays(origin.take([plain], row).column(plain).chunks).take(pa.array(back))
    return by_value(values, column)


def units_of(task: Task, part: str) -> Units:
    """Return the units of ``part`` of ``task``."""
    if task.protocol["task"] == "rating":
        rows = task.rows(part)
        return Units(rows.user, rows.item, rows.timestamp, rows.row)
    rows = task.relevant_rows(part)
    key = rows.user.astype(np.int64) * max(len(task.item_ids), 1) + rows.item
    first = np.unique(key, return_index=True)[1]
    return Units(rows.user[first], rows.item[first], rows.timestamp[first], rows.row[first])


def _counts(task: Task, column: str, *parts: str) -> npt.NDArray[np.int64]:
    """Return the rows of each user or item in some parts of the task."""
    size = len(task.user_ids if column == "user" else task.item_ids)
    counts = np.zeros(size, dtype=np.int64)
    for part in parts:
        if part in task.parts:
            counts += np.bincount(getattr(task.rows(part), column), minlength=size)
    return counts


def _warmth(task: Task, units: Units, levels: Levels) -> Iterator[Slice]:
    cold_user = _counts(task, "user", "train", "context")[units.user] == 0
    cold_item = levels.items[units.item] == 0
    yield Slice("cold-users", "users without a row in training or context", cold_user)
    yield Slice("warm-users", "users with a row in training or context", ~cold_user)
    yield Slice("cold-items", "items without a row in training", cold_item)
    yield Slice("warm-items", "items with a row in training", ~cold_item)
    yield Slice("cold-pairs", "the user, the item or both are cold", cold_user | cold_item)
    yield Slice("warm-pairs", "neither the user nor the item is cold", ~(cold_user | cold_item))


def _history(task: Task, part: str, units: Units) -> Iterator[Slice]:
    seen, width = task.seen_pairs(part), max(len(task.item_ids), 1)
    known = seen.user.astype(np.int64) * width + seen.item
    repeat = np.isin(units.user.astype(np.int64) * width + units.item, known)
    yield Slice("repeat", "items that the user had before", repeat)
    yield Slice("novel", "items that the user did not have before", ~repeat)


def _quantiles(task: Task, units: Units, levels: Levels, quantiles: int) -> Iterator[Slice]:
    rows = _counts(task, "user", "train", "context")
    of_user = levels.of_users.quantile(rows[units.user], quantiles)
    of_item = levels.of_items.quantile(levels.items[units.item], quantiles)
    kinds = (("activity", "users", of_user), ("popularity", "items", of_item))
    for name, who, place in kinds:
        for number in range(quantiles):
            about = f"{who} of quantile {number + 1} of {quantiles} by rows in training"
            yield Slice(f"{name}-{number + 1}", about, place == number)


def _intervals(units: Units, intervals: int) -> Iterator[Slice]:
    known = ~np.isnat(units.timestamp)
    if not known.any():
        return
    moment = units.timestamp.astype(np.int64)
    oldest, newest = int(moment[known].min()), int(moment[known].max())
    place = np.searchsorted(interval_starts(oldest, newest, intervals), moment, side="right") - 1
    for number in range(intervals):
        yield Slice(*interval_words(number, intervals), known & (place == number))


def interval_starts(oldest: int, newest: int, intervals: int) -> list[int]:
    """Return the microsecond at which each of equal pieces of a time begins: the first not before its share of the time."""
    return [oldest + -(-(newest - oldest) * number // intervals) for number in range(intervals)]


def interval_words(number: int, intervals: int) -> tuple[str, str]:
    """Return the name of an interval, counted from 0, and what is in it."""
    return f"interval-{number + 1}", f"piece {number + 1} of {intervals} of the part's time"


def by_value(values: pa.Array, column: str) -> list[Slice]:
    """Return the slices of units whose values stand in an Arrow array, or in an array of lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    unit: npt.NDArray[Any] = np.arange(len(values))
    nothing = ~pc.is_valid(values).to_numpy(zero_copy_only=False)
    if pa.types.is_list(values.type):
        unit = filled(pc.list_parent_indices(values), 0)
        nothing = filled(pc.fill_null(pc.list_value_length(values), 0), 0) == 0
        values = pc.list_flatten(values)
    if pa.types.is_nested(values.type):
        raise InputError(
            f"the column {column!r} holds {values.type}; only single values and lists of them make slices"
        )
    codes = values.dictionary_encode()
    if len(codes.dictionary) > MOST_VALUES:
        raise InputError(
            f"the column {column!r} has {len(codes.dictionary):,} values; slices are made by up to {MOST_VALUES}"
        )
    number = filled(codes.indices, -1)
    found = []
    for place, value in enumerate(codes.dictionary.to_pylist()):
        mask = np.zeros(len(nothing), dtype=bool)
        mask[unit[number == place]] = True
        found.append(Slice(f"{column}={value}", f"{column} is {value}", mask))
    found.append(Slice(f"{column}=", f"{column} is not known", nothing))
    return sorted((each for each in found if each.mask.any()), key=lambda each: each.name)
