"""Ids become codes: places in the task's sorted lists; ids that the task does not know get codes after those."""

from __future__ import annotations

from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recdata.store.arrays import filled, validity

if TYPE_CHECKING:
    import pyarrow as pa

NO_ID = -1
MOST_UNKNOWN = 1 << 20
"""How many different unknown ids are told apart before the reading is ended."""


_FEW = 16
"""Where a block has fewer different ids than a task by this factor, they are looked up in a table that is kept."""


class TooManyUnknownError(Exception):
    """More than MOST_UNKNOWN different ids are not in the task."""


class TooLongError(Exception):
    """An id that is not in the task is longer than the limit."""


class Ids:
    """The codes of users or of items. ``known`` are the task's ids, sorted; a known id's code is its place.

    unknown: the others that were met, in the order of their codes. first: the number of the row where each was met first.
    longest: how many bytes an unknown id may have.
    """

    def __init__(self, known: pa.StringArray, longest: int | None = None) -> None:
        self.known = len(known)
        self.ids = known
        self.unknown: list[str] = []
        self._longest = longest
        self.first: list[int] = []
        self._known = known
        self._unknown: dict[str, int] = {}

    def __len__(self) -> int:
        """Return the number of codes, the unknown ids that were met included."""
        return self.known + len(self.unknown)

    def text(self, code: int) -> str:
        """Return the id that has ``code``."""
        return str(self._known[code].as_py()) if code < self.known else self.unknown[code - self.known]

    def encode(self, column: pa.ChunkedArray, row: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the codes of a dictionary-encoded column, NO_ID where it is null or the empty string.

        row: the number of each row. Raises TooManyUnknownError, TooLongError.
        """
        before = len(self)
        codes = self._encode(column)
        if len(self) > before:
            new = np.flatnonzero(codes >= before)
            self.first += row[new[np.unique(codes[new], return_index=True)[1]]].tolist()
        return codes

    def _encode(self, column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        # Chunks are made one with one dictionary, so that an id that many of them have is looked up once.
        chunk = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        codes = self._look_up(chunk.dictionary)
        valid = validity(chunk) if chunk.null_count else None
        places = filled(chunk.indices, 0)
        if NO_ID in codes:
            # A dictionary may hold values that no row has; only what rows have is met.
            met = np.zeros(len(codes), dtype=bool)
            met[places if valid is None else places[valid]] = True
            for place in np.flatnonzero((codes == NO_ID) & met).tolist():
                codes[place] = self._learn(chunk.dictionary[place].as_py())
        if valid is None:
            return codes[places]
        return np.where(valid, codes[places] if len(codes) else NO_ID, NO_ID).astype(np.int32)

    def _look_up(self, texts: pa.StringArray) -> npt.NDArray[np.int32]:
        """Return the codes of known ids, NO_ID for others."""
        if self.known > _FEW * len(texts):
            return np.fromiter(map(self._table.get, texts.to_pylist(), repeat(NO_ID)), np.int32, len(texts))
        import pyarrow.compute as pc

        # Arrow makes a hash table of all known ids each time, but much faster than Python makes strings of them.
        return filled(pc.index_in(texts, value_set=self._known), NO_ID).copy()

    @cached_property
    def _table(self) -> dict[str, int]:
        return dict(zip(self._known.to_pylist(), range(self.known), strict=True))

    def _learn(self, text: str | None) -> int:
        if not text:
            return NO_ID
        if self._longest is not None and len(text.encode("utf-8")) > self._longest:
            raise TooLongError(text)
        code = self._unknown.setdefault(text, len(self))
        if code == len(self):
            if len(self.unknown) >= MOST_UNKNOWN:
                raise TooManyUnknownError
            self.unknown.append(text)
        return code
