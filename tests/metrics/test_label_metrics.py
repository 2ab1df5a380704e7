"""Metrics of labels against scikit-learn called as LaMP's scorer calls it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.metrics.answers import Labels
from recdata.metrics.definition import UndefinedError
from recdata.metrics.label import accuracy, macro_f1

scores = pytest.importorskip("sklearn.metrics")

NAMES = ["[1]", "[2]", "[3]"]


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from([*NAMES, "other", ""])), min_size=1, max_size=30
    )
)
@settings(deadline=None)
def test_scikit_learn_says_the_same(pairs: list[tuple[str, str]]) -> None:
    gold, answers = zip(*pairs, strict=True)
    labels = Labels.of(gold, answers, NAMES)
    codes = [NAMES.index(answer) if answer in NAMES else -1 for answer in answers]
    truth = [NAMES.index(label) for label in gold]
    assert accuracy(labels).mean() == pytest.approx(scores.accuracy_score(truth, codes), abs=1e-12)
    theirs = scores.f1_score(truth, codes, labels=range(len(NAMES)), average="macro", zero_division=0.0)
    assert macro_f1(labels)[0] == pytest.approx(theirs, abs=1e-12)


def test_a_label_that_nobody_names_counts_as_zero() -> None:
    assert macro_f1(Labels.of("aa", "aa", "ab"))[0] == 0.5


def test_without_labels_there_is_no_macro_f1() -> None:
    nothing = np.empty(0, np.int32)
    with pytest.raises(UndefinedError, match="no labels"):
        macro_f1(Labels(nothing, nothing, ()))


def test_expected_labels_are_declared() -> None:
    with pytest.raises(ValueError, match="'c' is expected"):
        Labels.of("c", "a", "ab")


def test_some_of_the_examples() -> None:
    some = Labels.of("aab", "abb", "ab").take(np.array([2, 1]))
    assert accuracy(some).tolist() == [1.0, 0.0]
    assert some.labels == ("a", "b")
