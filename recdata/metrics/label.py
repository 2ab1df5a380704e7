"""Metrics of labels: how often the right one was answered, over all examples or alike for every label.

An answer that is none of the labels, or could not be read as one, is wrong. Population: every example of the part; an
answer to each is required, so nothing is missing. There are no ties.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from recdata.metrics.answers import Labels
from recdata.metrics.definition import Sums, UndefinedError, metric

Values = npt.NDArray[np.float64]


@metric("Accuracy", "label", denominator="number of examples", cutoff="none")
def accuracy(labels: Labels) -> Values:
    """Share of examples whose answer is the label that was expected.

    Population: examples, unreadable answers counted as wrong. Ties: none. Bounds: 0 to 1. Undefined: never. Source: as
    LaMP's scorer has it (Salemi et al., ACL 2024).

    >>> accuracy(Labels.of("aab", "abz", "ab")).tolist()
    [1.0, 0.0, 0.0]
    """
    values: Values = (labels.predicted == labels.gold).astype(np.float64)
    return values


def _counts(labels: Labels, sums: Mapping[str, float]) -> dict[str, Values]:
    """Return for each label how often it was hit, and how often expected or answered."""
    many = len(labels.labels)
    hits = np.bincount(labels.gold[labels.gold == labels.predicted], minlength=many)
    expected = np.bincount(labels.gold, minlength=many)
    answered = np.bincount(labels.predicted[labels.predicted >= 0], minlength=many)
    counts = np.column_stack([2 * hits, expected + answered]).astype(np.float64)
    return {
        f"{what} {label}": counts[label, [at]] for at, what in enumerate(_COUNTED) for label in range(many)
    }


def _mean_f1(sums: Mapping[str, float]) -> float:
    labels = [name.rpartition(" ")[2] for name in sums if name.startswith(_COUNTED[0])]
    if not labels:
        raise UndefinedError("MacroF1: the task has no labels")
    twice, both = ([sums[f"{what} {label}"] for label in labels] for what in _COUNTED)
    return math.fsum(hits / max(there, 1) for hits, there in zip(twice, both, strict=True)) / len(labels)


_COUNTED = ("twice hit", "expected or answered")
_F1 = Sums((_counts,), _mean_f1)


@metric(
    "MacroF1",
    "label",
    denominator="number of labels",
    aliases=("F1-macro",),
    cutoff="none",
    over="all",
    sums=_F1,
)
def macro_f1(labels: Labels) -> Values:
    """Mean over all labels of the task of each label's F1 = 2 hits / (times expected + times answered).

    A label that is neither expected nor answered has an F1 of 0 and counts; an answer that is none of the labels takes
    from recall alone. Population: all examples together. Ties: none. Bounds: 0 to 1. Undefined: no labels, an error.
    Source: as LaMP's scorer has it (scikit-learn's ``f1_score(labels=all, average="macro")``); Opitz and Burst, 2019,
    call it the averaged F1.

    Of a one of two is found and none other called so (F1 2/3), of b one, but a is called so, too (F1 2/3).

    >>> macro_f1(Labels.of("aab", "abb", "ab")).round(4).tolist()
    [0.6667]
    """
    return _F1.of(labels)
