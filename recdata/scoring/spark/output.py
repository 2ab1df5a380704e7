"""What a partition gives out, as rows of one schema: values of units, exact sums, counts of items, unknown ids, a tally."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.metrics.exact import ExactSum

if TYPE_CHECKING:
    import pyarrow as pa


class What(IntEnum):
    """What a row is."""

    UNIT = 0
    """Values of a unit: a user, a relevant pair, a row of a rating task, an example (its id: text). user: its code."""
    USER = 1
    """Values of a user in a rating task."""
    SUM = 2
    """An exact sum (text) of number values. user: which measure. item: which term."""
    ITEM = 3
    """How often (number) an item is what text says."""
    UNKNOWN = 4
    """An id (text) that is not in the task, and the row (number) it is met in first. item: 0 a user's, 1 an item's."""
    TALLY = 5
    """What was counted and found, as JSON (text)."""


FIXED = "what int, part int, user int, item int, number bigint, text string"
"""The columns of the schema before those of the values. part: a plan and slice, see ``Values``."""


def schema(values: int) -> str:
    """Return the schema for that many measures, as Spark spells it."""
    return ", ".join([FIXED, *(f"v{place} double" for place in range(values + 2))])


class Output:
    """Collects rows and gives them out as Arrow batches. values: how many measures there are at most.

    Behind their values stand two more: the rating and what was predicted, where a metric of all rows needs these.
    """

    def __init__(self, values: int) -> None:
        self.values = values + 2
        self._waiting: list[pa.RecordBatch] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield what was collected since."""
        yield from self._waiting
        self._waiting.clear()

    def units(
        self,
        what: What,
        part: int,
        user: npt.NDArray[np.int32] | None,
        columns: Sequence[pa.Array | None],
        ids: pa.Array | None = None,
    ) -> None:
        """Add values: an array a measure, None where it has none here; shorter ones are filled up with nulls."""
        import pyarrow as pa

        known = [column for column in (ids, *columns) if column is not None]
        rows = max(map(len, known), default=0)
        nothing = pa.nulls(rows, pa.float64())
        filled = [
            nothing if column is None else pa.concat_arrays([column, nothing[len(column) :]])
            for column in columns
        ]
        self._add(rows, what, part, user=user, text=ids, values=filled)

    def sums(self, part: int, measure: int, term: str, sums: ExactSum, number: int) -> None:
        """Add an exact sum; the term's name stands before it."""
        import pyarrow as pa

        text = pa.array([f"{term}\n{sums}"])
        self._add(1, What.SUM, part, user=np.array([measure], np.int32), number=np.array([number]), text=text)

    def items(self, part: int, text: str, counts: npt.NDArray[np.int64]) -> None:
        """Add how often each item is what ``text`` says."""
        import pyarrow as pa

        item = np.flatnonzero(counts).astype(np.int32)
        self._add(
            len(item),
            What.ITEM,
            part,
            item=item,
            number=counts[item],
            text=pa.array([text] * len(item), pa.string()),
        )

    def unknown(self, column: int, texts: Sequence[str], first: npt.NDArray[np.int64]) -> None:
        """Add unknown ids."""
        import pyarrow as pa

        item = np.full(len(texts), column, dtype=np.int32)
        self._add(len(texts), What.UNKNOWN, 0, item=item, number=first, text=pa.array(texts, pa.string()))

    def tally(self, text: str) -> None:
        """Add what was counted and found."""
        import pyarrow as pa

        self._add(1, What.TALLY, 0, text=pa.array([text]))

    def _add(
        self,
        rows: int,
        what: What,
        part: int,
        user: npt.NDArray[np.int32] | None = None,
        item: npt.NDArray[np.int32] | None = None,
        number: npt.NDArray[np.int64] | None = None,
        text: Any = None,
        values: Sequence[pa.Array] = (),
    ) -> None:
        import pyarrow as pa

        if not rows:
            return
        empty = pa.nulls(rows, pa.float64())
        arrays = {
            "what": pa.array(np.full(rows, what, dtype=np.int32)),
            "part": pa.array(np.full(rows, part, dtype=np.int32)),
            "user": pa.nulls(rows, pa.int32()) if user is None else pa.array(user),
            "item": pa.nulls(rows, pa.int32()) if item is None else pa.array(item),
            "number": pa.nulls(rows, pa.int64()) if number is None else pa.array(number),
            "text": pa.nulls(rows, pa.string()) if text is None else text,
            **{f"v{at}": values[at] if at < len(values) else empty for at in range(self.values)},
        }
        self._waiting.append(pa.record_batch(arrays))
