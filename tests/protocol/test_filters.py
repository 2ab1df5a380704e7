"""Filters: the examples of their docstrings, a plain Python definition for any rows, and faults by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operating import Operating, Spec, events, kept, letters, ordered

from recdata.errors import InputError
from recdata.protocol import filters
from recdata.protocol.operators import operators

Row = dict[str, Any]
Definition = Callable[[list[Row]], list[int]]


def where(condition: Callable[[Row], bool]) -> Definition:
    return lambda rows: [row["row"] for row in rows if condition(row)]


def counted(entity: str, low: int, high: int) -> Definition:
    def keep(rows: list[Row]) -> list[int]:
        counts = Counter(row[entity] for row in rows)
        return [row["row"] for row in rows if low <= counts[row[entity]] <= high]

    return keep


def core(users: int, items: int, rounds: int) -> Definition:
    def keep(rows: list[Row]) -> list[int]:
        for _ in range(rounds):
            by_user, by_item = (Counter(row[entity] for row in rows) for entity in ("user", "item"))
            rows = [row for row in rows if by_user[row["user"]] >= users and by_item[row["item"]] >= items]
        return [row["row"] for row in rows]

    return keep


def first_of(pick: Callable[[list[int]], int]) -> Definition:
    def keep(rows: list[Row]) -> list[int]:
        places: dict[tuple[str, str], list[int]] = {}
        for row in rows:
            places.setdefault((row["user"], row["item"]), []).append(row["row"])
        return sorted(map(pick, places.values()))

    return keep


def no_runs(rows: list[Row]) -> list[int]:
    return [
        row["row"]
        for before, row in zip([None, *rows[:-1]], rows, strict=True)
        if before is None or (before["user"], before["item"]) != (row["user"], row["item"])
    ]


DEFINITIONS: list[tuple[Spec, Definition]] = [
    ({"min-rating": {"at_least": 2.5}}, where(lambda r: r["rating"] is not None and r["rating"] >= 2.5)),
    ({"binarise": {"at_least": 4}}, where(lambda r: r["rating"] is not None)),
    (
        {"binarise": {"at_least": 4, "at_most": 2}},
        where(lambda r: r["rating"] is not None and not 2 < r["rating"] < 4),
    ),
    ({"binarise": {"column": "weight", "at_least": 2}}, where(lambda r: r["weight"] is not None)),
    (
        {"time-range": {"since": "2001-09-10T01:46:40Z", "until": "2001-09-12T01:46:40"}},
        where(lambda r: 86_400 <= r["seconds"] < 3 * 86_400),
    ),
    ({"event-types": {"keep": ["cart", "buy"]}}, where(lambda r: r["event"] != "view")),
    ({"column-values": {"column": "locale", "values": ["UK"]}}, where(lambda r: r["locale"] == "UK")),
    ({"column-values": {"column": "rating", "values": [5, 0.5]}}, where(lambda r: r["rating"] in (5, 0.5))),
    ({"k-core": {"users": 3, "items": 4}}, core(3, 4, 99)),
    ({"k-core": {"users": 3, "items": 4, "rounds": 1}}, core(3, 4, 1)),
    ({"k-core": {"users": 3, "items": 4, "rounds": 2}}, core(3, 4, 2)),
    ({"activity": {"at_least": 4, "at_most": 9}}, counted("user", 4, 9)),
    ({"popularity": {"at_least": 3}}, counted("item", 3, 99)),
    ({"repeated-pairs": {"keep": "first"}}, first_of(min)),
    ({"repeated-pairs": {"keep": "last"}}, first_of(max)),
    ({"repeated-pairs": {"keep": "sum"}}, first_of(min)),
    ({"repeated-pairs": {"keep": "all"}}, where(lambda r: True)),
    ({"consecutive-repeats": {}}, no_runs),
]


def test_every_filter_has_a_definition_here() -> None:
    assert {name for spec, _ in DEFINITIONS for name in spec} | {"subsample-users"} == set(operators(filters))


@settings(max_examples=25, deadline=None)
@given(rows=events, shuffle=st.integers(0, 9))
def test_filters_do_what_their_definitions_say(rows: list[Row], shuffle: int) -> None:
    with Operating(rows, threads=2, shuffle=shuffle) as operating:
        for spec, definition in DEFINITIONS:
            assert operating.filter(spec) == definition(operating.rows), spec


def test_binarise_writes_ones_and_zeros() -> None:
    rows = letters("u abcde", rating=[5, 1, 3, None, 4])
    with Operating(rows) as operating:
        whole = operating.filter({"binarise": {"at_least": 4}}, column="rating")
        assert whole == [(0, 1.0), (1, 0.0), (2, 0.0), (4, 1.0)]
        apart = operating.filter({"binarise": {"at_least": 4, "at_most": 2}}, column="rating")
        assert apart == [(0, 1.0), (1, 0.0), (4, 1.0)]
        both = operating.filter(
            {"binarise": {"at_least": 4}}, {"min-rating": {"at_least": 1}}, column="rating"
        )
        assert both == [(0, 1.0), (4, 1.0)]
    with Operating(letters("u abc", weight=[0.0, 1.0, None])) as operating:
        clicked = operating.filter({"binarise": {"column": "weight", "at_least": 1}}, column="rating")
        assert clicked == [(0, 0.0), (1, 1.0)]


def test_weights_are_summed_in_order() -> None:
    rows = letters("u abacb", weight=[1, 2, 5, None, 3])
    with Operating(rows) as operating:
        found = operating.filter({"repeated-pairs": {"keep": "sum"}}, column="weight")
        assert found == [(0, 6.0), (1, 5.0), (3, 1.0)]
    with Operating(rows, without=["weight"]) as operating:
        assert operating.filter({"repeated-pairs": {"keep": "sum"}}, column="weight") == [
            (0, 2.0),
            (1, 2.0),
            (3, 1.0),
        ]


@settings(max_examples=20, deadline=None)
@given(rows=events, shuffle=st.integers(0, 9))
def test_sums_of_weights_are_the_same_bits_whatever_the_order(rows: list[Row], shuffle: int) -> None:
    found = []
    for threads, order in ((1, 0), (2, shuffle)):
        with Operating(rows, threads=threads, shuffle=order) as operating:
            found.append(operating.filter({"repeated-pairs": {"keep": "sum"}}, column="weight"))
    expected: dict[tuple[str, str], float] = {}
    for row in ordered(rows):
        pair = (row["user"], row["item"])
        weight = 1.0 if row["weight"] is None else row["weight"]
        expected[pair] = expected[pair] + weight if pair in expected else weight
    assert found[0] == found[1]
    assert [weight for _, weight in found[0]] == list(expected.values())


def test_the_docstrings_examples() -> None:
    u1u2u3 = letters("u1 ab  u2 abc  u3 c")
    assert kept(u1u2u3, {"k-core": {"users": 2, "items": 2}}) == [0, 1, 2, 3]
    assert kept(u1u2u3, {"k-core": {"users": 2, "items": 2, "rounds": 1}}) == [0, 1, 2, 3, 4]
    assert kept(u1u2u3, {"activity": {"at_least": 2, "at_most": 2}}) == [0, 1]
    assert kept(letters("u1 ab  u2 abc  u3 d"), {"popularity": {"at_least": 2}}) == [0, 1, 2, 3]
    assert kept(letters("u aabaacc"), {"consecutive-repeats": {}}) == [0, 2, 3, 5]
    assert kept(letters("u abacb"), {"repeated-pairs": {"keep": "last"}}) == [2, 3, 4]


def test_items_and_their_lists() -> None:
    table = pa.table(
        {
            "item_id": ["a", "b", "c"],
            "language": ["en", "de", None],
            "genres": pa.array([["x", "y"], ["z"], None], pa.list_(pa.string())),
        }
    )
    rows = letters("u1 abc  u2 cda")

    def of_items(column: str, *values: str) -> list[int]:
        return kept(
            rows, {"column-values": {"of": "items", "column": column, "values": list(values)}}, items=table
        )

    assert of_items("language", "en") == [0, 5]
    assert of_items("language", "de", "en") == [0, 1, 5]
    assert of_items("genres", "y", "z") == [0, 1, 5]
    assert of_items("genres", "q'") == []


def test_samples_of_users_are_nested_and_by_hash() -> None:
    import hashlib

    rows = letters("  ".join(f"u{number} ab" for number in range(40)))
    sizes = []
    before: set[str] = set()
    for users in (1, 7, 25):
        places = kept(rows, {"subsample-users": {"users": users}}, seed="s")
        chosen = {ordered(rows)[place]["user"] for place in places}
        assert len(places) == 2 * users == 2 * len(chosen)
        assert before <= chosen
        before = chosen
        sizes.append(len(chosen))
    assert sizes == [1, 7, 25]

    def key(user: str) -> tuple[int, int]:
        digits = hashlib.md5(f"s\x1fsubsample-users\x1f{user}".encode()).hexdigest()
        return int(digits[:8], 16) % (2**31 - 1), int(digits[8:16], 16) % (2**31 - 1)

    assert before == set(sorted({row["user"] for row in rows}, key=key)[:25])
    assert len(kept(rows, {"subsample-users": {"percent": 33}})) == 2 * (40 * 33 // 100)
    assert kept(rows, {"subsample-users": {"users": 9}}) != kept(
        rows, {"subsample-users": {"users": 9}}, seed="t"
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"min-rating": {"at_least": "4"}}, r"protocol test: min-rating: at_least is '4'; expected a number"),
        ({"min-rating": {"at_least": True}}, r"expected a number"),
        ({"repeated-pairs": {"keep": "best"}}, r"keep is 'best'; expected first or last or sum or all"),
        ({"binarise": {"at_least": 2, "at_most": 2}}, r"at_most \(2\) is not below at_least \(2\)"),
        (
            {"binarise": {"at_least": 1, "column": "event"}},
            r"no column 'event' of numbers; there are .*rating",
        ),
        ({"time-range": {"since": "yesterday"}}, r"'yesterday' is not an ISO 8601 date or time"),
        ({"event-types": {"keep": "cart"}}, r"keep is 'cart'; expected a list \(text\)"),
        ({"event-types": {"keep": []}}, r"values is empty"),
        ({"column-values": {"column": "loc", "values": ["UK"]}}, r"no column 'loc'; they have row, .*locale"),
        ({"column-values": {"column": "locale", "values": [1]}}, r"locale is of type string, which 1 is not"),
        (
            {"column-values": {"column": "rating", "values": ["1"]}},
            r"rating is of type float64, which '1' is not",
        ),
        (
            {"column-values": {"column": "x", "values": [1], "of": "items"}},
            r"of is 'items'; the corpus has inter",
        ),
        ({"k-core": {"users": 0}}, r"at least 1"),
        ({"k-core": {"rounds": 0}}, r"at least 1"),
        ({"activity": {"at_least": 3, "at_most": 2}}, r"goes up from 0, not from 3 to 2"),
        ({"subsample-users": {}}, r"give users or percent"),
        ({"subsample-users": {"users": 1, "percent": 1}}, r"give users or percent"),
        ({"subsample-users": {"percent": 101}}, r"percent 1 to 100"),
        ({"consecutive-repeats": {"keep": "last"}}, r"it takes no arguments"),
        ({"fold": {}}, r"'fold' is not one of the filters: activity, binarise"),
    ],
)
def test_faults_are_named(spec: Spec, message: str) -> None:
    with pytest.raises(InputError, match=message):
        kept(letters("u ab"), spec)
