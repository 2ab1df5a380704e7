"""Leakage: each measure by hand, nothing where nothing leaks, and what protocols state held against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from small import build_declared, make_task

from recdata.cli import cli
from recdata.protocol.leakage import Leakage, measure

START = 1_000_000_000


def event(user: str, item: str, part: str, seconds: int | None) -> dict[str, Any]:
    return {
        "user": user,
        "item": item,
        "split": part,
        "seconds": None if seconds is None else START + seconds,
    }


EVENTS = [
    event("ann", "x", "train", 10),
    event("ann", "y", "train", 50),
    event("ann", "z", "valid", 55),
    event("ann", "x", "test", 40),
    event("ann", "z", "test", 60),
    event("bob", "y", "train", 20),
    event("bob", "x", "test", 5),
    event("bob", "new", "test", 49),
    event("eve", "y", "test", 51),
]


def made(folder: Path, events: list[dict[str, Any]], **changes: Any) -> Leakage:
    split = {"predefined": {"column": "split"}}
    task = make_task(
        build_declared(folder / "raw", events), folder / "task", **{"split": split, "filters": [], **changes}
    )
    return measure(task)


def test_each_measure(home: Path, tmp_path: Path) -> None:
    found = made(tmp_path, EVENTS)
    shares = {each.name: (each.number, each.of) for each in found.measures}
    assert shares == {
        "test-before-training": (3, 5),  # 40, 5 and 49 come before 50
        "users-after-test": (2, 3),  # ann trains at 50 and is tested at 40; bob trains at 20, tested at 5
        "items-after-test": (1, 4),  # x is trained on at 10 and tested at 5; y trains until 50, tested at 51
        "rows-after-test": (1, 5),
        "pairs-in-training": (1, 5),
        "pairs-in-valid": (1, 5),
        "valid-pairs-in-training": (0, 1),
        "cold-users": (1, 3),
        "cold-user-rows": (1, 5),
        "cold-items": (2, 4),  # z is in validation alone, new nowhere
        "cold-item-rows": (2, 5),
        "popularity-from-test": (None, None),
    }
    # The test asks for x .4, y .2, z .2, new .2; training holds x 1/3, y 2/3.
    assert found.measures[-1].share == pytest.approx(0.4 - 1 / 3 + 0.2 + 0.2)
    assert not found.contradicted


def test_without_times_nothing_is_said_of_them(home: Path, tmp_path: Path) -> None:
    found = made(tmp_path, [{**each, "seconds": None} for each in EVENTS])
    shares = {each.name: each.share for each in found.measures}
    for name in ("test-before-training", "users-after-test", "items-after-test", "rows-after-test"):
        assert shares[name] is None
    assert shares["cold-items"] == 0.5


def test_a_cut_in_time_leaks_nothing(home: Path, tmp_path: Path) -> None:
    split = {"global-time": {"train": 60, "valid": 10, "test": 30}}
    found = made(tmp_path, EVENTS, split=split, leaks={"future": False, "why": "so"})
    shares = {each.name: each.share for each in found.measures}
    assert shares["test-before-training"] == shares["users-after-test"] == shares["rows-after-test"] == 0
    assert not found.contradicted
    assert made(tmp_path / "b", EVENTS, leaks={"future": False, "why": "so"}).contradicted


def test_context_makes_users_warm(home: Path, tmp_path: Path) -> None:
    events = [event(f"u{user}", item, "", place) for user in range(9) for place, item in enumerate("abcde")]
    found = made(tmp_path, events, split={"user-holdout": {"test": 20}})
    shares = {each.name: each.share for each in found.measures}
    assert shares["cold-users"] == shares["pairs-in-context"] == 0
    cold = made(tmp_path / "c", events, split={"user-holdout": {"test": 20, "context": 0}})
    assert {each.name: each.share for each in cold.measures}["cold-users"] == 1


def test_the_command(home: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(cli, ["leakage", "synth-small/loo-last"])
    assert shown.exit_code == 0, shown.stderr
    assert "test-before-training" in shown.stdout
    assert "can leak the future" in shown.stderr
    document = json.loads(runner.invoke(cli, ["leakage", "synth-small/global-time", "--json"]).stdout)
    assert document["contradicted"] is False
    assert {each["name"]: each["share"] for each in document["measures"]}["test-before-training"] == 0
