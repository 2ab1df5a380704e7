"""Tasks 1 and 2 of KDD Cup 2023: sessions as users, the parts as the competition had them, counts equal to the files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recdata import api
from recdata.corpora.build import build
from recdata.errors import InputError
from recdata.protocol.slices import slices_by
from recdata.protocol.task import Task
from recdata.sources.cards import load_card

FIXTURE = Path(__file__).parent.parent / "corpora" / "fixtures" / "amazon-m2"


def pairs(task: Task, part: str) -> list[tuple[str, str]]:
    table = task.to_arrow(part)
    return list(zip(table.column("user_id").to_pylist(), table.column("item_id").to_pylist(), strict=True))


@pytest.fixture
def fixture(home: Path) -> None:
    build(load_card("amazon-m2"), FIXTURE, allow_partial=True)


@pytest.mark.usefixtures("fixture")
def test_a_whole_corpus_trains_validates_and_tests() -> None:
    task = api.task("amazon-m2/kdd-cup-2023-task1")
    assert [user for user, _ in pairs(task, "train")] == ["train-DE-0"] * 4 + ["train-UK-0"] * 3 + [
        "train-UK-1"
    ] * 2
    assert pairs(task, "context")[-5:] == [
        ("task1-phase2-DE-0", "B0E"),
        ("task1-phase2-UK-0", "B0A"),
        ("task1-phase2-UK-0", "B0B"),
        ("task1-phase2-UK-0", "B0A"),
        ("task1-phase2-UK-1", "B0X"),
    ]
    assert pairs(task, "valid") == [
        ("task1-phase1-JP-0", "B0N3"),
        ("task1-phase1-UK-0", "B0N1"),
        ("task1-phase1-UK-1", "B0N2"),
    ]
    assert pairs(task, "test") == [
        ("task1-phase2-DE-0", "B0A"),
        ("task1-phase2-UK-0", "B0C"),
        ("task1-phase2-UK-1", "B0Q"),
    ]
    assert {each.name: int(each.mask.sum()) for each in slices_by(task, "users.locale")} == {
        "users.locale=DE": 1,
        "users.locale=UK": 2,
    }
    assert [user for user, _ in pairs(api.task("amazon-m2/kdd-cup-2023-task2"), "test")] == [
        "task2-phase2-ES-0",
        "task2-phase2-ES-1",
        "task2-phase2-IT-0",
    ]


def test_without_labels_there_is_nothing_to_score(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    shutil.copytree(FIXTURE, folder)
    (folder / "phase2" / "gt_task2.csv").unlink()
    build(load_card("amazon-m2"), folder, allow_partial=True)
    with pytest.raises(
        InputError, match="comes into the test part; are the publisher's answers among the raw files"
    ):
        api.task("amazon-m2/kdd-cup-2023-task2")


def test_the_real_test_sets(home: Path, data: Path) -> None:
    folder = data / "amazon-m2"
    build(load_card("amazon-m2"), folder)
    task = api.task("amazon-m2/kdd-cup-2023-task2")
    truth = pq.read_table(folder / "task2" / "gt_test.parquet").to_pandas()
    sessions = pq.read_table(folder / "task2" / "sessions_test.parquet").to_pandas()
    rows = {part: len(task.rows(part).user) for part in task.parts}
    assert rows == {
        "train": 0,
        "valid": 0,
        "test": 34_688,
        "context": int(sessions["prev_items"].str.len().sum()),
    }
    assert len(task.population()) == len(truth) == 34_688
    by_locale = {each.name: int(each.mask.sum()) for each in slices_by(task, "users.locale")}
    assert by_locale == {f"users.locale={k}": v for k, v in truth["locale"].value_counts().items()}
    tested = dict(pairs(task, "test"))
    for locale, labels in truth.groupby("locale")["next_item"]:
        assert [tested[f"task2-{locale}-{place}"] for place in range(len(labels))] == list(labels)

    labels_alone = api.task("amazon-m2/kdd-cup-2023-task1")
    assert {part: len(labels_alone.rows(part).user) for part in labels_alone.parts} == {
        "train": 0,
        "valid": 0,
        "test": 316_971,
    }
