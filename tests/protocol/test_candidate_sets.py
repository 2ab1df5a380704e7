"""Candidates that are drawn from less than all items, or not drawn at all: the moment's, the category's, the publisher's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import build_declared, make_task, sets

from recdata.errors import InputError
from recdata.protocol.task import Task

START = 1_000_000_000
Event = dict[str, Any]


def world(users: int = 30, items: int = 60, each: int = 8) -> list[Event]:
    """Return users' events; item k is there from second 10 k on."""
    random = np.random.default_rng(11)
    events = []
    for user in range(users):
        for place, item in enumerate(sorted(random.choice(items, each, replace=False).tolist())):
            seconds = START + 10 * item + int(random.integers(0, 10 * items))
            events.append(
                {"user": f"u{user}", "item": f"i{item}", "seconds": seconds, "rating": float(place)}
            )
    return events


def items_table(items: int = 60) -> list[Event]:
    """Return the items' categories: kind by threes, genres from the general to the special; every tenth has none."""
    return [
        {
            "item": f"i{k}",
            "kind": None if k % 10 == 9 else f"k{k % 3}",
            "genres": [] if k % 10 == 9 else ["all", f"g{k % 6}"],
        }
        for k in range(items)
    ]


def met(events: list[Event]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for event in events:
        found.setdefault(event["user"], set()).add(event["item"])
    return found


def answers_of(task: Task) -> dict[str, tuple[str, int]]:
    table = task.to_arrow("test")
    seconds = [int(stamp.timestamp()) for stamp in table.column("timestamp").to_pylist()]
    rows = zip(table.column("user_id").to_pylist(), table.column("item_id").to_pylist(), seconds, strict=True)
    return {user: (item, when) for user, item, when in rows}


def test_what_existed_at_the_moment(home: Path, tmp_path: Path) -> None:
    events = world()
    task = make_task(
        build_declared(tmp_path / "raw", events), tmp_path / "task", candidates={"sampled-existing": {"n": 5}}
    )
    first = {event["item"]: 10**12 for event in events}
    for event in events:
        first[event["item"]] = min(first[event["item"]], event["seconds"])
    answers, known = answers_of(task), met(events)
    sizes = set()
    for user, chosen in sets(task).items():
        item, when = answers[user]
        others = chosen - {item}
        assert item in chosen
        assert not others & known[user]
        assert all(first[other] <= when for other in others)
        existing = {other for other, since in first.items() if since <= when} - known[user]
        assert len(others) == min(5, len(existing))
        sizes.add(len(others))
    assert 5 in sizes


def test_seen_items_may_be_drawn(home: Path, tmp_path: Path) -> None:
    events = world(each=20)
    corpus = build_declared(tmp_path / "raw", events)
    for kind in ("sampled-uniform", "sampled-popularity", "sampled-existing"):
        found, known = {}, met(events)
        for seen in ("mask", "keep"):
            task = make_task(corpus, tmp_path / f"{kind}-{seen}", candidates={kind: {"n": 30, "seen": seen}})
            answers = answers_of(task)
            found[seen] = {user: chosen - {answers[user][0]} for user, chosen in sets(task).items()}
        assert not any(chosen & known[user] for user, chosen in found["mask"].items())
        assert any(chosen & known[user] for user, chosen in found["keep"].items())
        if kind != "sampled-existing":
            assert {len(chosen) for chosen in found["keep"].values()} == {30}


def test_popularity_may_count_the_answers(home: Path, tmp_path: Path) -> None:
    events = world()
    last = {"user": "u0", "item": "new", "seconds": START + 10**6, "rating": 1.0}
    corpus = build_declared(tmp_path / "raw", [*events, last])
    drawn = {}
    for count in ("train", "all"):
        candidates = {"sampled-popularity": {"n": 55, "count": count}}
        task = make_task(corpus, tmp_path / count, candidates=candidates)
        drawn[count] = {user for user, chosen in sets(task).items() if "new" in chosen}
    assert drawn["train"] == {"u0"}
    assert len(drawn["all"]) > 10


@pytest.mark.parametrize(
    ("arguments", "shares"),
    [
        ({"column": "kind"}, lambda one, other: one["kind"] is not None and one["kind"] == other["kind"]),
        ({"column": "genres"}, lambda one, other: bool(set(one["genres"]) & set(other["genres"]))),
        (
            {"column": "genres", "match": "last"},
            lambda one, other: bool(one["genres"]) and one["genres"][-1:] == other["genres"][-1:],
        ),
    ],
)
def test_the_items_category(home: Path, tmp_path: Path, arguments: dict[str, str], shares: Any) -> None:
    events, table = world(), {item["item"]: item for item in items_table()}
    corpus = build_declared(tmp_path / "raw", events, table.values())
    split = {"leave-last": {"test": 2, "valid": 0}}
    candidates = {"sampled-category": {"n": 9, **arguments}}
    task = make_task(corpus, tmp_path / "task", split=split, candidates=candidates)
    pairs, known = task.pairs("test"), met(events)
    users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
    answers: dict[str, set[str]] = {}
    for user, item in zip(pairs.user, pairs.item, strict=True):
        answers.setdefault(users[user], set()).add(items[item])
    full = 0
    for user, chosen in sets(task).items():
        others = chosen - answers[user]
        alike = {
            item for item in items if any(shares(table[item], table[answer]) for answer in answers[user])
        }
        assert answers[user] <= chosen
        assert others <= alike - known[user]
        assert len(others) == min(9, len(alike - known[user]))
        full += len(others) == 9
    assert full


def test_published_lists(home: Path, tmp_path: Path) -> None:
    events = [
        {"user": user, "item": item, "seconds": START + place, "split": "test" if place == 3 else "train"}
        for user in ("a", "b")
        for place, item in enumerate("wxyz")
    ]
    for event, listed in zip((events[3], events[7]), (["y", "q", "é"], []), strict=True):
        event["listed"] = listed
    corpus = build_declared(tmp_path / "raw", events)
    options: dict[str, Any] = {"split": {"predefined": {"column": "split"}}, "filters": []}
    task = make_task(corpus, tmp_path / "task", candidates={"published": {"column": "listed"}}, **options)
    assert sets(task) == {"a": {"z", "y", "q", "é"}, "b": {"z"}}
    assert task.item_ids.to_pylist() == ["q", "w", "x", "y", "z", "é"]
    assert task.to_arrow("train").column("item_id").to_pylist() == ["w", "x", "y"] * 2

    with pytest.raises(InputError, match=r"no column 'lists' of lists of ids; they have listed"):
        make_task(corpus, tmp_path / "no", candidates={"published": {"column": "lists"}}, **options)
    del events[7]["listed"]
    corpus = build_declared(tmp_path / "raw", events)
    with pytest.raises(InputError, match=r"1 rows asked for have no listed"):
        make_task(corpus, tmp_path / "no", candidates={"published": {"column": "listed"}}, **options)


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ({"sampled-uniform": {"n": 0}}, r"n is at least 1"),
        ({"sampled-uniform": {"n": 5, "seen": "drop"}}, r"seen is 'drop'; expected mask or keep"),
        (
            {"sampled-category": {"n": 5, "column": "genre"}},
            r"items have no column 'genre' of texts; they have",
        ),
        ({"sampled-existing": {"n": 5}}, r"rows of the test part have no timestamp"),
        ({"sampled": {"n": 5}}, r"'sampled' is not one of the candidates: full, published, sampled-category"),
    ],
)
def test_faults_are_named(
    home: Path, tmp_path: Path, candidates: dict[str, dict[str, object]], message: str
) -> None:
    events = [{"user": "u", "item": f"i{k}"} for k in range(9)]
    corpus = build_declared(tmp_path / "raw", events, items_table())
    with pytest.raises(InputError, match=message):
        make_task(corpus, tmp_path / "task", candidates=candidates)
    assert not (tmp_path / "task").exists()


@pytest.mark.parametrize(
    "candidates",
    [
        {"sampled-existing": {"n": 9}},
        {"sampled-category": {"n": 9, "column": "genres"}},
        {"sampled-uniform": {"n": 9, "seen": "keep"}},
        {"sampled-popularity": {"n": 9, "count": "all"}},
    ],
)
def test_row_order_threads_and_blocks_change_nothing(
    home: Path, tmp_path: Path, candidates: dict[str, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from recdata.protocol.candidates import _draw, sampled

    events, items = world(), items_table()
    one = make_task(build_declared(tmp_path / "raw", events, items), tmp_path / "one", candidates=candidates)
    monkeypatch.setattr(_draw, "DRAWS", 60)
    monkeypatch.setattr(sampled, "CELLS", 300)
    events.sort(key=lambda event: (event["item"], event["seconds"]))
    corpus = build_declared(tmp_path / "again", events, items[::-1], threads=2)
    other = make_task(corpus, tmp_path / "two", threads=2, candidates=candidates)
    assert one.fingerprint == other.fingerprint
