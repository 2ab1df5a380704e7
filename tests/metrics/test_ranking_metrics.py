"""Ranking metrics on cases by hand, and their properties on random hits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recdata.metrics.definition import definitions
from recdata.metrics.hits import Hits
from recdata.metrics.spelling import Measure, parse

ITEMS = "abcdefghij"
RELEVANT = st.lists(st.sets(st.sampled_from(ITEMS), min_size=1), min_size=1, max_size=5)
CUTOFFS = st.integers(1, 12)


def value(measure: str, relevant: str, ranked: str) -> float:
    (only,) = parse(measure).values(Hits.of([set(relevant)], [list(ranked)]))
    return float(only)


@pytest.mark.parametrize(
    ("measure", "relevant", "ranked", "expected"),
    [
        ("nDCG@10", "ab", "ab", 1.0),
        ("nDCG@1", "ab", "ax", 1.0),
        ("nDCG@2", "a", "xa", 0.6309297535714574),
        ("nDCG", "a", "xxxxxxa", 1 / 3),
        ("nDCG@10", "abc", "", 0.0),
        ("Recall@2", "abcd", "ab", 0.5),
        ("Recall", "ab", "xxxa", 0.5),
        ("Precision@4", "ab", "ab", 0.5),
        ("Precision@1", "ab", "xb", 0.0),
        ("HR@2", "ab", "xxa", 0.0),
        ("HR@3", "ab", "xba", 1.0),
        ("MRR", "ab", "xxba", 1 / 3),
        ("MRR@2", "ab", "xxba", 0.0),
        ("MAP@2", "abc", "ab", 1.0),
        ("MAP", "abc", "ab", 2 / 3),
        ("MAP@10", "ab", "xaxb", 0.5),
        ("MAP(of=relevant)@2", "abc", "ab", 2 / 3),
        ("MAP(of=places)@4", "ab", "ab", 0.5),
        ("MAP(of=listed)@4", "abc", "ax", 0.5),
        ("MAP(of=hits)@4", "abc", "xa", 0.5),
        ("MAP(at=ranks)@3", "abc", "xa", (1 / 2 + 1 / 3) / 3),
        ("MRR(of=all)", "ab", "axb", 2 / 3),
        ("Recall(of=reachable)@2", "abc", "ax", 0.5),
        ("Precision(of=listed)@4", "abc", "ax", 0.5),
        ("Precision(of=listed)@4", "abc", "", 0.0),
        ("nDCG(ideal=all)@1", "a", "a", 1.0),
        ("nDCG(ideal=all)@3", "a", "a", 0.46927872602275655),
        ("nDCG(ideal=own)@3", "ab", "xa", 0.6309297535714574),
        ("nDCG(discount=log2-from-3)@3", "a", "xa", 1.0),
        ("DCG(discount=log2-from-3)", "a", "xxa", 0.6309297535714574),
        ("F1@2", "abc", "ax", 0.4),
        ("Rprec", "abc", "xab", 2 / 3),
        ("HitCount@2", "abc", "abc", 2.0),
        ("RBP(p=0.5)", "b", "xb", 0.25),
        ("ERR@2", "ab", "xab", 0.25),
    ],
)
def test_by_hand(measure: str, relevant: str, ranked: str, expected: float) -> None:
    assert value(measure, relevant, ranked) == expected


@given(RELEVANT, st.data(), CUTOFFS)
def test_bounds_and_perfect_lists(relevant: list[set[str]], data: st.DataObject, cutoff: int) -> None:
    lists = [data.draw(st.permutations(ITEMS)) for _ in relevant]
    perfect = [sorted(items) for items in relevant]
    for definition in definitions().values():
        if definition.family != "ranking":
            continue
        measure = Measure(definition, None if definition.cutoff == "none" else cutoff)
        known = {"candidates": len(ITEMS), "judged": [set(ITEMS) - items for items in relevant]}
        values = measure.values(Hits.of(relevant, lists, **known))
        assert values.dtype == np.float64
        assert values.shape == (len(relevant),)
        assert (values >= definition.low).all()
        assert (values <= (definition.high or len(ITEMS))).all()
        if definition.name in {"nDCG", "MAP", "HR", "MRR", "Rprec", "Bpref", "UAUC"}:
            assert measure.values(Hits.of(relevant, perfect, **known)).tolist() == [1.0] * len(relevant)


@given(RELEVANT, st.data(), CUTOFFS)
def test_a_cutoff_beyond_the_list_is_none_at_all(
    relevant: list[set[str]], data: st.DataObject, cutoff: int
) -> None:
    hits = Hits.of(relevant, [data.draw(st.permutations(ITEMS)) for _ in relevant])
    for name in ("nDCG", "Recall", "HR", "MRR", "MAP"):
        assert parse(f"{name}@1000").values(hits).tolist() == parse(name).values(hits).tolist()
        assert (parse(f"{name}@{cutoff}").values(hits) >= 0).all()


def test_users_without_lists_and_without_hits_count_zero() -> None:
    hits = Hits.of([{"a"}, {"a"}, {"a"}], [["x"], [], ["a"]])
    for name in ("nDCG@1", "Recall@1", "Precision@1", "HR@1", "MRR", "MAP@1"):
        assert parse(name).values(hits).tolist() == [0.0, 0.0, 1.0]


def test_nobody() -> None:
    hits = Hits.of([], [])
    for name in ("nDCG@1", "Recall@1", "Precision@1", "HR@1", "MRR", "MAP@1"):
        assert parse(name).values(hits).tolist() == []
