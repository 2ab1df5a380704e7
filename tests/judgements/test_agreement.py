"""Agreement against scikit-learn, statsmodels and krippendorff, and the example of Krippendorff's own paper."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.judgements.agreement import Level, Table, cohen_kappa, fleiss_kappa, krippendorff_alpha

VALUES = [0.5, 1.0, 2.0, 5.0]
CODES = st.integers(0, len(VALUES) - 1)


def tables(lowest: int) -> st.SearchStrategy[Table]:
    code = st.integers(lowest, len(VALUES) - 1)
    return st.integers(2, 4).flatmap(
        lambda raters: st.lists(
            st.lists(code, min_size=raters, max_size=raters), min_size=2, max_size=12
        ).map(lambda rows: np.array(rows, dtype=np.int32))
    )


@given(st.lists(st.tuples(CODES, CODES), min_size=1, max_size=20))
@settings(deadline=None)
def test_cohen_is_scikit_learn_s(pairs: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = np.array(pairs, dtype=np.int32).T
    for weights, theirs in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        mine = cohen_kappa(first, second, len(VALUES), weights)  # type: ignore[arg-type]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = metrics.cohen_kappa_score(first, second, labels=range(len(VALUES)), weights=theirs)
        if mine is None:
            assert math.isnan(expected)
        else:
            assert mine == pytest.approx(expected, abs=1e-9)


@given(tables(0))
@settings(deadline=None)
def test_fleiss_is_statsmodels(table: Table) -> None:
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    mine = fleiss_kappa(table, len(VALUES))
    if mine is None:
        assert len(np.unique(table)) == 1
        return
    counts = np.stack([(table == value).sum(axis=1) for value in range(len(VALUES))], axis=1)
    assert mine == pytest.approx(rater.fleiss_kappa(counts, method="fleiss"), abs=1e-9)


@given(tables(-1), st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(deadline=None)
def test_alpha_is_krippendorff_s(table: Table, level: Level) -> None:
    library = pytest.importorskip("krippendorff")
    mine = krippendorff_alpha(table, VALUES, level)
    data = np.where(table < 0, np.nan, np.array(VALUES)[table])
    pairable = data[(table >= 0).sum(axis=1) > 1]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        assert mine is None
        return
    assert mine == pytest.approx(library.alpha(data.T, level_of_measurement=level), abs=1e-9)


def test_the_published_example() -> None:
    # Krippendorff, "Computing Krippendorff's alpha-reliability", 2011, section E: four observers, twelve units.
    rows = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    table = np.array(
        [[-1 if cell == "." else int(cell) - 1 for cell in row.split()] for row in rows], np.int32
    ).T
    for level, expected in (("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)):
        assert krippendorff_alpha(table, [1.0, 2, 3, 4, 5], level) == pytest.approx(expected, abs=5e-4)  # type: ignore[arg-type]


def test_undefined() -> None:
    same = np.zeros((3, 2), np.int32)
    assert cohen_kappa(same[:, 0], same[:, 1], 1) is None
    assert cohen_kappa(same[:0, 0], same[:0, 1], 2) is None
    assert fleiss_kappa(same, 1) is None
    assert fleiss_kappa(same[:, :1], 1) is None
    assert krippendorff_alpha(same, [1.0], "interval") is None
    assert krippendorff_alpha(np.array([[0, -1], [-1, 1]], np.int32), [1.0, 2.0], "nominal") is None


def test_continuous_scores_need_no_table_of_values_by_values() -> None:
    # 200,000 values: such a table would have 320 GB.
    units = 100_000
    table = np.arange(2 * units, dtype=np.int32).reshape(units, 2)
    values = list(map(float, range(2 * units)))
    assert krippendorff_alpha(table, values, "interval") == pytest.approx(1.0, abs=1e-9)
    assert krippendorff_alpha(table, values, "nominal") == pytest.approx(0.0, abs=1e-5)
    assert fleiss_kappa(table, 2 * units) == pytest.approx(0.0, abs=1e-5)
    assert cohen_kappa(table[:, 0], table[:, 1], 2 * units) == 0.0
    assert cohen_kappa(table[:, 0], table[:, 1], 2 * units, "linear") == pytest.approx(1.0, abs=1e-4)
    assert cohen_kappa(table[:, 0], table[:, 1], 2 * units, "quadratic") == pytest.approx(1.0, abs=1e-9)
