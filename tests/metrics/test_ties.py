"""Ties: means, best and worst against all orders of small lists, one by one."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.errors import InputError
from recdata.metrics.hits import Hits
from recdata.metrics.spelling import parse
from recdata.metrics.ties import settled

MEASURES = [
    *("nDCG@3", "nDCG", "nDCG(gain='graded')@3", "nDCG(gain='exponential')", "nDCG(ideal='all')@4"),
    *("nDCG(discount='log2-from-3')@2", "DCG@2", "Recall@3", "Recall(of='reachable')@2", "Precision@2"),
    *("Precision(of='listed')@9", "F1@3", "Rprec", "HR@1", "HR@3", "HR", "HitCount@2", "MRR", "MRR@2"),
    *("MRR(of='all')@3", "MAP", "MAP@2", "MAP@3", "MAP(of='relevant')@3", "MAP(of='listed')@9"),
    *("MAP(at='ranks')@3", "RBP@3", "RBP(p=0.5)", "UAUC", "ERR@3", "ERR", "ERR(gain='graded', highest=3)@4"),
    *("Bpref", "nDCG(ideal='own')@3", "nDCG(ideal='own', discount='log2-from-3')@4", "nDCG(ideal='own')"),
    *("nDCG(gain='graded', ideal='own')", "MAP(of='hits')@3", "MAP(of='hits')"),
]
TORN = "nDCG(gain='graded', ideal='own')@3"


def orders(items: list[str], scores: list[int]) -> list[list[str]]:
    """Return every order of a list in which scores fall."""
    groups: dict[int, list[str]] = {}
    for item, score in zip(items, scores, strict=True):
        groups.setdefault(score, []).append(item)
    shuffled = product(*(permutations(groups[score]) for score in sorted(groups, reverse=True)))
    return [[item for group in order for item in group] for order in shuffled]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([3, 2, 1]), min_size=1, max_size=6),
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=5),
)
def test_all_orders(scores: list[int], grades: dict[str, float]) -> None:
    scores = sorted(scores, reverse=True)
    items = list("abcdef"[: len(scores)])
    judged = [{"a", "d", "g"} - set(grades)]
    known = {"candidates": 9, "judged": judged}
    every = [Hits.of([grades], [order], **known) for order in orders(items, scores)]
    tied = Hits.of([grades], [items], [scores], **known)
    for name in MEASURES:
        measure = parse(name)
        values = [float(measure.values(hits)[0]) for hits in every]
        grade = tied.facts.grades() if "gain" in name else None
        best, worst = (measure.values(settled(tied, ties, grade))[0] for ties in ("best", "worst"))
        if "own" not in name and "of='hits'" not in name:  # a plan refuses the two for these
            assert best == pytest.approx(max(values), abs=1e-12), name
            assert worst == pytest.approx(min(values), abs=1e-12), name
        mean = measure.values(settled(tied, "expected"))[0]
        assert mean == pytest.approx(np.mean(values), abs=1e-12), name


def test_without_ties_nothing_changes() -> None:
    lists = [list("xaybz"), list("bxa"), []]
    relevant = [set("ab"), set("abc"), set("a")]
    scores = [[5, 4, 3, 2, 1], [3, 2, 1], []]
    plain = Hits.of(relevant, lists, candidates=8, judged=[set("xy"), set("x"), set()])
    tied = Hits.of(relevant, lists, scores, candidates=8, judged=[set("xy"), set("x"), set()])
    for name in [*MEASURES, TORN]:
        for ties in ("expected", "best", "worst"):
            measure = parse(name)
            # To the bit: where nothing is tied, the three are the canonical score.
            assert measure.values(settled(tied, ties)).tolist() == measure.values(plain).tolist(), (
                name,
                ties,
            )


def test_a_mean_without_a_closed_form_is_refused() -> None:
    hits = settled(Hits.of([{"a": 1, "b": 2}], [list("abx")], [[1, 1, 1]]), "expected")
    with pytest.raises(InputError, match="no closed form where the cutoff falls into one"):
        parse("nDCG(gain='graded', ideal='own')@2").values(hits)
    # Where the cutoff is the tie's end, it has one.
    assert parse(TORN).values(hits)[0] > 0
    with pytest.raises(InputError, match="not known which"):
        settled(Hits.of([{"a"}], [["a", "x"]]), "best")


def test_many_hits_in_one_large_tie() -> None:
    relevant = {f"{number:04}" for number in range(400)}
    items = [f"{number:04}" for number in range(2000)]
    hits = settled(Hits.of([relevant], [items], [[1] * 2000]), "expected")
    # Precision is 1/5 at every place in the mean; the first hit is about at 1/5 + 1/5 * ..., as in geometric draws.
    assert parse("Precision@1000").values(hits)[0] == pytest.approx(0.2)
    own = parse("MAP(of='hits')@1000").values(hits)[0]
    assert own == pytest.approx(0.2, abs=0.02)
    stop = 0.1  # a hit with probability 1/5 that satisfies with 1/2
    geometric = -stop * np.log(stop) / (1 - stop)
    assert parse("ERR").values(hits)[0] == pytest.approx(geometric, abs=1e-3)
