"""Results: the document, values of users, choices of metrics, and what a file with errors leaves behind."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from handmade import RATING, make_task

from recdata.errors import InputError, MismatchError
from recdata.protocol.task import Task
from recdata.schema.documents import check
from recdata.scoring.score import score
from recdata.store.files import file_entry
from recdata.submission.examine import validate
from recdata.submission.finding import RejectedError


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(
        tmp_path / "task",
        train=[("u1", "seen")],
        valid=[("u1", "c"), ("u2", "d")],
        test=[("u1", "a"), ("u1", "b"), ("u2", "b"), ("u3", "a")],
        items=["e"],
    )


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    # u1: a, seen, b (a tie, settled by MD5, behind); u2: e, b; u3 has no list.
    path = tmp_path / "p.csv"
    path.write_text("user_id,item_id,score\nu1,a,9\nu1,seen,8\nu1,b,7\nu2,e,2\nu2,b,1\nu4,a,1\n")
    return path


def test_the_document(task: Task, predictions: Path) -> None:
    result = score(task, predictions, metrics="ndcg@2,recall@5,mrr")
    document = result.document
    check(document, "result", "test")
    assert document["task"] == {
        "name": "handmade@1.0.0/by-hand@1",
        "fingerprint": "ab" * 32,
        "part": "test",
        "corpus": {"name": "handmade", "version": "1.0.0", "fingerprint": "cd" * 32},
        "protocol": {
            "name": "by-hand",
            "version": 1,
            "task": "ranking",
            "candidates": {"full": {"seen": "mask"}},
        },
    }
    assert document["predictions"] == {
        "sha256": hashlib.sha256(predictions.read_bytes()).hexdigest(),
        "sha256_of": "the file's bytes",
        "format": "csv",
        "ordered_by": "score",
        "rows": 6,
        "bytes": predictions.stat().st_size,
    }
    assert list(document["metrics"]) == ["nDCG@2", "Recall@5", "MRR"]
    assert document["metrics"]["MRR"] == {
        "mean": (1 + 1 / 2 + 0) / 3,
        "standard_error": pytest.approx(math.sqrt(0.25 / 3)),
        "population": 3,
    }
    assert document["metrics"]["Recall@5"]["mean"] == 2 / 3
    assert document["counts"] == {
        "rows": 6,
        "unknown_users": 1,
        "unknown_user_rows": 1,
        "unknown_items": 0,
        "unknown_item_rows": 0,
        "population": 3,
        "missing_users": 1,
        "outside_users": 0,
        "outside_rows": 0,
        "seen_items": 1,
        "seen_relevant": 0,
        "tied_cuts": 0,
        "tied_cuts_at": 5,
        "tied_cuts_share": 0.0,
    }
    assert document["choices"]["denominators"]["Recall@5"] == "R"
    assert "training or validation" in document["choices"]["seen"]
    assert result["MRR"] == result["mrr"] == 0.5
    assert json.loads(result.to_json()) == document


def test_two_scores_are_identical_but_for_time_and_place(task: Task, predictions: Path) -> None:
    first, second = score(task, predictions).document, score(task, predictions).document
    for document in (first, second):
        del document["created"], document["environment"]  # type: ignore[attr-defined]
    assert json.dumps(first) == json.dumps(second)


def test_the_protocol_says_which_metrics(task: Task, predictions: Path) -> None:
    names = ["nDCG", "Recall", "Precision", "HR", "MRR", "MAP"]
    assert list(score(task, predictions).metrics) == [
        f"{name}@{cutoff}" for name in names for cutoff in (2, 5)
    ]


def test_the_validation_part(task: Task, tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": ["u1", "u1", "u2"], "item_id": ["seen", "c", "a"], "score": [2, 1, 1]})
    result = score(task, frame, metrics="mrr", part="valid")
    assert result["mrr"] == 0.25
    assert result.document["task"]["part"] == "valid"
    assert result.document["counts"]["seen_items"] == 1
    assert "in training keeps" in result.document["choices"]["seen"]


def test_seen_items_that_are_relevant(tmp_path: Path) -> None:
    pairs = {"train": [("u1", "a")], "test": [("u1", "a"), ("u1", "b")]}
    frame = pd.DataFrame({"user_id": ["u1", "u1"], "item_id": ["a", "b"], "score": [2, 1]})
    masked = score(make_task(tmp_path / "m", **pairs), frame, metrics="mrr")
    assert masked["mrr"] == 0.5
    assert masked.document["counts"]["seen_relevant"] == 1
    kept = score(make_task(tmp_path / "k", candidates=None, **pairs), frame, metrics="mrr")
    assert kept["mrr"] == 0.5
    task = make_task(tmp_path / "k", **pairs)
    task.protocol["candidates"] = {"full": {"seen": "keep"}}  # type: ignore[index]
    kept = score(task, frame, metrics="mrr")
    assert kept["mrr"] == 1.0
    assert kept.document["counts"]["seen_items"] == 0


def test_relevance_by_rating(tmp_path: Path) -> None:
    task = make_task(
        tmp_path / "t",
        test=[("u1", "a", 5.0), ("u1", "b", 2.0), ("u2", "a", 1.0)],
        relevance={"min_rating": 4},
    )
    frame = pd.DataFrame({"user_id": ["u1", "u1"], "item_id": ["b", "a"], "score": [2, 1]})
    result = score(task, frame, metrics="mrr,recall@5")
    assert result.metrics == {"MRR": 0.5, "Recall@5": 1.0}
    assert result.document["metrics"]["MRR"] == {"mean": 0.5, "standard_error": None, "population": 1}
    assert "at least 4" in result.document["choices"]["relevant"]
    check(result.document, "result", "test")


def test_fixed_candidates(tmp_path: Path) -> None:
    task = make_task(
        tmp_path / "t",
        train=[("u1", "b")],
        test=[("u1", "a")],
        candidates=[("u1", "a"), ("u1", "b"), ("u1", "c")],
    )
    frame = pd.DataFrame({"user_id": ["u1", "u1"], "item_id": ["b", "a"], "score": [2, 1]})
    result = score(task, frame, metrics="mrr")
    assert result["mrr"] == 0.5
    assert result.document["counts"]["seen_items"] == 0
    assert "sampled" in result.document["choices"]["candidates"]
    check(result.document, "result", "test")


def test_ties_at_the_cut_are_reported(task: Task) -> None:
    frame = pd.DataFrame(
        {"user_id": ["u1"] * 4 + ["u2"] * 3, "item_id": [*"abde", *"abe"], "score": [5, 1, 1, 1, 3, 2, 1]}
    )
    counts = score(task, frame, metrics="ndcg@2").document["counts"]
    assert (counts["tied_cuts"], counts["tied_cuts_at"], counts["tied_cuts_share"]) == (1, 2, 1 / 3)
    counts = score(task, frame, metrics="mrr").document["counts"]
    assert (counts["tied_cuts"], counts["tied_cuts_at"], counts["tied_cuts_share"]) == (0, None, None)


@pytest.mark.parametrize("name", ["users.parquet", "users.csv", "USERS.CSV"])
def test_values_of_each_user(task: Task, predictions: Path, tmp_path: Path, name: str) -> None:
    result = score(task, predictions, metrics="mrr,recall@5", per_user=tmp_path / name)
    file = tmp_path / name
    table = pd.read_csv(file) if file.suffix.lower() == ".csv" else pq.read_table(file).to_pandas()
    assert table.to_dict("list") == {
        "user_id": ["u1", "u2", "u3"],
        "MRR": [1.0, 0.5, 0.0],
        "Recall@5": [1.0, 1.0, 0.0],
    }
    assert result.per_user().to_pydict() == table.to_dict("list")


def test_values_of_users_need_a_name_that_says_the_format(
    task: Task, predictions: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"\.parquet or \.csv"):
        score(task, predictions, per_user=tmp_path / "users.txt")


def test_rating_tasks(tmp_path: Path) -> None:
    rows = [("u1", "a", 4.0), ("u1", "b", 2.0), ("u2", "a", 5.0), ("u2", "a", 3.0)]
    task = make_task(tmp_path / "t", test=rows, **RATING)
    frame = pd.DataFrame(
        {"user_id": ["u2", "u1", "u1"], "item_id": ["a", "b", "a"], "score": [4.0, 3.0, 6.0]}
    )
    result = score(task, frame)
    assert result.metrics == {"RMSE": math.sqrt((4 + 1 + 1 + 1) / 4), "MAE": 5 / 4}
    assert result.document["metrics"]["MAE"]["population"] == 4
    assert result.document["counts"]["population"] == 2
    assert result.per_user().to_pydict() == {
        "user_id": ["u1", "u2"],
        "RMSE": [math.sqrt(5 / 2), 1.0],
        "MAE": [1.5, 1.0],
    }
    check(result.document, "result", "test")
    with pytest.raises(InputError, match="is a ranking metric"):
        score(task, frame, metrics="mrr")
    with pytest.raises(RejectedError, match="missing-pair"):
        score(task, frame.head(2))


def test_metrics_that_do_not_fit(task: Task, predictions: Path) -> None:
    with pytest.raises(InputError, match="RMSE is a rating metric"):
        score(task, predictions, metrics="ndcg@5,rmse")
    with pytest.raises(InputError, match="did you mean nDCG"):
        score(task, predictions, metrics="ndgc@5")


def test_errors_leave_nothing_behind(task: Task, predictions: Path, tmp_path: Path) -> None:
    predictions.write_text(predictions.read_text() + "u1,a,1\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RejectedError) as raised:
        score(task, predictions, per_user=tmp_path / "users.csv")
    assert raised.value.findings.counts["duplicate-row"] == 1
    assert raised.value.exit_code == 3
    assert "line 8, column item_id" in str(raised.value)
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_changes_while_it_is_read(
    task: Task, predictions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(path: Path) -> str:
        path.write_bytes(path.read_bytes() + b"u3,a,1\n")
        return "0" * 64

    monkeypatch.setattr("recdata.submission.file.sha256_of", touched)
    with pytest.raises(MismatchError, match="was changed while it was read"):
        score(task, predictions)


def test_a_task_whose_bytes_were_changed(task: Task, predictions: Path) -> None:
    tables = {
        name: file_entry(task.folder / f"{name}.parquet")
        for name in ("train", "valid", "test", "users", "items")
    }
    whole = Task(task.folder, {**task.manifest, "tables": tables})
    assert score(whole, predictions).metrics
    path = task.folder / "train.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(MismatchError, match=r"train\.parquet is not the file that was built"):
        score(whole, predictions)
    with pytest.raises(MismatchError, match=r"train\.parquet is not the file that was built"):
        validate(whole, predictions)


def test_saving(task: Task, predictions: Path, tmp_path: Path) -> None:
    result = score(task, predictions)
    result.save(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == result.document
    broken: Any = {**result.document, "primary": 5}
    result.document = broken
    with pytest.raises(InputError, match="not a valid result"):
        result.save(tmp_path / "s.json")
    assert not (tmp_path / "s.json").exists()


def test_shown_as_a_table(task: Task, predictions: Path) -> None:
    lines = str(score(task, predictions, metrics="mrr,recall@5")).splitlines()
    assert lines[0].split() == ["metric", "mean", "std.", "error", "users"]
    assert lines[1].split() == ["MRR", "0.500000", "0.288675", "3"]
    assert "MRR 0.5000" in repr(score(task, predictions, metrics="mrr"))
