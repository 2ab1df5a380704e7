"""Ids become codes: places in the task's sorted lists; ids that the task does not know get codes after those."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recdata.store.arrays import to_numpy, validity

if TYPE_CHECKING:
    import pyarrow as pa

NO_ID = -1
MOST_UNKNOWN = 1 << 20
"""How many different unknown ids are told apart before the reading is ended."""


class TooManyUnknownError(Exception):
    """More than MOST_UNKNOWN different ids are not in the task."""


class Ids:
    """The codes of users or of items. ``known`` are the task's ids, sorted; a known id's code is its place."""

    def __init__(self, known: pa.StringArray) -> None:
        self.known = len(known)
        self.unknown: list[str] = []
        self._known = known
        self._codes = dict(zip(known.to_pylist(), range(len(known)), strict=True))

    def __len__(self) -> int:
        """Return the number of codes, the unknown ids that were met included."""
        return self.known + len(self.unknown)

    def text(self, code: int) -> str:
        """Return the id that has ``code``."""
        return str(self._known[code].as_py()) if code < self.known else self.unknown[code - self.known]

    def encode(self, column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        """Return the codes of a dictionary-encoded column, NO_ID where it is null or the empty string.

        Raises TooManyUnknownError.
        """
        parts = [self._chunk(chunk) for chunk in column.chunks]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, np.int32)

    def _chunk(self, chunk: pa.DictionaryArray) -> npt.NDArray[np.int32]:
        texts = chunk.dictionary.to_pylist()
        codes = np.fromiter(map(self._codes.get, texts, repeat(NO_ID)), np.int32, len(texts))
        valid = validity(chunk) if chunk.null_count else None
        places = to_numpy(chunk.indices if valid is None else chunk.indices.fill_null(0))
        if NO_ID in codes:
            # A dictionary may hold values that no row has; only what rows have is met.
            met = np.zeros(len(texts), dtype=bool)
            met[places if valid is None else places[valid]] = True
            for place in np.flatnonzero((codes == NO_ID) & met).tolist():
                codes[place] = self._learn(texts[place])
        if valid is None:
            return codes[places]
        return np.where(valid, codes[places] if len(codes) else NO_ID, NO_ID).astype(np.int32)

    def _learn(self, text: str | None) -> int:
        if not text:
            return NO_ID
        code = self._codes.setdefault(text, len(self))
        if code == len(self):
            if len(self.unknown) >= MOST_UNKNOWN:
                raise TooManyUnknownError
            self.unknown.append(text)
        return code
