"""Templates are valid for every kind of task, and what is expected is said with rows of the task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from handmade import RATING, make_task

from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.scoring.score import score
from recdata.submission.examine import validate
from recdata.submission.template import FORMATS, expect, in_words, write_template

USERS = [f"u,{n}" for n in range(30)]
ITEMS = [f"i{n}" for n in range(12)]


def task_of(folder: Path, kind: str) -> Task:
    options: dict[str, Any] = {}
    if kind == "candidates":
        options["candidates"] = [
            (user, ITEMS[(n + k) % 12]) for n, user in enumerate(USERS) for k in (3, 4, 7)
        ]
    if kind == "rating":
        options.update(RATING)
    rating = (4.0,) if kind == "rating" else ()
    return make_task(
        folder,
        train=[(user, ITEMS[(n + k) % 12]) for n, user in enumerate(USERS) for k in range(3)],
        test=[(user, ITEMS[(n + 3) % 12], *rating) for n, user in enumerate(USERS)],
        items=ITEMS,
        **options,
    )


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", ["full", "candidates", "rating"])
def test_templates_are_valid(tmp_path: Path, kind: str, suffix: str) -> None:
    task = task_of(tmp_path / "task", kind)
    path = tmp_path / f"p{suffix}"
    rows = write_template(task, path)
    assert rows == {"full": 150, "candidates": 90, "rating": 30}[kind]
    assert not validate(task, path).counts
    assert score(task, path).document["counts"]["rows"] == rows
    assert write_template(task, path, empty=True) == 0
    assert list(validate(task, path).counts) == ["no-rows"]


@pytest.mark.parametrize("kind", ["full", "rating"])
def test_parts_with_nothing_to_predict_are_refused(tmp_path: Path, kind: str) -> None:
    task = task_of(tmp_path / "task", kind)
    with pytest.raises(InputError, match="nothing can be scored in it"):
        expect(task, "valid")
    with pytest.raises(InputError, match="nothing can be scored in it"):
        write_template(task, tmp_path / "p.csv", "valid")
    assert not (tmp_path / "p.csv").exists()


def test_a_template_is_the_same_each_time(tmp_path: Path) -> None:
    task = task_of(tmp_path / "task", "full")
    for name in ("a.parquet", "b.parquet"):
        write_template(task, tmp_path / name)
    assert pq.read_table(tmp_path / "a.parquet").equals(pq.read_table(tmp_path / "b.parquet"))


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.parquet, \.csv, \.tsv"):
        write_template(task_of(tmp_path / "task", "full"), tmp_path / "p.xlsx")


@pytest.mark.parametrize("kind", ["full", "candidates", "rating"])
def test_what_is_expected_has_an_example_of_the_task(tmp_path: Path, kind: str) -> None:
    task = task_of(tmp_path / "task", kind)
    document = expect(task)
    assert document["users"] == 30
    assert {row["user_id"] for row in document["example"]} <= set(USERS)
    text = in_words(document)
    assert "user_id,item_id,score" in text
    assert ("fixed candidates" in text) == (kind == "candidates")
