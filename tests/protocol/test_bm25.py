"""The retriever of profile entries: LaMP's order where nothing is tied, and one order where something is."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.protocol.profiles import _bm25
from recdata.protocol.profiles._bm25 import bm25_order, bm25_orders

WORDS = st.lists(
    st.sampled_from(["red", "wine", "white", "from", "Alsace", "a", "bicycle", "paint", "and", "the"]),
    max_size=8,
)


def okapi(query: list[str], documents: list[list[str]]) -> list[float]:
    """Okapi BM25 with the floor of ATIRE, from Trotman et al., "Improvements to BM25", ADCS 2014, in plain Python."""
    n = len(documents)
    mean = sum(map(len, documents)) / n
    counts = Counter(word for document in documents for word in set(document))
    idf = {word: math.log((n - count + 0.5) / (count + 0.5)) for word, count in counts.items()}
    floor = 0.25 * sum(idf.values()) / len(idf)
    idf = {word: floor if value < -1e-12 else value for word, value in idf.items()}
    return [
        sum(
            idf.get(word, 0)
            * document.count(word)
            * 2.5
            / (document.count(word) + 1.5 * (0.25 + 0.75 * len(document) / mean))
            for word in query
        )
        for document in documents
    ]


@given(WORDS, st.lists(WORDS, min_size=1, max_size=8))
@settings(deadline=None)
def test_the_order_is_that_of_the_formula(query: list[str], documents: list[list[str]]) -> None:
    order = bm25_order(" ".join(query), [" ".join(document) for document in documents])
    assert sorted(order) == list(range(len(documents)))
    if any(documents):
        scores = okapi(query, documents)
        for before, after in pairwise(order):
            assert scores[before] >= scores[after] - 1e-5 * max(1, abs(scores[after]))
            if documents[before] == documents[after]:
                assert before < after


def test_ties_keep_the_profile_s_order() -> None:
    assert bm25_order("x", ["same words", "same words", "other"]) == [0, 1, 2]
    assert bm25_order("", ["b", "a"]) == [0, 1]


def test_processes_change_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["red", "wine", "white", "paint", "the", "a"]
    profiles = [
        [" ".join(words[(place * step + row) % 6] for step in range(1, 6)) for place in range(row % 40)]
        for row in range(300)
    ]
    queries = [f"{words[row % 6]} {words[row % 5]}" for row in range(300)]
    monkeypatch.setenv("RECDATA_THREADS", "1")
    alone = bm25_orders(queries, profiles, 4)
    assert alone == [bm25_order(*pair)[:4] for pair in zip(queries, profiles, strict=True)]
    monkeypatch.setattr(_bm25, "_WORTH", 100)
    monkeypatch.setattr(_bm25, "_CHUNK", 500)
    monkeypatch.setenv("RECDATA_THREADS", "2")
    assert bm25_orders(queries, profiles, 4) == alone
    _bm25._processes(2).close()


def test_profiles_without_words() -> None:
    assert bm25_order("a question", []) == []
    assert bm25_order("a question", ["", " \n"]) == [0, 1]
