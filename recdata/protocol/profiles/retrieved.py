"""The entries of each profile that match the question best."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recdata.metrics.text_extra import version
from recdata.protocol.profiles._asked import Asked, check_k, picked, states
from recdata.protocol.profiles._bm25 import RETRIEVER, bm25_orders

_FIELDS = ("title", "text")


def _retriever() -> str:
    return f"{RETRIEVER}; rank-bm25 {version('rank-bm25')}"


@states(_retriever)
def bm25(asked: Asked, *, k: int) -> pa.ListArray:
    """Take the ``k`` entries that match the question best by BM25, the best first, of equal ones the lower place.

    The question is ``input`` as it is; an entry's document is its title and its text, a space between, as far as it has
    them. How texts become tokens, and BM25's own parameters: ``recdata.protocol.profiles._bm25``.
    """
    check_k(k)
    # Arrow's own joining leaves out rows that are null in every field.
    fields = zip(*(asked.entries(field).to_pylist() for field in _FIELDS), strict=True)
    documents = [" ".join(text for text in texts if text is not None) for texts in fields]
    spans = zip(asked.start.tolist(), asked.many.tolist(), strict=True)
    profiles = [documents[start : start + many] for start, many in spans]
    orders = bm25_orders(asked.input.to_pylist(), profiles, k)
    return picked(np.minimum(asked.many, k), [place for order in orders for place in order])
