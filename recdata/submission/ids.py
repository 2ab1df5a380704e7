"""Ids become codes: places in the task's sorted lists; ids that the task does not know get codes after those."""

from __future__ import annotations

from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recdata.store.arrays import filled, validity
from recdata.submission.lookup import Lookup, words_of

if TYPE_CHECKING:
    import pyarrow as pa

NO_ID = -1
MOST_UNKNOWN = 1 << 20
"""How many different unknown ids are told apart before the reading is ended."""


_FEW = 16
"""Where ids are too long for a table of words, and a block has fewer of them than a task by this factor, a dictionary
of them is kept."""


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
        """Return the codes of a column as blocks have it, NO_ID where it is null or the empty string.

        row: the number of each row. Raises TooManyUnknownError, TooLongError.
        """
        before = len(self)
        codes = self._encode(column)
        if len(self) > before:
            new = np.flatnonzero(codes >= before)
            self.first += row[new[np.unique(codes[new], return_index=True)[1]]].tolist()
        return codes

    def _encode(self, column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        import pyarrow as pa

        # Chunks are made one with one dictionary, so that an id that many of them have is looked up once.
        chunk = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if pa.types.is_dictionary(chunk.type):
            return self._of_dictionary(chunk)
        if pa.types.is_integer(chunk.type):
            return self._of_integers(chunk)
        return self._of_texts(chunk)

    def _of_dictionary(self, chunk: pa.DictionaryArray) -> npt.NDArray[np.int32]:
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

    def _of_texts(self, chunk: pa.StringArray) -> npt.NDArray[np.int32]:
        return self._met(self._look_up(chunk), chunk)

    def _of_integers(self, chunk: pa.Array) -> npt.NDArray[np.int32]:
        import pyarrow as pa

        if chunk.type == pa.uint64():  # half of them are no int64
            return self._of_texts(chunk.cast(pa.string()))
        place_of, code_of = self._integers
        words = filled(chunk, 0).astype(np.int64).view(np.uint64).reshape(-1, 1)
        return self._met(code_of[place_of.find(words)], chunk)

    def _met(self, codes: npt.NDArray[np.int32], chunk: pa.Array) -> npt.NDArray[np.int32]:
        """Fill in the codes of rows that were not found so far, after all known ids were tried as texts."""
        import pyarrow as pa

        left = codes == NO_ID
        if chunk.null_count:
            valid = validity(chunk)
            codes[~valid] = NO_ID
            left &= valid
        if left.any():
            places = np.flatnonzero(left)
            some = chunk.take(pa.array(places)).dictionary_encode()
            if some.dictionary.type != pa.string():
                some = pa.DictionaryArray.from_arrays(some.indices, some.dictionary.cast(pa.string()))
            codes[places] = self._of_dictionary(some)
        return codes

    def _look_up(self, texts: pa.StringArray) -> npt.NDArray[np.int32]:
        """Return the codes of known ids, NO_ID for others."""
        if self._lookup is not None and (words := words_of(texts, self._lookup.width)) is not None:
            return self._lookup.find(words)
        if self.known > _FEW * len(texts):
            return np.fromiter(map(self._table.get, texts.to_pylist(), repeat(NO_ID)), np.int32, len(texts))
        import pyarrow.compute as pc

        # Arrow makes a hash table of all known ids each time, but much faster than Python makes strings of them.
        return filled(pc.index_in(texts, value_set=self._known), NO_ID).copy()

    @cached_property
    def _lookup(self) -> Lookup | None:
        return Lookup.of_texts(self._known)

    @cached_property
    def _table(self) -> dict[str, int]:
        return dict(zip(self._known.to_pylist(), range(self.known), strict=True))

    @cached_property
    def _integers(self) -> tuple[Lookup, npt.NDArray[np.int32]]:
        """The known ids that are how integers are written: their values in a table, the code of each, and last NO_ID."""
        import pyarrow as pa
        import pyarrow.compute as pc

        # What has more digits may be no int64, and is looked up as text.
        written = filled(pc.match_substring_regex(self._known, "^(0|-?[1-9][0-9]{0,17})$").cast(pa.int8()), 0)
        code = np.flatnonzero(written)
        values = filled(self._known.take(pa.array(code)).cast(pa.int64()), 0)
        # Where a value has no place, its place is -1, the last.
        return Lookup(values.view(np.uint64).reshape(-1, 1)), np.append(code, NO_ID).astype(np.int32)

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
