"""Every kind of bad input has its message, errors get no score, and the page in docs/ says the same."""

from __future__ import annotations

from pathlib import Path

import bad_answers
import pytest
from bad_inputs import GOOD, KINDS, PAGE, found_in, task_in, written

from recdata.protocol.answers import AnswerTask
from recdata.protocol.task import Task
from recdata.scoring.score import score
from recdata.submission.finding import RejectedError


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return task_in(tmp_path_factory.mktemp("task") / "task")


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(task: Task, tmp_path: Path, kind: str) -> None:
    found = found_in(task, tmp_path, KINDS[kind])
    assert found.code == KINDS[kind][2]
    assert str(found).isprintable()
    path = tmp_path / KINDS[kind][0]
    if found.severity == "error":
        with pytest.raises(RejectedError):
            score(task, path)
        (tmp_path / "fixed.csv").write_text(GOOD)
        assert score(task, tmp_path / "fixed.csv").metrics["nDCG@1"] == 1.0
    else:
        assert score(task, path).metrics


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> AnswerTask:
    return bad_answers.task_in(tmp_path_factory.mktemp("task") / "answers")


@pytest.mark.parametrize("kind", bad_answers.KINDS)
def test_kinds_of_bad_answers(asked: AnswerTask, tmp_path: Path, kind: str) -> None:
    found = found_in(asked, tmp_path, bad_answers.KINDS[kind])
    assert found.code == bad_answers.KINDS[kind][2]
    assert str(found).isprintable()
    (tmp_path / "good.csv").write_text(bad_answers.GOOD)
    path = tmp_path / bad_answers.KINDS[kind][0]
    rejected = found.severity == "error" or kind == "Answers for another part"
    if rejected:
        with pytest.raises(RejectedError):
            score(asked, path)
    else:
        assert score(asked, path)["MAE"] > 0
    assert score(asked, tmp_path / "good.csv")["MAE"] == 0


def test_the_page() -> None:
    assert len(KINDS) >= 60
    assert PAGE.read_text(encoding="utf-8") == written(), "run python tests/submission/bad_inputs.py"
