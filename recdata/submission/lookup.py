"""Looking ids up among the task's: a hash table whose building and asking are a few passes over whole arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

NOT_THERE = -1
LONGEST = 64
"""Ids of more bytes than this are looked up in another way."""
_EMPTY = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MIX_AGAIN = np.uint64(0xD6E8FEB86659FD93)

Words = npt.NDArray[np.uint64]


class Lookup:
    """Places of texts or integers in a list of different ones.

    Each is told by its words: its bytes in UTF-8, eight at a time, padded by zeros; of an integer, its 64 bits.
    """

    def __init__(self, words: Words) -> None:
        """words: uint64[n, w], no row twice."""
        self._words = words
        bits = max(2 * len(words), 2).bit_length()
        self._shift = np.uint64(64 - bits)
        self._last = (1 << bits) - 1
        self._slots = np.full(1 << bits, _EMPTY, dtype=np.int32)
        left = np.arange(len(words), dtype=np.int32)
        slot = self._slot(words)
        while len(left):
            free = self._slots[slot] == _EMPTY
            self._slots[slot[free]] = left[free]  # of several that want one slot the last gets it
            lost = self._slots[slot] != left
            left, slot = left[lost], (slot[lost] + 1) & self._last

    @classmethod
    def of_texts(cls, texts: pa.StringArray) -> Lookup | None:
        """Return the table of ``texts``, or None where one is too long or has a zero byte."""
        lengths, _, _ = _buffers(texts)
        width = max(-(-int(lengths.max(initial=1)) // 8), 1)
        words = words_of(texts, width) if width * 8 <= LONGEST else None
        return None if words is None else cls(words)

    @property
    def width(self) -> int:
        """How many words each has."""
        return self._words.shape[1]

    def find(self, words: Words) -> npt.NDArray[np.int32]:
        """Return the place of each row of uint64[m, w], NOT_THERE where it has none."""
        found = np.full(len(words), NOT_THERE, dtype=np.int32)
        if not len(self._words):
            return found
        slot = self._slot(words)
        place = self._slots[slot]
        same = self._equal(place, words)
        np.copyto(found, place, where=same)
        left = np.flatnonzero(~same & (place != _EMPTY))
        slot = slot[left]
        while len(left):
            slot = (slot + 1) & self._last
            place = self._slots[slot]
            same = self._equal(place, words[left])
            found[left[same]] = place[same]
            go_on = ~same & (place != _EMPTY)
            left, slot = left[go_on], slot[go_on]
        return found

    def _equal(self, place: npt.NDArray[np.int32], words: Words) -> npt.NDArray[np.bool_]:
        """Say whether what stands at ``place`` is what is looked for; an empty slot has the last one's words."""
        equal: npt.NDArray[np.bool_] = place != _EMPTY
        for column in range(self.width):
            equal &= self._words[place, column] == words[:, column]
        return equal

    def _slot(self, words: Words) -> npt.NDArray[np.int64]:
        mixed = words[:, 0] * _MIX
        for column in range(1, words.shape[1]):
            mixed ^= mixed >> np.uint64(32)
            mixed += words[:, column]
            mixed *= _MIX
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX_AGAIN
        return (mixed >> self._shift).astype(np.int64)


def words_of(texts: pa.StringArray, width: int) -> Words | None:
    """Return the words of ``texts``, uint64[n, width]; None where one of them has a zero byte, as the padding is.

    A text that is longer than ``width`` words gets words that no shorter one has. What is null is empty.
    """
    lengths, starts, data = _buffers(texts)
    if not data.all():
        return None
    # Words begin at any byte, and the last ones reach behind the end.
    padded = np.concatenate((data, np.zeros(8 * width + 8, dtype=np.uint8)))
    unaligned: Any = np.ndarray(len(padded) - 7, np.dtype("<u8"), padded.data, strides=(1,))
    words = np.empty((len(texts), width), dtype=np.uint64)
    for column in range(width):
        words[:, column] = unaligned[starts + 8 * column]
        words[:, column] &= _KEPT[np.clip(lengths - 8 * column, 0, 8)]
    words[lengths > 8 * width] = np.uint64(0xFF)  # a byte that no text in UTF-8 has
    return words


_KEPT = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)
"""By the number of bytes that are the text's, the bits of a little-endian word that hold them."""


def _buffers(
    texts: pa.StringArray,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return the texts' lengths, where they begin, and their bytes one after the other."""
    _, offsets, data = texts.buffers()
    if not len(texts) or offsets is None:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    content = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    # A null may span bytes that mean nothing; they are skipped with it.
    return np.diff(bounds), bounds[:-1] - bounds[0], content[bounds[0] : bounds[-1]]
