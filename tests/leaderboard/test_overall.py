"""Models over the seven tasks of LaMP: every task's own metric, ranks over all, and never a mean of unlike scales."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from answering import golds, lamp_task
from click.testing import CliRunner
from ledgers import card

from recdata.cli import cli
from recdata.errors import MissingError
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.overall import choose, overall
from recdata.leaderboard.site.boards import boards
from recdata.leaderboard.submit import submit

GOLD = {
    1: ["[1]", "[2]"] * 4,
    2: ["comedy", "action"] * 4,
    3: ["1", "5"] * 4,
    **{number: ["red wine and more", "a cat"] * 4 for number in (4, 5, 6, 7)},
}
METRICS = {1: "Accuracy", 2: "Accuracy", 3: "MAE", **dict.fromkeys((4, 5, 6, 7), "ROUGE-1")}
RIGHT = {"good": 8, "middle": 5, "poor": 2, "partial": 7}
"""How many of the eight answers each model has right; the last answers only three of the tasks."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("rouge_score")
    folder = tmp_path_factory.mktemp("overall")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECDATA_HOME", str(folder / "home"))
        made = Ledger(folder / "ledger")
        for number, gold in GOLD.items():
            task = lamp_task(folder / f"raw{number}", number, gold)
            for name, many in RIGHT.items():
                if name == "partial" and number not in (1, 3, 4):
                    continue
                # To be wrong is to say 3 among stars, which is off by 2, and elsewhere nothing that is expected.
                answers = [right if place < many else "3" for place, right in enumerate(gold)]
                path = golds(
                    folder / "p.json", number, {f"q{place}": each for place, each in enumerate(answers)}
                )
                submit(task, path, card(name), made)
        yield made


def test_the_seven_tasks(ledger: Ledger) -> None:
    found = overall(boards(ledger))
    assert found is not None
    assert [board.primary for board in found.boards] == list(METRICS.values())
    assert found.rows[0].model == "good"
    by_model = {row.model: row for row in found.rows}
    # Among three models everywhere but in the three tasks that the last one has, where it is second.
    assert by_model["good"].mean_rank == 1
    assert by_model["middle"].mean_rank == pytest.approx((4 * 2 + 3 * 3) / 7)
    assert by_model["partial"].mean_rank == 2
    assert len(by_model["partial"].missing) == 4
    assert found.values["poor"]["lamp-3@1.0.0/profile-none@1"] == pytest.approx(6 * 2 / 8)
    assert [row.mean for row in found.rows] == [None] * 4


def test_a_mean_of_tasks_that_are_alike(ledger: Ledger) -> None:
    found = overall(choose(boards(ledger), ["lamp-[4-7]@*"]))
    assert found is not None
    means = {row.model: row.mean for row in found.rows}
    assert means["good"] == 1
    assert means["middle"] == pytest.approx(5 / 8)
    # Whoever has one of the tasks alone is left out, and one task alone makes no order.
    assert "partial" not in means
    assert found.left_out == {"partial": "lamp-4@1.0.0/profile-none@1"}
    assert overall(choose(boards(ledger), ["lamp-3@*"])) is None
    with pytest.raises(MissingError, match="the ledger has no task movielens"):
        choose(boards(ledger), ["movielens*"])


def test_by_the_command_line_and_on_the_page(ledger: Ledger, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    run = CliRunner().invoke
    shown = run(cli, ["leaderboard", "overall", "lamp-*", "--ledger", str(ledger.folder)])
    assert shown.stdout.splitlines()[0].split()[:5] == ["model", "Kemeny", "mean", "rank", "Borda"]
    assert "lamp-3 MAE" in shown.stdout
    assert shown.stdout.splitlines()[1].split()[:5] == ["good", "1", "1.00", "1.000", "-"]
    assert "unlike scales" in shown.stderr
    assert "is left out" not in shown.stderr
    some = ["leaderboard", "overall", "lamp-[4-7]@*", "--ledger", str(ledger.folder)]
    assert (
        "partial is left out: of these tasks it is in lamp-4@1.0.0/profile-none@1 alone."
        in run(cli, some).stderr
    )
    assert json.loads(run(cli, [*some, "--json"]).stdout)["left_out"] == [
        {"model": "partial", "task": "lamp-4@1.0.0/profile-none@1"}
    ]
    document = json.loads(
        run(cli, ["leaderboard", "overall", "--json", "--ledger", str(ledger.folder)]).stdout
    )
    assert document["tasks"][2] == {"task": "lamp-3@1.0.0/profile-none@1", "metric": "MAE"}
    assert {model["mean"] for model in document["models"]} == {None}
    none = run(cli, ["leaderboard", "overall", "lamp-1@*", "--ledger", str(ledger.folder)])
    assert isinstance(none.exception, MissingError)
    assert (
        run(
            cli, ["leaderboard", "build", "-o", str(tmp_path / "site"), "--ledger", str(ledger.folder)]
        ).exit_code
        == 0
    )
    page = (tmp_path / "site" / "overall.html").read_text()
    assert "Tasks over examples, profile-none@1" in page
    assert "lamp-3, MAE" in page
