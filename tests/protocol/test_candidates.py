"""Sampled candidates: as many as asked, none ever met, by content alone, and as likely as the definition says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small import build_small, make_task, sets

from recdata.protocol.candidates import _draw


def rows(users: int, items: int, each: int) -> list[tuple[str, str, float, int]]:
    random = np.random.default_rng(5)
    chosen = [(u, i) for u in range(users) for i in random.choice(items, each, replace=False)]
    return [(f"u{u}", f"i{i}", 1.0 + (u + i) % 5, 1_000_000_000 + n) for n, (u, i) in enumerate(chosen)]


@pytest.mark.parametrize("kind", ["sampled-uniform", "sampled-popularity"])
def test_n_others_none_ever_met(home: Path, tmp_path: Path, kind: str) -> None:
    data = rows(60, 200, 12)
    corpus = build_small(tmp_path / "raw", data)
    # The filter drops low ratings, but an item once rated low is not one the user never met.
    task = make_task(
        corpus, tmp_path / "task", filters=[{"min-rating": {"at_least": 3}}], candidates={kind: {"n": 50}}
    )
    table = task.to_arrow("test")
    test = dict(zip(table.column("user_id").to_pylist(), table.column("item_id").to_pylist(), strict=True))
    met: dict[str, set[str]] = {}
    for user, item, _, _ in data:
        met.setdefault(user, set()).add(item)
    found = sets(task)
    assert set(found) == set(test)
    for user, chosen in found.items():
        assert test[user] in chosen
        others = chosen - {test[user]}
        assert len(others) == 50
        assert not others & met[user]


def test_a_small_pool_is_taken_whole(home: Path, tmp_path: Path) -> None:
    task = make_task(
        build_small(tmp_path / "raw", rows(20, 30, 12)),
        tmp_path / "task",
        candidates={"sampled-uniform": {"n": 100}},
    )
    assert {len(chosen) for chosen in sets(task).values()} == {1 + len(task.item_ids) - 12}


def test_block_size_changes_nothing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = build_small(tmp_path / "raw", rows(60, 200, 12))
    options = {"sampled-popularity": {"n": 40}}
    first = make_task(corpus, tmp_path / "one", candidates=options)
    monkeypatch.setattr(_draw, "DRAWS", 700)
    assert make_task(corpus, tmp_path / "two", candidates=options).fingerprint == first.fingerprint


def test_shares_are_those_of_the_definition(home: Path, tmp_path: Path) -> None:
    corpus = build_small(tmp_path / "raw", rows(800, 60, 5))
    task = make_task(corpus, tmp_path / "task", candidates={"sampled-uniform": {"n": 10}})
    pairs = task.candidates()
    assert pairs is not None
    drawn = np.bincount(pairs.item, minlength=60)
    # 800 users take 10 of about 55 items each: about 147 times each item, standard deviation 11.
    assert drawn.min() > 100
    assert drawn.max() < 210


def test_draws_are_splitmix64() -> None:
    state = np.array([1234567], dtype=np.uint64)
    # The first outputs of the reference implementation for this seed (Vigna, splitmix64.c).
    assert _draw.stream(state, 0, 3)[0].tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]
