"""Rating tasks of labels and probabilities, and the forms of rating metrics that are averaged over users."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handmade import RATING, make_task
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.errors import InputError
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import parse
from recdata.schema.documents import check
from recdata.scoring.score import score


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 4)), min_size=2, max_size=20))
def test_areas_by_counting_pairs(rows: list[tuple[int, bool, int]]) -> None:
    def area(chosen: list[tuple[int, bool, int]]) -> tuple[float, int]:
        ones = [score for _, label, score in chosen if label]
        zeros = [score for _, label, score in chosen if not label]
        right = sum((one > zero) + (one == zero) / 2 for one in ones for zero in zeros)
        return right, len(ones) * len(zeros)

    user, label, predicted = (np.array(column) for column in zip(*rows, strict=True))
    ratings = Ratings(3, user.astype(np.int32), label.astype(np.float64), predicted / 4)
    right, pairs = area(rows)
    if not pairs:
        with pytest.raises(InputError, match="all labels are the same"):
            parse("auc").values(ratings)
        return
    assert parse("auc").values(ratings)[0] == pytest.approx(right / pairs)
    groups = [[row for row in rows if row[0] == each] for each in range(3)]
    both = [(area(group), group) for group in groups if area(group)[1]]
    if not both:
        with pytest.raises(InputError, match="both labels"):
            parse("gauc").values(ratings)
        return
    for weights, of in (
        ("rows", len),
        ("positives", lambda g: sum(label for _, label, _ in g)),
        ("users", lambda g: 1),
    ):
        expected = sum(of(group) * a / b for (a, b), group in both) / sum(of(group) for _, group in both)
        assert parse(f"gauc(weights={weights})").values(ratings)[0] == pytest.approx(expected)


def test_in_a_score(tmp_path: Path) -> None:
    rows = [("u1", "a", 1.0), ("u1", "b", 0.0), ("u2", "a", 0.0), ("u2", "b", 1.0)]
    task = make_task(tmp_path / "t", test=rows, train=[("u1", "a")], **RATING)
    predicted = pd.DataFrame([(u, i, s) for (u, i, _), s in zip(rows, (0.8, 0.2, 0.4, 0.4), strict=True)])
    predicted.columns = ["user_id", "item_id", "score"]
    metrics = [
        "AUC",
        "GAUC",
        "LogLoss",
        "NormalisedEntropy",
        "CalibrationError(bins=5)",
        "R2",
        "UserRMSE",
        "UserMAE",
    ]
    result = score(task, predicted, metrics=metrics, by="cold")
    check(result.document, "result", "test")
    loss = -(2 * math.log(0.8) + math.log(0.6) + math.log(0.4)) / 4
    assert result.metrics == pytest.approx(
        {
            "AUC": 3.5 / 4,
            "GAUC": 0.75,
            "LogLoss": loss,
            "NormalisedEntropy": loss / math.log(2),
            "CalibrationError(bins=5)": (0.2 + 0.2 + 0.2) / 4,
            "R2": 1 - (0.04 + 0.04 + 0.16 + 0.36) / 1,
            "UserRMSE": (0.2 + math.sqrt(0.26)) / 2,
            "UserMAE": (0.2 + 0.5) / 2,
        }
    )
    assert result.document["metrics"]["AUC"] == {"mean": 0.875, "standard_error": None, "population": 4}
    assert result.document["metrics"]["UserMAE"]["population"] == 2
    assert result.per_user().column_names == ["user_id", "LogLoss", "UserRMSE", "UserMAE"]
    with pytest.raises(InputError, match="probabilities"):
        score(task, predicted.assign(score=2.0), metrics="logloss")
    stars = make_task(tmp_path / "s", test=[("u1", "a", 4.0), ("u1", "b", 3.0)], **RATING)
    with pytest.raises(InputError, match="needs labels"):
        score(stars, predicted.head(2), metrics="auc")
