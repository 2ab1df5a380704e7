"""The list form: a row a user, with the items as a list, best first, and their scores as another list or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.store.arrays import filled
from recdata.submission.finding import Findings

if TYPE_CHECKING:
    import pyarrow as pa

ITEMS = ("items", "item_ids", "item_id", "item_list")
SCORES = ("scores", "score")


class Flat(NamedTuple):
    """Lists as rows. user, item, value: columns of one length, value None where a list's order is the ranking.

    row: int64, the number of the list that each row comes from. rank: int64, its place in the list, from 1.
    """

    user: pa.ChunkedArray
    item: pa.ChunkedArray
    value: pa.ChunkedArray | None
    row: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int64]


def is_list(kind: pa.DataType) -> bool:
    """Say whether a column has lists."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def flatten(
    user: pa.ChunkedArray,
    items: pa.ChunkedArray,
    scores: pa.ChunkedArray | None,
    first: int,
    findings: Findings,
) -> Flat:
    """Return lists as rows; ``first`` is the number of the first list.

    items may be structs with the fields item_id, score and rank, as LensKit writes them: the score decides, or else the
    place. Lists whose scores are not as many as their items are added to the findings and left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    length = filled(pc.list_value_length(items).combine_chunks(), 0).astype(np.int64)
    if scores is not None:
        other = filled(pc.list_value_length(scores).combine_chunks(), 0).astype(np.int64)
        wrong = np.flatnonzero(length != other)
        if len(wrong):
            findings.add_rows(
                "list-lengths",
                first + wrong,
                "scores",
                lambda i: f"{length[wrong[i]]} items, {other[wrong[i]]} scores",
            )
            good = pa.array(length == other)
            user, items, scores = user.filter(good), items.filter(good), scores.filter(good)
            numbers = first + np.flatnonzero(length == other)
            length = length[length == other]
        else:
            numbers = first + np.arange(len(length))
    else:
        numbers = first + np.arange(len(length))
    owner = np.repeat(np.arange(len(length)), length)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length) + 1
    item = pc.list_flatten(items)
    value = None if scores is None else pc.list_flatten(scores)
    if pa.types.is_struct(item.type):
        fields = [field.name for field in item.type]
        value = pc.struct_field(item, "score") if "score" in fields else value
        item = pc.struct_field(item, "item_id")
    return Flat(user.take(pa.array(owner)), item, value, numbers[owner], rank)
