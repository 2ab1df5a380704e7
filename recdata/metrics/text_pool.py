"""Slow text metrics on all processors: pairs of texts in chunks, results in the order of the pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.text_extra import UnfitError
from recdata.processes import Processes, processors

if TYPE_CHECKING:
    from recdata.metrics.answers import Texts

Values = npt.NDArray[Any]
Function = Callable[..., Values]
"""``function(gold, answer, *arguments)``: lists of n texts to an array of n rows; a module's own, at its top level."""

_ROWS, _LETTERS = 512, 1 << 20
"""How many pairs, and how many bytes of them, a chunk has at most."""

_WORTH = 8 * _ROWS
"""From how many pairs, or as many chunks by size, processes are worth the time that they take to start."""


def run(texts: Texts, what: str, function: Function, *arguments: Any) -> Values:
    """Return ``function`` of all pairs of ``texts``, computed in chunks; with a bar on a terminal that says ``what``.

    Raises whatever the function raises, UnfitError as an InputError that names the example, and ResourceError where a
    process dies.
    """
    from recdata.corpora.progress import bar

    spans = list(_spans(texts))
    workers = min(texts.workers or processors(), len(spans))
    if len(texts) < _WORTH and len(spans) < _WORTH // _ROWS:
        workers = 1
    results: list[Values] = [np.empty(0)] * len(spans)

    def give(span: tuple[int, int]) -> tuple[Any, ...]:
        start, end = span
        sides = (column.slice(start, end - start).to_pylist() for column in (texts.gold, texts.answer))
        return (function, start, *sides, *arguments)

    with bar(what, len(texts)) as progress, Processes(workers) as processes:

        def done(place: int, values: Values) -> None:
            results[place] = values
            progress.update(len(values))

        try:
            processes.spread(_placed, spans, give, done)
        except UnfitError as error:
            raise InputError(f"{what} of {texts.name(error.place)}: {error}") from None
    return np.concatenate(results) if results else np.empty(0)


def _placed(function: Function, start: int, *arguments: Any) -> Values:
    """Return ``function`` of a chunk, whose first pair is that at ``start``."""
    try:
        return function(*arguments)
    except UnfitError as error:
        raise UnfitError(error.reason, start + error.place) from None


def _spans(texts: Texts) -> Iterator[tuple[int, int]]:
    """Yield where chunks begin and end, by number and size of the pairs alone."""
    import pyarrow.compute as pc

    sizes = sum(
        pc.binary_length(column).to_numpy(zero_copy_only=False) for column in (texts.gold, texts.answer)
    )
    start = size = 0
    for place, letters in enumerate(np.asarray(sizes).tolist()):
        if place > start and (place - start >= _ROWS or size + letters > _LETTERS):
            yield start, place
            start, size = place, 0
        size += letters
    if len(texts):
        yield start, len(texts)
