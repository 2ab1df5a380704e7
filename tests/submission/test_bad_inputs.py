"""Every kind of bad input has its message, errors get no score, and the page in docs/ says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_inputs import GOOD, KINDS, PAGE, found_in, task_in, written

from recdata.protocol.task import Task
from recdata.scoring.score import score
from recdata.submission.finding import RejectedError


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return task_in(tmp_path_factory.mktemp("task") / "task")


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(task: Task, tmp_path: Path, kind: str) -> None:
    found = found_in(task, tmp_path, kind)
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


def test_the_page() -> None:
    assert len(KINDS) >= 60
    assert PAGE.read_text(encoding="utf-8") == written(), "run python tests/submission/bad_inputs.py"
