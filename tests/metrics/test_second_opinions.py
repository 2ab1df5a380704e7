"""Every ranking metric against ranx, pytrec_eval and ir_measures on random lists, where they define the same thing.

Scores fall by one from rank to rank, so that there are no ties. AP at a cutoff is divided by R there and by
min(R, k) here: the two are compared where R <= k, and uncut.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recdata.metrics.hits import Hits
from recdata.metrics.spelling import parse

pytest.importorskip("ranx")
pytest.importorskip("pytrec_eval")
pytest.importorskip("ir_measures")

ITEMS = [f"i{number}" for number in range(25)]
CUTOFFS = (1, 2, 3, 5, 10, 20)
Case = tuple[list[set[str]], list[list[str]]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Sets of relevant items and lists of users; some have no list, some lists are short."""
    users = draw(st.integers(1, 6))
    random = draw(st.randoms(use_true_random=False))
    relevant = [set(random.sample(ITEMS, random.randint(1, 12))) for _ in range(users)]
    lists = [random.sample(ITEMS, random.choice([0, 1, 3, 10, 25])) for _ in range(users)]
    lists[0] = lists[0] or ITEMS[:3]  # a run without any row is refused by the others
    return relevant, lists


def qrels(relevant: Sequence[set[str]]) -> dict[str, dict[str, int]]:
    return {f"q{user}": dict.fromkeys(sorted(items), 1) for user, items in enumerate(relevant)}


def run(lists: Sequence[Sequence[str]]) -> dict[str, dict[str, float]]:
    return {
        f"q{user}": {item: float(100 - rank) for rank, item in enumerate(items)}
        for user, items in enumerate(lists)
        if items
    }


def compare(
    case: Case, measure: str, theirs: Mapping[str, float], users: Sequence[int] | None = None
) -> None:
    relevant, lists = case
    mine = parse(measure).values(Hits.of(relevant, lists))
    for user in range(len(relevant)) if users is None else users:
        assert mine[user] == pytest.approx(theirs.get(f"q{user}", 0.0), rel=0, abs=1e-12), (measure, user)


def few(case: Case, cutoff: int) -> list[int]:
    return [user for user, items in enumerate(case[0]) if len(items) <= cutoff]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_pytrec_eval(case: Case) -> None:
    import pytrec_eval

    cuts = ",".join(map(str, CUTOFFS))
    names = {f"{name}.{cuts}" for name in ("ndcg_cut", "recall", "P", "success", "map_cut")}
    evaluator = pytrec_eval.RelevanceEvaluator(qrels(case[0]), names | {"recip_rank", "map", "ndcg"})
    per_user = evaluator.evaluate(run(case[1]))

    def theirs(name: str) -> dict[str, float]:
        return {user: values[name] for user, values in per_user.items()}

    for mine, name in [("MRR", "recip_rank"), ("MAP", "map"), ("nDCG", "ndcg")]:
        compare(case, mine, theirs(name))
    for cutoff in CUTOFFS:
        for mine, name in [("nDCG", "ndcg_cut"), ("Recall", "recall"), ("Precision", "P"), ("HR", "success")]:
            compare(case, f"{mine}@{cutoff}", theirs(f"{name}_{cutoff}"))
        compare(case, f"MAP@{cutoff}", theirs(f"map_cut_{cutoff}"), few(case, cutoff))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_ir_measures(case: Case) -> None:
    import ir_measures

    names = {"MRR": "RR", "MAP": "AP"}
    for cutoff in CUTOFFS:
        shared = {"nDCG": "nDCG", "Recall": "R", "Precision": "P", "HR": "Success", "MRR": "RR", "MAP": "AP"}
        names |= {f"{mine}@{cutoff}": f"{name}@{cutoff}" for mine, name in shared.items()}
    measures = {mine: ir_measures.parse_measure(name) for mine, name in names.items()}
    found: dict[str, dict[str, float]] = {str(measure): {} for measure in measures.values()}
    for metric in ir_measures.iter_calc(list(measures.values()), qrels(case[0]), run(case[1])):
        found[str(metric.measure)][metric.query_id] = metric.value
    for mine, measure in measures.items():
        cut = mine.partition("@")[2]
        compare(case, mine, found[str(measure)], few(case, int(cut)) if mine.startswith("MAP@") else None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_ranx(case: Case) -> None:
    from ranx import Qrels, Run, evaluate

    names = {"MRR": "mrr", "MAP": "map", "nDCG": "ndcg", "Recall": "recall", "HR": "hit_rate"}
    for cutoff in CUTOFFS:
        shared = {**names, "Precision": "precision"}
        names |= {f"{mine}@{cutoff}": f"{name}@{cutoff}" for mine, name in shared.items() if "@" not in mine}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = evaluate(
            Qrels(qrels(case[0])),
            Run(run(case[1])),
            list(names.values()),
            return_mean=False,
            make_comparable=True,
        )
    users = sorted(qrels(case[0]))  # ranx sorts the queries
    for mine, name in names.items():
        values = dict(zip(users, np.atleast_1d(found[name]).tolist(), strict=True))
        cut = mine.partition("@")[2]
        compare(case, mine, values, few(case, int(cut)) if mine.startswith("MAP@") else None)
