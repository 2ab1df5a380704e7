"""BM25: the entries of a profile in the order of how well they match the question, the same on every machine.

The retriever is rank-bm25's ``BM25Okapi`` with k1 = 1.5, b = 0.75 and epsilon = 0.25, each profile being its collection; the
tokenizer cuts at white space and changes nothing else: both as LaMP's own scripts have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from recdata.errors import MissingError
from recdata.processes import Processes, processors

RETRIEVER = "rank-bm25 BM25Okapi, k1=1.5 b=0.75 epsilon=0.25, tokens between white space, ties by place"
"""What is retrieved by, as manifests state it."""

_BITS = 20

_WORTH = 1 << 14
"""From how many entries on processes are worth the time that they take to start."""
_CHUNK = 1 << 11
"""How many entries, about, a chunk for a process has."""


def bm25_order(query: str, documents: Sequence[str]) -> list[int]:
    """Return the places of ``documents``, the best match of ``query`` first, equal ones in their own order.

    Scores are compared to 20 significant bits, so that the last digits of a platform's logarithm decide nothing.

    >>> bm25_order("red wine", ["a white wine", "a white paint", "no match", "the red wine", "other", "nothing"])
    [3, 0, 1, 2, 4, 5]

    Raises MissingError without rank-bm25, which the extra recdata[text] installs.
    """
    try:
        from rank_bm25 import BM25Okapi
    except ImportError:
        raise MissingError(
            "retrieval by BM25 needs rank-bm25: install it with pip install 'recdata[text]'"
        ) from None
    words = [document.split() for document in documents]
    if not any(words):
        return list(range(len(documents)))
    index = BM25Okapi(words, k1=1.5, b=0.75, epsilon=0.25)
    # Words that no entry has add nothing, and there are many.
    mantissa, exponent = np.frexp(index.get_scores([word for word in query.split() if word in index.idf]))
    scores = np.ldexp(np.rint(mantissa * (1 << _BITS)), exponent)
    return np.argsort(-scores, kind="stable").tolist()


@cache
def _processes(workers: int) -> Processes:
    """Return the processes of this Python, which batch after batch of a build uses."""
    return Processes(workers)


def bm25_orders(queries: Sequence[str], profiles: Sequence[Sequence[str]], k: int) -> list[list[int]]:
    """Return the first ``k`` places of each profile's order; large batches on all processors, to the same places.

    >>> bm25_orders(["red", "blue"], [["blue", "green", "red"], []], 2)
    [[2, 0], []]
    """
    spans, start, entries = [], 0, 0
    for end, profile in enumerate(profiles, 1):
        entries += len(profile)
        if entries >= _CHUNK or end == len(profiles):
            spans.append((start, end))
            start, entries = end, 0
    many = sum(map(len, profiles))
    found: list[list[list[int]]] = [[] for _ in spans]
    _processes(processors() if many >= _WORTH else 1).spread(
        _first, spans, lambda span: (queries[slice(*span)], profiles[slice(*span)], k), found.__setitem__
    )
    return [order for chunk in found for order in chunk]


def _first(queries: Sequence[str], profiles: Sequence[Sequence[str]], k: int) -> list[list[int]]:
    return [bm25_order(query, documents)[:k] for query, documents in zip(queries, profiles, strict=True)]
