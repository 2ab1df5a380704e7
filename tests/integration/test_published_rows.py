"""Rows that others published, made again: the popularity recommender on S3-Rec's Beauty file."""

import pytest

import recdata
from recdata import baselines

CELLS = ["HR@5", "nDCG@5", "HR@10", "nDCG@10", "HR@20", "nDCG@20"]

# HR@5 NDCG@5 HR@10 NDCG@10 HR@20 NDCG@20 of popularity, leave-last-one-out, all items ranked, history masked.
PUBLISHED = [0.0080, 0.0044, 0.0152, 0.0068, 0.0217, 0.0084]
"""The row in S3-Rec's paper: it is only reached when the answers are counted too."""
TRAINING = [0.0081, 0.0044, 0.0120, 0.0056, 0.0204, 0.0076]
"""The row with counts of the training part, and ties in the model's favour."""
TRAINING_BY_MD5 = [0.0075, 0.0041, 0.0115, 0.0055, 0.0204, 0.0076]
"""The same with ties by MD5, as here: items 5 and 6, and items 10 and 11, are equally popular."""


@pytest.fixture
def task(home, data):
    return recdata.task("s3rec-beauty/loo-last", from_path=data / "s3rec")


def row(task, predictions):
    result = recdata.score(task, predictions)
    return [round(result[name], 4) for name in CELLS]


def test_the_published_row_counts_the_answers(task, tmp_path):
    out = tmp_path / "all.parquet"
    baselines.run("popularity", task, out, count="all")
    assert row(task, out) == PUBLISHED


def test_training_counts(task, tmp_path):
    out = tmp_path / "train.parquet"
    baselines.run("popularity", task, out)
    assert row(task, out) == TRAINING_BY_MD5


def test_training_counts_with_ties_in_favour_of_the_model(task, tmp_path):
    out = tmp_path / "train.parquet"
    baselines.run("popularity", task, out)
    result = recdata.score(task, out, ties="best")
    assert [round(result[name], 4) for name in CELLS] == TRAINING
