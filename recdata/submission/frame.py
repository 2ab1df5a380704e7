"""Predictions in memory, as a table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.store.arrays import to_numpy
from recdata.submission.block import ROWS, Block, Reader, Value
from recdata.submission.columns import Layout
from recdata.submission.finding import Findings, StopReadingError, Unit
from recdata.submission.limits import Limits
from recdata.submission.memory import as_table

if TYPE_CHECKING:
    import pyarrow as pa


class FrameReader:
    """A table in memory. Rows are numbered from 0, by place and not by a data frame's index."""

    unit: Unit = "row"
    format = "table"

    def __init__(self, name: str, table: pa.Table, findings: Findings) -> None:
        """Find the columns of ``table``. Raises StopReadingError, the reason in ``findings``."""
        self.name = name
        self.limits = Limits()
        self.done = 0.0
        schema = table.schema
        self._layout = Layout.of(table.column_names, lambda name: schema.field(name).type, findings)
        self.value: Value = self._layout.value
        self.places = self._layout.places
        self._table = table.select(self._layout.columns())

    @classmethod
    def of(cls, predictions: Any, limit: int) -> tuple[Reader | None, Findings]:
        """Return the reader of a table, or None where the findings say why not. Raises InputError for no table."""
        name = f"<{type(predictions).__name__}>"
        findings = Findings(name, "row", limit)
        try:
            return cls(name, as_table(predictions, findings), findings), findings
        except StopReadingError:
            return None, findings

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """Yield the rows as blocks."""
        layout = self._layout.begin()
        for first in range(0, self._table.num_rows, ROWS):
            self.done = min((first + ROWS) / self._table.num_rows, 1.0)
            yield from layout.blocks(self._table.slice(first, ROWS), first, findings)
        self.places = layout.places

    def size(self) -> int:
        """Return the size of the columns in memory, in bytes."""
        return int(self._table.nbytes)

    def digest(self) -> str:
        """Return the SHA-256 of the rows, in their order, in one way of writing that does not depend on types.

        Each id column is hashed as the lengths in bytes of its ids (int64, little-endian, one after the
        other) and, apart, as their UTF-8 bytes; the values as float64, little-endian. The five digests, in
        the order user lengths, user bytes, item lengths, item bytes, values, are hashed after the line
        "recdata rows 1" and the value's name.
        """
        parts = [hashlib.sha256() for _ in range(5)]
        for block in self.blocks(Findings(self.name, "row", 0)):
            for column, lengths, text in ((block.user, *parts[:2]), (block.item, *parts[2:4])):
                for chunk in column.chunks:
                    sizes, data = _text(chunk)
                    lengths.update(sizes.tobytes())
                    text.update(data)
            parts[4].update(to_numpy(block.value).astype("<f8").tobytes())
        whole = hashlib.sha256(f"recdata rows 1\n{self.value}\n".encode())
        for part in parts:
            whole.update(part.digest())
        return whole.hexdigest()

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        return "the rows in their order, serialised as 'recdata rows 1'"


def _text(ids: pa.DictionaryArray) -> tuple[npt.NDArray[np.int64], Any]:
    """Return the lengths of the ids in bytes, and their bytes one after the other."""
    import pyarrow as pa

    text = ids.cast(pa.large_string())
    offsets = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1]
    data = text.buffers()[2]
    span = b"" if data is None else memoryview(data)[offsets[0] : offsets[-1]]
    return np.diff(offsets).astype("<i8"), span
