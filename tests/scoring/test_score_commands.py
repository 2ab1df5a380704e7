"""The commands score and validate: what is printed where, exit codes, and how little they import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from handmade import make_task

from recdata import api
from recdata.cli import cli
from recdata.protocol.task import Task
from recdata.submission.finding import RejectedError


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    made = make_task(
        tmp_path / "task", test=[("u1", "a"), ("u2", "b")], items=["c"], cutoffs=[1, 2], primary="nDCG@2"
    )
    monkeypatch.setattr(api, "task", lambda name, **_: made)
    return made


@pytest.fixture
def good(tmp_path: Path) -> str:
    (tmp_path / "good.csv").write_text("user_id,item_id,score\nu1,a,2\nu1,c,1\n")
    return str(tmp_path / "good.csv")


@pytest.fixture
def bad(tmp_path: Path) -> str:
    (tmp_path / "bad.csv").write_text("user_id,item_id,score\nu1,a,2\nu1,a,1\nu2,b,nan\n")
    return str(tmp_path / "bad.csv")


def run(*arguments: str) -> tuple[int, str, str]:
    outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return outcome.return_value or 0, outcome.stdout, outcome.stderr


@pytest.mark.usefixtures("task")
def test_score_prints_metrics_and_writes_the_result(good: str, tmp_path: Path) -> None:
    out, users = tmp_path / "r.json", tmp_path / "u.csv"
    code, stdout, stderr = run(
        "score", "any/task", good, "-o", str(out), "--per-user", str(users), "--metrics", "mrr,hr@1"
    )
    assert code == 0
    assert [line.split()[:2] for line in stdout.splitlines()[1:]] == [
        ["MRR", "0.500000"],
        ["HR@1", "0.500000"],
    ]
    assert "missing-user" in stderr
    assert json.loads(out.read_text())["metrics"]["MRR"]["mean"] == 0.5
    assert users.read_text().splitlines()[0] == '"user_id","MRR","HR@1"'


@pytest.mark.usefixtures("task")
def test_score_as_json(good: str) -> None:
    code, stdout, _ = run("score", "any/task", good, "--json")
    assert code == 0
    assert json.loads(stdout)["document"] == "result"


@pytest.mark.usefixtures("task")
def test_score_of_a_file_with_errors(bad: str, tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="2 errors"):
        run("score", "any/task", bad, "-o", str(tmp_path / "r.json"))
    assert not (tmp_path / "r.json").exists()


@pytest.mark.usefixtures("task")
def test_validate(good: str, bad: str) -> None:
    code, stdout, stderr = run("validate", "any/task", good)
    assert (code, "0 errors, 1 warnings" in stderr) == (0, True)
    assert "missing-user" in stdout
    code, stdout, _ = run("validate", "any/task", bad, "--json")
    assert code == 3
    assert json.loads(stdout)["counts"] == {"bad-number": 1, "duplicate-row": 1, "missing-user": 1}
    code, stdout, _ = run("validate", "any/task", bad, "--max-errors", "1")
    assert len([line for line in stdout.splitlines() if line.startswith("error ")]) == 1


def test_scoring_imports_little(tmp_path: Path, good: str) -> None:
    make_task(tmp_path / "task", test=[("u1", "a"), ("u2", "b")], items=["c"])
    code = """
import json, sys
from pathlib import Path
import recdata.protocol.task, recdata.scoring.score
folder = Path(sys.argv[1])
manifest = json.loads(sys.argv[3])
heavy = {"pandas", "pyarrow.dataset", "duckdb", "datasets", "jsonschema", "scipy", "ranx"}
result = recdata.scoring.score.score(recdata.protocol.task.Task(folder, manifest), sys.argv[2])
str(result)
print(sorted(heavy & set(sys.modules)))
"""
    manifest = make_task(tmp_path / "again", test=[("u", "i")]).manifest
    arguments = [str(tmp_path / "task"), good, json.dumps(manifest)]
    found = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"


def test_slices_without_a_name(task: Task, good: str) -> None:
    result = CliRunner().invoke(cli, ["score", "x", good, "--by", " ,"])
    assert result.exit_code == 2
    assert "--by names no slices" in result.output
