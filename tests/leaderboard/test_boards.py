"""What pages are made of: facts of a task, letters of models that do not differ, rows of several seeds."""

import numpy as np
import pytest
from ledgers import card, predictions, small_ledger, small_task

from recdata.leaderboard.facts import SLICES, facts_of, user_slices
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.site.boards import APART, VERIFIED, boards
from recdata.leaderboard.submit import submit

stats = pytest.importorskip("scipy.stats")


def test_facts_of_a_task_by_hand(tmp_path):
    task = small_task(tmp_path / "task")
    facts = facts_of(task)
    assert facts["counts"] == {"users": 12, "items": 30, "population": 12}
    # Users have 1, 2, 3, 4, 1, ... training rows; 30 rows stand on 30 items.
    assert facts["activity"] == [["1", 3], ["2-3", 6], ["4-7", 3]]
    assert facts["density"] == 30 / (12 * 30)
    rows = np.bincount(task.rows("train").item, minlength=30)
    apart = np.abs(rows[:, None] - rows[None, :]).sum()
    assert facts["gini"] == pytest.approx(apart / (2 * len(rows) * rows.sum()))
    assert [sum(count for _, count in facts[which]) for which in ("activity", "popularity")] == [12, 30]
    assert facts["ratings"] == []
    assert facts["years"] == {"train": [["2020-01", 30]], "valid": [], "test": [["2020-01", 12]]}
    history = np.bincount(task.rows("train").user, minlength=12)
    slices = user_slices(task)
    assert np.bincount(slices, minlength=len(SLICES)).tolist() == [3, 3, 3, 3]
    assert all(history[slices == low].max() <= history[slices == low + 1].min() for low in range(3))


def test_letters_are_those_of_paired_t_tests():
    from recdata.leaderboard.significance import holm
    from recdata.leaderboard.site.groups import _letters

    rng = np.random.default_rng(4)  # of this one the correction changes what is told apart
    means = [0.62, 0.6, 0.59, 0.55, 0.4, 0.39, 0.1]
    matrix = np.array([rng.normal(mean, 0.2, 60) for mean in means])
    matrix = matrix[np.argsort(-matrix.mean(axis=1))]
    expected, head, letters = [], 0, iter("ABCDEFG")
    while head < len(matrix):
        p = holm([stats.ttest_rel(matrix[head], row).pvalue for row in matrix[head + 1 :]])
        stop = head + 1 + next((place for place, value in enumerate(p) if value < 0.05), len(p))
        expected += next(letters) * (stop - head)
        head = stop
    assert _letters(matrix) == expected
    assert 1 < len(set(expected)) < len(expected), "groups of several, and several groups"
    assert _letters(np.ones((3, 4))) == ["A", "A", "A"]


def test_seeds_are_one_row_and_what_is_withdrawn_stands_apart(tmp_path):
    from recdata.leaderboard.submit import withdraw

    task = small_task(tmp_path / "task")
    ledger = small_ledger(tmp_path, task)
    for seed in (1, 2, 3):
        file = predictions(tmp_path / f"{seed}.parquet", seed, 4 + 2 * seed)
        submit(task, file, card("seeded", seed=seed), ledger)
    withdraw(
        ledger, next(entry for entry in ledger.entries() if entry.model["name"] == "second"), "wrong", "A"
    )
    (board,) = boards(Ledger(ledger.folder))
    assert sorted(row.first.model["name"] for row in board.section(VERIFIED)) == ["first", "seeded"]
    assert [(row.first.model["name"], row.why) for row in board.section(APART)] == [
        ("second", "withdrawn: wrong")
    ]
    row = next(row for row in board.rows if row.first.model["name"] == "seeded")
    means = [entry.metrics[board.primary]["mean"] for entry in row.entries]
    assert len(set(means)) == 3
    assert row.means[board.primary] == pytest.approx(np.mean(means))
    assert row.spread[board.primary] == pytest.approx(np.std(means, ddof=1))
