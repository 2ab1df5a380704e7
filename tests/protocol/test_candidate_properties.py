"""Candidates by properties of any task: who may be drawn, how many, and that a draw is the user's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from handmade import make_task
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.protocol import candidates
from recdata.protocol.candidates._pool import Pool
from recdata.protocol.operators import call
from recdata.protocol.origin import Groups
from recdata.protocol.task import Pairs

ITEMS = [f"i{number}" for number in range(10)]
USERS = ["a", "b", "c"]
some = st.sets(st.sampled_from(ITEMS))
worlds = st.fixed_dictionaries(
    {
        "test": st.fixed_dictionaries({user: st.sets(st.sampled_from(ITEMS), max_size=3) for user in USERS}),
        "train": st.fixed_dictionaries(dict.fromkeys(USERS, some)),
        "born": st.lists(st.integers(0, 5), min_size=len(ITEMS), max_size=len(ITEMS)),
        "asked": st.fixed_dictionaries({user: st.integers(0, 5) for user in USERS}),
        "kinds": st.lists(st.sets(st.sampled_from("xyz"), max_size=2), min_size=len(ITEMS), max_size=len(ITEMS)),
        "listed": st.fixed_dictionaries({user: st.sets(st.sampled_from(ITEMS)) for user in USERS}),
    }
)  # fmt: skip
World = dict[str, Any]


class Origin:
    """A corpus's categories and lists, as a world has them."""

    def __init__(self, world: World, users: list[str]) -> None:
        self.world, self.users = world, users

    def categories(self, column: str, match: str, item_ids: pa.Array) -> tuple[Groups, Groups]:
        pairs = [
            (item, "xyz".index(kind))
            for item, kinds in enumerate(self.world["kinds"])
            for kind in sorted(kinds)
        ]
        item, kind = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return Groups.make(item, kind, len(ITEMS)), Groups.make(kind, item, 3)

    def listed(self, column: str, row: Any, item_ids: pa.Array) -> tuple[Any, Any]:
        owners = [user for user in self.users for _ in self.world["test"][user]]
        lists = [sorted(self.world["listed"][user]) for user in owners]
        owner = np.repeat(np.arange(len(lists)), [len(each) for each in lists])
        return owner, np.array([ITEMS.index(item) for each in lists for item in each], dtype=np.int32)


@contextmanager
def pools(world: World, users: list[str]) -> Iterator[Pool]:
    """Give the pool of a world without the users who are not among ``users``."""
    rows = {
        part: [(user, item) for user in users for item in sorted(world[part][user])]
        for part in ("train", "test")
    }
    with tempfile.TemporaryDirectory() as folder:
        task = make_task(Path(folder) / "task", **rows, users=users, items=ITEMS)
        seen = sorted((users.index(user), ITEMS.index(item)) for part in rows.values() for user, item in part)
        user, item = np.array(sorted(set(seen)), dtype=np.int32).reshape(-1, 2).T
        pool = Pool(task, lambda: Pairs(user, item), Origin(world, users))  # type: ignore[arg-type]
        pool.__dict__["first_seen"] = np.array(world["born"], dtype=np.int64)
        pool.__dict__["moments"] = np.array([world["asked"][user] for user in users], dtype=np.int64)
        yield pool


def drawn(world: World, spec: dict[str, Any], users: list[str]) -> dict[str, set[str]]:
    with pools(world, users) as pool:
        pairs = call(candidates, spec, "test", pool)
        found: dict[str, set[str]] = {}
        for user, item in zip(pairs.user.tolist(), pairs.item.tolist(), strict=True):
            found.setdefault(users[user], set()).add(ITEMS[item])
    return found


def allowed(world: World, kind: str, user: str, arguments: dict[str, Any]) -> set[str]:
    """Return what the definition lets a user be given besides what is relevant, before what was met is taken out."""
    relevant = world["test"][user]
    if kind == "sampled-popularity":
        parts = ("train", "test") if arguments.get("count") == "all" else ("train",)
        return {item for part in parts for items in world[part].values() for item in items}
    if kind == "sampled-existing":
        return {item for item, born in zip(ITEMS, world["born"], strict=True) if born <= world["asked"][user]}
    if kind == "sampled-category":
        kinds = dict(zip(ITEMS, world["kinds"], strict=True))
        liked = set().union(*(kinds[item] for item in relevant))
        return {item for item in ITEMS if kinds[item] & liked}
    return set(ITEMS)


@pytest.mark.parametrize("seen", ["mask", "keep"])
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("sampled-uniform", {}),
        ("sampled-popularity", {}),
        ("sampled-popularity", {"count": "all"}),
        ("sampled-existing", {}),
        ("sampled-category", {"column": "kinds"}),
    ],
)
@settings(max_examples=20, deadline=None)
@given(world=worlds, n=st.integers(1, 12))
def test_all_that_is_allowed_and_nothing_else(
    kind: str, arguments: dict[str, Any], seen: str, world: World, n: int
) -> None:
    spec = {kind: {**arguments, "n": n, "seen": seen}}
    found = drawn(world, spec, USERS)
    for user in USERS:
        relevant = world["test"][user]
        free = allowed(world, kind, user, arguments) - relevant
        if seen == "mask":
            free -= world["train"][user]
        others = found.get(user, set()) - relevant
        if not relevant:
            assert not others  # nobody who is not asked is given candidates
            continue
        assert relevant <= found[user]
        assert others <= free
        assert len(others) == min(n, len(free))
    assert drawn(world, spec, USERS) == found
    if kind != "sampled-popularity":  # where what others did counts
        alone = drawn(world, spec, ["b"])
        assert alone.get("b") == found.get("b")


@settings(max_examples=20, deadline=None)
@given(world=worlds)
def test_published_lists_and_what_is_relevant(world: World) -> None:
    expected = {user: items | world["listed"][user] for user, items in world["test"].items() if items}
    assert drawn(world, {"published": {"column": "listed"}}, USERS) == expected


@settings(max_examples=5, deadline=None)
@given(world=worlds)
def test_full_ranking_fixes_nothing(world: World) -> None:
    with pools(world, USERS) as pool:
        for seen in ("mask", "keep"):
            assert call(candidates, {"full": {"seen": seen}}, "test", pool) is None
