"""Previous items, by hand: own ones, what goes with them, what the locale likes; and training on histories alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

pytest.importorskip("scipy")

from recdata import api, baselines
from recdata.baselines._card import card
from recdata.baselines._histories import TRAINED_ON, Histories
from recdata.corpora.build import build
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.sources.cards import load_card

FIXTURE = Path(__file__).parent.parent / "corpora" / "fixtures" / "amazon-m2"


@pytest.fixture
def corpus(home: Path) -> None:
    build(load_card("amazon-m2"), FIXTURE, allow_partial=True)


def lists(task: Task, out: Path, **options: Any) -> dict[str, dict[str, float]]:
    baselines.run("previous-items", task, out, **options)
    found: dict[str, dict[str, float]] = {}
    for row in pq.read_table(out).to_pylist():
        found.setdefault(row["user_id"], {})[row["item_id"]] = row["score"]
    return found


@pytest.mark.usefixtures("corpus")
def test_own_items_then_what_goes_with_them_then_the_locale(tmp_path: Path) -> None:
    task = api.task("amazon-m2/kdd-cup-2023-task1")
    found = lists(task, tmp_path / "out.parquet")
    # UK-0 saw A, B, A. Training: UK {A B C}, {F A}; DE {A D E}.
    british = found["task1-phase2-UK-0"]
    assert list(british)[:2] == ["B0A", "B0B"]
    assert (british["B0A"], british["B0B"]) == (3.0, 2.5)
    # C is with A (age 1) and B (age 2) once each: 1.5. D, E and F are with A alone: 1.
    assert british["B0C"] == pytest.approx(1 + 1.5 / 2.5, rel=1e-5)
    assert {item: british[item] for item in ("B0D", "B0E", "B0F")} == dict.fromkeys(
        ("B0D", "B0E", "B0F"), 1.5
    )
    assert list(british)[2] == "B0C"
    # X is in no training session: what the British like, A before B, C and F, and those before what Germans had.
    strange = found["task1-phase2-UK-1"]
    assert list(strange)[:2] == ["B0X", "B0A"]
    assert set(list(strange)[2:5]) == {"B0B", "B0C", "B0F"}
    assert set(list(strange)[5:7]) == {"B0D", "B0E"}
    assert len(strange) == len(task.item_ids)
    assert next(iter(found["task1-phase2-DE-0"])) == "B0E"

    last = lists(task, tmp_path / "out.parquet", repeats=False)["task1-phase2-UK-0"]
    assert next(iter(last)) == "B0C"
    assert set(list(last)[-2:]) == {"B0A", "B0B"}
    together = lists(task, tmp_path / "out.parquet", by="")["task1-phase2-UK-1"]
    assert list(together)[:2] == ["B0X", "B0A"]
    few = lists(task, tmp_path / "out.parquet", k=3)
    assert {user: list(items) for user, items in few.items()} == {
        user: list(items)[:3] for user, items in found.items()
    }


@pytest.mark.usefixtures("corpus")
def test_scores_of_pairs_are_those_of_lists(tmp_path: Path) -> None:
    task = api.task("amazon-m2/kdd-cup-2023-task1")
    model = baselines.fit("previous-items", task)
    model.begin("test")
    items = task.item_ids.to_pylist()
    users = task.user_ids.to_pylist()
    for user, expected in lists(task, tmp_path / "out.parquet").items():
        for item, value in expected.items():
            pair = np.array([users.index(user)]), np.array([items.index(item)])
            assert model.score(*pair)[0] == value


@pytest.mark.usefixtures("corpus")
def test_without_training_histories_are_trained_on(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "raw"
    shutil.copytree(FIXTURE, folder)
    (folder / "sessions_train.csv").unlink()
    build(load_card("amazon-m2"), folder, allow_partial=True, rebuild=True)
    task = api.task("amazon-m2/kdd-cup-2023-task2")
    assert len(task.rows("train").user) == 0
    assert isinstance(Histories.of(task), Histories)
    found = lists(task, tmp_path / "out.parquet")
    # ES-0 saw A and S, ES-1 saw S, so that A goes with S.
    assert list(found["task2-phase2-ES-1"])[:2] == ["B0S", "B0A"]
    assert card("popularity", task=task)["trained_on"] == TRAINED_ON
    for name in (
        "popularity",
        "last-item",
        "markov-chain",
        "session-knn",
        "item-knn",
        "ease",
        "personal-frequency",
    ):
        assert baselines.run(name, task, tmp_path / "other.parquet", k=2) == 6, name
    first = pq.read_table(tmp_path / "other.parquet").to_pylist()[0]
    assert first["item_id"] in ("B0A", "B0S")


@pytest.mark.usefixtures("corpus")
def test_tasks_with_a_training_part_stay_as_they_are() -> None:
    task = api.task("amazon-m2/kdd-cup-2023-task1")
    assert Histories.of(task) is task
    assert "histories before" in card("popularity", task=task)["trained_on"]


def test_repeats_are_refused_where_they_are_misses(home: Path) -> None:
    build(load_card("synth-small"))
    with pytest.raises(InputError, match="repeats what a user had"):
        baselines.fit("previous-items", api.task("synth-small/loo-last"))
