"""Comparison: SciPy's numbers where they are shared, the same p-value each time, and what is shown of it."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import card, predictions, small_ledger, small_task

from recdata.errors import InputError, MissingError
from recdata.leaderboard import render, significance
from recdata.leaderboard.compare import compare, load_systems, slices_of
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.submit import report, submit

stats = pytest.importorskip("scipy.stats")
multitest = pytest.importorskip("statsmodels.stats.multitest")


def values(seed, n=200):
    rng = np.random.default_rng(seed)
    return rng.random(n), rng.random(n) * 0.9


@pytest.mark.parametrize("seed", range(5))
def test_t_and_wilcoxon_are_scipys(seed):
    one, other = values(seed)
    assert significance.paired_t(one - other) == stats.ttest_rel(one, other).pvalue
    assert significance.wilcoxon(one - other) == stats.wilcoxon(one, other).pvalue


def test_the_randomisation_test_agrees_with_the_exact_one():
    difference = np.array([0.3, -0.1, 0.2, 0.4, 0.25, -0.05, 0.35, 0.15])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1)
    sums = np.abs(difference @ signs)
    exact = (sums >= abs(difference.sum()) - 1e-12).mean()
    assert significance.randomisation(difference, 100_000) == pytest.approx(exact, abs=0.003)


def test_the_randomisation_test_agrees_with_scipys_and_ranxs():
    one, other = values(3, 100)
    ours = significance.randomisation(one - other)

    def mean(x, axis):
        return np.mean(x, axis=axis)

    theirs = stats.permutation_test(
        (one - other,), mean, permutation_type="samples", n_resamples=10_000, rng=np.random.default_rng(0)
    )
    assert ours == pytest.approx(theirs.pvalue, abs=0.02)
    ranx = pytest.importorskip("ranx.statistical_tests.fisher_randomization_test")
    p = ranx.fisher_randomization_test(one, other, n_permutations=2000, max_p=0.01, random_seed=1)
    assert ours == pytest.approx(p[0] if isinstance(p, tuple) else p, abs=0.03)


def test_nothing_changes_a_p_value():
    one, other = values(7)
    script = (
        "import numpy as np; from recdata.leaderboard import significance as s; "
        "r = np.random.default_rng(7); a = r.random(200); b = r.random(200) * 0.9; "
        "print(repr(s.randomisation(a - b)), s.bootstrap(a - b))"
    )
    expected = f"{significance.randomisation(one - other)!r} {significance.bootstrap(one - other)}"
    for threads in ("1", "2", "7"):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected
    assert {significance.randomisation(one - other) for _ in range(10)} == {
        significance.randomisation(other - one)
    }


def test_blocks_change_nothing(monkeypatch):
    one, other = values(1)
    expected = significance.randomisation(one - other, 500), significance.bootstrap(one - other, 500)
    monkeypatch.setattr(significance, "_CELLS", 1000)
    assert (
        significance.randomisation(one - other, 500),
        significance.bootstrap(one - other, 500),
    ) == expected


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_corrections_are_those_of_statsmodels(p):
    for name, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        assert significance.correct(name, p) == pytest.approx(
            multitest.multipletests(p, method=theirs)[1].tolist()
        )
    assert significance.correct("none", p) == p


def test_intervals_cover_what_they_should():
    rng = np.random.default_rng(5)
    low, high = significance.bootstrap(rng.normal(1, 1, 400))
    assert low < 1 < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.2)


def test_no_difference_is_no_difference():
    zero = np.zeros(10)
    assert [test(zero) for test in significance.TESTS.values()] == [1.0] * 3
    assert significance.bootstrap(zero) == (0, 0)
    assert significance.cohen_d(zero) is None


@pytest.fixture
def task(tmp_path):
    return small_task(tmp_path / "task")


@pytest.fixture
def ledger(tmp_path, task):
    return small_ledger(tmp_path, task, ("first", "second", "third"))


def systems(ledger):
    return load_systems([entry.id for entry in ledger.entries()], ledger)


def test_entries_are_compared_by_their_values(ledger):
    loaded = systems(ledger)
    found = compare(loaded, "ndcg@5", slices=slices_of(ledger, loaded))
    assert found["metric"] == "nDCG@5"
    assert found["users"] == 12
    assert len(found["pairs"]) == 3
    for pair in found["pairs"]:
        assert pair["wins"] + pair["ties"] + pair["losses"] == 12
        assert sum(part["users"] for part in pair["slices"]) == 12
        assert sum(part["wins"] for part in pair["slices"]) == pair["wins"]
        assert pair["corrected"]["t"] >= pair["p"]["t"]
    json.dumps(found, allow_nan=False)


def test_files_of_values_are_compared_with_entries(ledger, task, tmp_path):
    from recdata.scoring.score import score

    for suffix in ("parquet", "csv"):
        path = tmp_path / f"mine.{suffix}"
        score(task, predictions(tmp_path / "p.parquet", 4), per_user=path)
        loaded = load_systems([str(path), ledger.entries()[0].id], ledger)
        assert compare(loaded, "MRR@5")["users"] == 12
    table = pq.read_table(tmp_path / "mine.parquet").slice(0, 5)
    pq.write_table(table, tmp_path / "fewer.parquet")
    with pytest.raises(InputError, match="not over the same users"):
        load_systems([str(tmp_path / "mine.parquet"), str(tmp_path / "fewer.parquet")], ledger)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="is no file of"):
        load_systems([str(tmp_path / "other.parquet")], ledger)
    with pytest.raises(MissingError, match="there is no file"):
        load_systems([str(tmp_path / "gone.csv")], ledger)


def test_of_errors_the_smaller_wins(tmp_path):
    for name, error in (("near", 0.5), ("far", 1.0)):
        text = "\n".join(f"u{user},{error + user / 100}" for user in range(6))
        (tmp_path / f"{name}.csv").write_text(f"user_id,MAE\n{text}\nu9,0.3\n")
    systems = load_systems([str(tmp_path / "near.csv"), str(tmp_path / "far.csv")], Ledger(tmp_path))
    slices = np.array([0, 0, 0, 1, 1, 1, 3], np.int8)
    (pair,) = compare(systems, slices=slices)["pairs"]
    assert [pair[each] for each in ("wins", "ties", "losses")] == [6, 1, 0]
    assert [(each["slice"], each["wins"], each["losses"]) for each in pair["slices"]] == [
        ("fewest", 3, 0),
        ("few", 3, 0),
        ("most", 0, 0),
    ]
    assert render.superiors({**compare(systems), "pairs": [{**pair, "significant": {"t": True}}]}, "t") == [
        [1],
        [],
    ]


def test_metrics_that_are_not_of_everyone_are_left_out(ledger, tmp_path):
    (tmp_path / "a.csv").write_text("user_id,MRR,ILD@10\nu,1,.5\nv,0,\n")
    (tmp_path / "b.csv").write_text("user_id,MRR,ILD@10\nu,0,.5\nv,0,.5\n")
    loaded = load_systems([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], ledger)
    assert compare(loaded, "MRR", rounds=100)["users"] == 2
    with pytest.raises(InputError, match="ILD@10"):
        compare(loaded, "ILD@10")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("example_id,answer\nq,(a)\n", "column answer holds no numbers"),
        ("example_id,Accuracy\nq,1\nr,\n", "Accuracy has rows without a value"),
        ("example_id,Accuracy,Accuracy\nq,1,1\n", "metrics, which are numbers, were expected"),
        ("example_id,Accuracy\n", "metrics, which are numbers, were expected"),
        ("", "is no file of"),
        ("PAR1\n\x00,\n", "is no file of"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_of_something_else_are_refused(ledger, tmp_path, text, words, suffix):
    path = tmp_path / f"values.{suffix}"
    path.write_text(text)
    with pytest.raises(InputError, match=words if suffix == "csv" else "is no file of"):
        load_systems([str(path)], ledger)


def test_seeds_are_one_row_with_their_spread(tmp_path, task):
    ledger = Ledger(tmp_path / "ledger")
    for seed in range(3):
        submit(task, predictions(tmp_path / f"{seed}.parquet", seed), card("seeded", seed=seed), ledger)
    submit(task, predictions(tmp_path / "other.parquet", 5), card("other"), ledger)
    found = compare(systems(ledger), "nDCG@5")
    row = next(system for system in found["systems"] if system["name"] == "seeded 1")
    means = [e.metrics["nDCG@5"]["mean"] for e in ledger.entries() if e.model["name"] == "seeded"]
    assert row["seeds"] == 3
    assert row["mean"] == pytest.approx(np.mean(means))
    assert row["spread"] == pytest.approx(np.std(means, ddof=1))
    ids = [entry.id for entry in ledger.entries() if entry.model["name"] == "seeded"]
    with pytest.raises(InputError, match="seeded 1 alone cannot be compared"):
        load_systems(ids, ledger)


def test_what_cannot_be_compared_is_said(ledger, task):
    with pytest.raises(InputError, match="not every model has values of Recall@50"):
        compare(systems(ledger), "Recall@50")
    claim = {"source": {"title": "A paper", "place": "page 1"}, "metrics": {"nDCG@5": 0.3}}
    report(task, claim, card("theirs"), ledger)
    entry = next(entry for entry in ledger.entries() if entry.status == "reported")
    with pytest.raises(InputError, match="is reported: it has no values"):
        load_systems([entry.id], ledger)


def test_it_is_shown_four_ways(ledger):
    loaded = systems(ledger)
    found = compare(loaded, "nDCG@5", slices=slices_of(ledger, loaded))
    shown = render.text(found)
    assert "nDCG@5 over 12 users" in shown
    assert "fewest" in shown
    assert render.markdown(found).startswith("|  | model | nDCG@5 |")
    latex = render.latex(found)
    for word in (r"\toprule", r"\midrule", r"\bottomrule", r"\textbf{"):
        assert word in latex


def test_superscripts_name_what_a_model_is_better_than():
    pair = {"a": 0, "b": 1, "difference": -0.1, "significant": {"randomisation": True}}
    other = {"a": 0, "b": 2, "difference": 0.1, "significant": {"randomisation": False}}
    found = {"systems": [{}, {}, {}], "pairs": [pair, other], "higher_is_better": True}
    assert render.superiors(found) == [[], [0], []]
    assert render.superiors({**found, "higher_is_better": False}) == [[1], [], []]


def test_strangers_names_are_text_everywhere(ledger):
    found = compare(systems(ledger), "nDCG@5")
    found["systems"][0]["name"] = r"\input{x} <b>|`a_b`"
    assert r"\textbackslash{}input\{x\} \textless{}b\textgreater{}|" in render.latex(found)
    assert "&#60;b&#62;\\|\\`a\\_b\\`" in render.markdown(found)
    assert not re.search("[\x00-\x08]", render.text(found))
