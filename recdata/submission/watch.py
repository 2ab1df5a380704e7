"""A bar on a terminal while predictions are read: rows, rows a second, the time that is left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from recdata.submission.encode import Encoder

T = TypeVar("T")
_DELAY = 0.5
"""Seconds before there is a bar."""


def watched(stream: Iterator[T], encoder: Encoder) -> Iterator[T]:
    """Return ``stream``, with a bar on standard error while it is taken from; where that is no terminal, as it is."""
    return _shown(stream, encoder) if sys.stderr is not None and sys.stderr.isatty() else stream


def _shown(stream: Iterator[T], encoder: Encoder) -> Iterator[T]:
    from tqdm import tqdm

    bar: tqdm[Any] = tqdm(
        desc="reading", unit=" rows", unit_scale=True, file=sys.stderr, delay=_DELAY, leave=False
    )
    with bar:
        for part in stream:
            # How many rows there are is known of some formats only; of all, how much of the file was read.
            if encoder.done:
                bar.total = max(round(encoder.rows / encoder.done), encoder.rows)
            bar.update(encoder.rows - bar.n)
            yield part
