"""Row groups without users of the part are passed over: the score is the same, and what was not read is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handmade import RATING, make_task

from recdata.protocol.task import Task
from recdata.scoring.score import score
from recdata.submission import parquet
from recdata.submission.finding import RejectedError
from recdata.submission.wanted import Wanted

USERS = [f"u{n:02d}" for n in range(40)]
NUMBERS = [str(n) for n in range(40)]
ASKED = (0, 1, 20, 39)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS", 6)


def task_of(folder: Path, users: list[str], **protocol: Any) -> Task:
    test = [(users[n], "a", 2.0) for n in ASKED]
    return make_task(folder, test=test, users=users, items=["a", "b", "c"], **protocol)


def write(path: Path, users: list[Any], rating: bool = False, **options: Any) -> None:
    """Two rows a user, in the order of users, a row group for each three users."""
    items = ("a",) if rating else ("b", "a")
    rows = [(user, item, 2.0 - rank) for user in users for rank, item in enumerate(items)]
    user, item, value = zip(*rows, strict=True)
    table = pa.table({"user_id": list(user), "item_id": list(item), "score": list(value)})
    pq.write_table(table, path, row_group_size=3 * len(items), **options)


@pytest.mark.parametrize("kind", ["text", "integer", "dictionary"])
def test_what_is_not_read_changes_no_score(tmp_path: Path, kind: str) -> None:
    names = NUMBERS if kind == "integer" else USERS
    task, path = task_of(tmp_path / "task", names), tmp_path / "p.parquet"
    write(path, list(range(40)) if kind == "integer" else USERS, use_dictionary=kind == "dictionary")
    skipped = score(task, path)
    write(path, list(range(40)) if kind == "integer" else USERS, write_statistics=False)
    whole = score(task, path)
    assert skipped.document["metrics"] == whole.document["metrics"]
    assert skipped["MRR@5"] == 0.5
    assert "unread_rows" not in whole.document["counts"]
    # The first group is read whatever it has, and those of 20 and 39.
    assert skipped.document["counts"]["unread_rows"] == 80 - 6 - 6 - 2
    assert skipped.findings.counts["unread-rows"] == 66
    assert skipped.document["counts"]["rows"] == whole.document["counts"]["rows"] == 80
    lost = whole.document["counts"]["outside_rows"] - skipped.document["counts"]["outside_rows"]
    assert lost == 66
    skipped.save(tmp_path / "result.json")


def test_row_numbers_go_on_behind_what_is_not_read(tmp_path: Path) -> None:
    task, path = task_of(tmp_path / "task", USERS), tmp_path / "p.parquet"
    write(path, [*USERS, "u39"])
    with pytest.raises(RejectedError, match=r"duplicate-row: .*p.parquet, row 80, column item_id"):
        score(task, path)


def test_a_folder_of_parts(tmp_path: Path) -> None:
    task, folder = task_of(tmp_path / "task", USERS), tmp_path / "parts"
    folder.mkdir()
    for number in range(4):
        write(folder / f"{number}.parquet", USERS[10 * number : 10 * number + 10])
    result = score(task, folder)
    assert result["MRR@5"] == 0.5
    assert result.document["counts"]["unread_rows"] == 80 - 6 - 6 - 2


def test_nothing_is_passed_over_where_unknown_users_are_an_error(tmp_path: Path) -> None:
    task = task_of(tmp_path / "task", USERS, unknown={"users": "error"})
    write(tmp_path / "p.parquet", [*USERS[:30], "u30x", *USERS[31:]])
    with pytest.raises(RejectedError, match="unknown-user"):
        score(task, tmp_path / "p.parquet")


def test_a_null_is_read(tmp_path: Path) -> None:
    task, path = task_of(tmp_path / "task", USERS), tmp_path / "p.parquet"
    write(path, [*USERS[:30], None, *USERS[31:]])
    with pytest.raises(RejectedError, match="null-id"):
        score(task, path)


def test_ratings(tmp_path: Path) -> None:
    task = task_of(tmp_path / "task", USERS, **RATING)
    write(tmp_path / "p.parquet", USERS, rating=True)
    result = score(task, tmp_path / "p.parquet")
    assert result["RMSE"] == 0.0
    assert result.document["counts"]["unread_rows"] == 40 - 6 - 3 - 1


def test_wanted() -> None:
    wanted = Wanted(lambda: pa.array(["-5", "10", "2", "a", "é", "\U0001f600"]))
    assert [
        wanted.between(*ends)
        for ends in (("-5", "-5"), ("0", "09"), ("b", "z"), ("z", "ÿ"), ("\ufb01", "\U0001f601"))
    ] == [*(True, False, False, True, True)]
    assert [wanted.between(*ends) for ends in ((-6, -5), (3, 9), (11, 10**30), (2, 2))] == [
        True,
        False,
        False,
        True,
    ]
    assert wanted.between(b"x", b"y")
    assert wanted.between(1.5, 2.5)
