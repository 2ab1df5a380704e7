"""Splits: the diagrams of their docstrings, properties that hold for any rows, and faults by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from operating import DAY, Operating, Spec, diagram, events, letters

from recdata.errors import InputError
from recdata.protocol import splits
from recdata.protocol.operators import operators

Row = dict[str, Any]
TRAIN, VALID, TEST, CONTEXT = 1, 2, 3, 4


def days(text: str, *at: float) -> list[Row]:
    """Return rows as ``letters`` does, with the days they are done on."""
    return [{**row, "seconds": int(day * DAY)} for row, day in zip(letters(text), at, strict=True)]


DIAGRAMS: list[tuple[list[Row], Spec, str]] = [
    (letters("u abcdef"), {"leave-last": {}}, "111123"),
    (letters("u1 ab  u2 abc"), {"leave-last": {"test": 2, "valid": 0}}, "11 133"),
    (
        letters("u abcdefghij"),
        {"ratio-per-user": {"order": "temporal", "train": 80, "valid": 10, "test": 10}},
        "1111111123",
    ),
    (days("u1 abcd  u2 efgh", 1, 2, 5, 7, 3, 4, 6, 8), {"global-time": {"train": 50, "valid": 25, "test": 25}}, "1123 1123"),
    (
        days("u1 abcd  u2 efgh", 1, 2, 5, 7, 3, 4, 6, 8),
        {"ratio-overall": {"order": "temporal", "train": 62, "valid": 13, "test": 25}},
        "1113 1123",
    ),
    (letters("u abcd", split=["train", "train", None, "test"]), {"predefined": {"column": "split"}}, "11.3"),
    (letters("u abcd", split=["train", "context", None, "test"]), {"predefined": {"column": "split"}}, "14.3"),
    (letters("u aaabbccc", session_id=list("AAABBCCC")), {"last-session": {"column": "session_id"}}, "11122333"),
    (days("u abcdefgh", 0, 0.01, 0.02, 1, 1.01, 2, 2.01, 2.02), {"last-session": {"pause_minutes": 30}}, "11122333"),
    (
        letters("u abcdefgh", session_id=list("AAABBBBC")),
        {"last-of-session": {"test": 1, "valid": 1}},
        "12311231",
    ),
    (days("u abacdae", 1, 1.1, 2, 2.1, 2.9, 5, 5.5), {"next-basket": {"same": "day"}}, "1122233"),
    (days("u abacdae", 1, 1, 2, 2, 2, 5, 5), {"next-basket": {}}, "1122233"),
    (
        letters("u abacdae", session_id=list("1122255")),
        {"next-basket": {"column": "session_id", "valid": 0}},
        "1111133",
    ),
    *(
        (
            days("u abcdefghi", *range(1, 10)),
            {"sliding-windows": {"test_days": 2, "windows": 3, **arguments}},
            expected,
        )
        for arguments, expected in (
            ({"window": 1}, "1133....."),
            ({"window": 2}, "111133..."),
            ({"window": 3}, "111111333"),
            ({"window": 3, "train_days": 4}, "..1111333"),
            ({"window": 2, "valid_days": 1}, "111233..."),
        )
    ),
    *(
        (days("u abcdefg", 1, 2, 32, 33, 63, 64, 95), {"next-period": {"period": "month", **arguments}}, expected)
        for arguments, expected in (
            ({}, "1111113"),
            ({"skip": 1}, "111133."),
            ({"skip": 1, "valid": True}, "112233."),
        )
    ),
    *(
        (
            days("u abcdefgh", *range(8)),
            {"global-moments": {"moments": ["2001-09-11T01:46:40", "2001-09-13T01:46:40Z", "2001-09-15T01:46:40"], **more}},
            expected,
        )
        for more, expected in (
            ({}, "1133...."),
            ({"fold": 2}, "111133.."),
            ({"fold": 3}, "11111133"),
            ({"valid": True}, "112233.."),
            ({"valid": True, "fold": 2}, "11112233"),
        )
    ),
    (
        days("s1 ab  s2 cde  s3 f", 1, 2, 2, 3, 4, 3),
        {"newest-users": {"test_days": 1}},
        "11 443 .",
    ),
    (
        days("s1 ab  s2 cde  s3 f", 1, 2, 2, 3, 4, 3),
        {"newest-users": {"test_days": 1, "given": 1}},
        "11 433 .",
    ),
    (
        days("s0 ab  s1 ab  s2 cde  s3 aac", 0, 1, 1, 2, 2, 3, 4, 1, 2, 2.5),
        {"newest-users": {"test_days": 1, "valid_days": 1, "unknown_items": "drop"}},
        "11 42 ... 42.",
    ),
]  # fmt: skip


def test_every_split_is_tested_here() -> None:
    drawn = {name for _, spec, _ in DIAGRAMS for name in spec}
    by_hash = {"leave-random", "user-holdout", "k-fold-users", "k-fold-rows"}
    assert drawn | by_hash == set(operators(splits))


@pytest.mark.parametrize(("rows", "spec", "expected"), DIAGRAMS)
def test_diagrams(rows: list[Row], spec: Spec, expected: str) -> None:
    assert diagram(rows, spec) == expected


SPECS: list[Spec] = [
    {"leave-random": {"test": 2, "valid": 1}},
    {"leave-random": {"test": 1}},
    {"ratio-per-user": {"order": "random", "train": 50, "valid": 20, "test": 30}},
    {"ratio-overall": {"train": 60, "valid": 20, "test": 20}},
    {"ratio-overall": {"order": "temporal", "train": 60, "valid": 20, "test": 20}},
    {"k-fold-rows": {"folds": 3, "fold": 2, "valid": True}},
    {"user-holdout": {"test": 1, "valid": 1, "unit": "users", "context": 60}},
    {"user-holdout": {"test": 40, "valid": 20, "context": 50, "order": "temporal", "unknown_items": "drop"}},
    {"k-fold-users": {"folds": 3, "fold": 1, "valid": True, "unknown_items": "drop"}},
    {"newest-users": {"test_days": 1, "valid_days": 1, "last": 2}},
    *(spec for _, spec, _ in DIAGRAMS),
]


@settings(max_examples=8, deadline=None)
@given(rows=events, shuffle=st.integers(1, 9))
def test_row_order_and_threads_change_nothing(rows: list[Row], shuffle: int) -> None:
    with Operating(rows) as one, Operating(rows, threads=2, shuffle=shuffle) as other:
        for spec in SPECS:
            assert one.split(spec) == other.split(spec), spec


def users_of(operating: Operating, part: dict[int, int], *numbers: int) -> set[str]:
    return {row["user"] for row in operating.rows if part[row["row"]] in numbers}


@settings(max_examples=10, deadline=None)
@given(rows=events)
def test_numbers_and_shares_are_met(rows: list[Row]) -> None:
    with Operating(rows) as operating:
        sizes = Counter(row["user"] for row in operating.rows)

        def held(spec: Spec) -> tuple[dict[str, Counter[int]], Counter[int]]:
            part = operating.split(spec)
            by_user: dict[str, Counter[int]] = defaultdict(Counter)
            for row in operating.rows:
                by_user[row["user"]][part[row["row"]]] += 1
            return by_user, Counter(part.values())

        by_user, _ = held({"leave-random": {"test": 2, "valid": 1}})
        for user, size in sizes.items():
            assert (by_user[user][TEST], by_user[user][VALID]) == ((2, 1) if size > 3 else (0, 0))
        by_user, _ = held({"ratio-per-user": {"order": "random", "train": 50, "valid": 20, "test": 30}})
        for user, size in sizes.items():
            assert (by_user[user][TEST], by_user[user][VALID]) == (size * 30 // 100, size * 20 // 100)
        for order in ("random", "temporal"):
            shares = {"order": order, "train": 60, "valid": 20, "test": 20}
            _, whole = held({"ratio-overall": shares})
            assert (whole[TEST], whole[VALID]) == (len(rows) * 20 // 100, len(rows) * 20 // 100)


@settings(max_examples=15, deadline=None)
@given(rows=events)
def test_folds_are_disjoint_and_make_the_whole(rows: list[Row]) -> None:
    with Operating(rows) as operating:
        tested: Counter[int] = Counter()
        for fold in (1, 2, 3):
            part = operating.split({"k-fold-rows": {"folds": 3, "fold": fold, "valid": True}})
            tested.update(row for row, number in part.items() if number == TEST)
            following = operating.split({"k-fold-rows": {"folds": 3, "fold": fold % 3 + 1}})
            assert {r for r, n in part.items() if n == VALID} == {
                r for r, n in following.items() if n == TEST
            }
        assert tested == Counter(range(len(rows)))
        users: Counter[str] = Counter()
        for fold in (1, 2):
            part = operating.split({"k-fold-users": {"folds": 2, "fold": fold, "context": 0}})
            users.update(users_of(operating, part, TEST))
        assert users == Counter({row["user"] for row in rows})


@settings(max_examples=15, deadline=None)
@given(rows=events, context=st.integers(0, 99), order=st.sampled_from(["random", "temporal"]))
def test_held_out_users_are_never_trained_on(rows: list[Row], context: int, order: str) -> None:
    total = len({row["user"] for row in rows})
    assume(total >= 3)
    spec = {"test": 1, "valid": 1, "unit": "users", "context": context, "order": order}
    with Operating(rows) as operating:
        sizes = Counter(row["user"] for row in operating.rows)
        part = operating.split({"user-holdout": spec})
        training = users_of(operating, part, TRAIN)
        assert len(training) == total - 2
        assert not training & users_of(operating, part, VALID, TEST, CONTEXT)
        assert not users_of(operating, part, VALID) & users_of(operating, part, TEST)
        for user in set(sizes) - training:
            numbers = [part[row["row"]] for row in operating.rows if row["user"] == user]
            asked = [place for place, number in enumerate(numbers) if number != CONTEXT]
            assert len(asked) == sizes[user] * (100 - context) // 100
            if order == "temporal":
                assert asked == list(range(len(numbers) - len(asked), len(numbers)))
        known = {row["item"] for row in operating.rows if part[row["row"]] == TRAIN}
        strict = operating.split({"user-holdout": {**spec, "unknown_items": "drop"}})
        for row in operating.rows:
            assert (strict[row["row"]] == 0) == (row["item"] not in known)


@settings(max_examples=15, deadline=None)
@given(rows=events, data=st.data())
def test_cuts_by_time_never_look_ahead(rows: list[Row], data: st.DataObject) -> None:
    specs: list[Spec] = [
        {"global-time": {"train": 50, "valid": 20, "test": 30}},
        {"ratio-overall": {"order": "temporal", "train": 50, "valid": 20, "test": 30}},
        {"sliding-windows": {"test_days": 1, "valid_days": 1, "windows": 3, "window": data.draw(st.integers(1, 3))}},
        {"next-period": {"period": data.draw(st.sampled_from(["day", "week", "month", "year"])), "valid": True}},
        {"global-moments": {"moments": ["2001-09-10", "2001-09-11", "2001-09-12"], "fold": data.draw(st.integers(1, 3))}},
    ]  # fmt: skip
    with Operating(rows, threads=2) as operating:
        for spec in specs:
            part = operating.split(spec)
            times: dict[int, list[int]] = defaultdict(list)
            for row in operating.rows:
                times[part[row["row"]]].append(row["seconds"])
            strict = "ratio-overall" not in spec
            for early, late in ((TRAIN, VALID), (TRAIN, TEST), (VALID, TEST)):
                if times[early] and times[late]:
                    newest, oldest = max(times[early]), min(times[late])
                    assert newest < oldest or (not strict and newest == oldest), spec


def test_a_torn_moment_goes_by_md5() -> None:
    import hashlib

    rows = [{"user": user, "item": item, "seconds": 0} for user in "ab" for item in "uvwxyz"]
    rows += [{"user": "a", "item": "n", "seconds": 5}, {"user": "b", "item": "o", "seconds": -5}]
    with Operating(rows) as operating:
        part = operating.split({"ratio-overall": {"order": "temporal", "train": 50, "valid": 14, "test": 36}})
        found = {(r["user"], r["item"]): part[r["row"]] for r in operating.rows}

    def key(pair: tuple[str, str]) -> int:
        return int(hashlib.md5("\x1f".join(pair).encode()).hexdigest()[:8], 16) % (2**31 - 1)

    torn = sorted((pair for pair in found if pair[1] not in "no"), key=key, reverse=True)
    assert found[("a", "n")] == TEST
    assert found[("b", "o")] == TRAIN
    assert [found[pair] for pair in torn] == [TEST] * 4 + [VALID] + [TRAIN] * 7


def test_the_seed_decides() -> None:
    rows = letters("  ".join(f"u{number} abcdefgh" for number in range(12)))
    for spec in SPECS[:2] + SPECS[5:8]:
        with Operating(rows, seed="one") as one, Operating(rows, seed="two") as two:
            assert one.split(spec) != two.split(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"leave-last": {"test": 0}}, r"test is at least 1"),
        ({"leave-random": {"valid": -1}}, r"valid at least 0"),
        ({"ratio-per-user": {"order": "best", "train": 80, "valid": 10, "test": 10}}, r"expected temporal or random"),
        ({"ratio-overall": {"train": 80, "valid": 10, "test": 11}}, r"add up to 100"),
        ({"ratio-overall": {"train": 80.5, "valid": 9.5, "test": 10}}, r"train is 80.5; expected a whole number"),
        ({"predefined": {"column": "parts"}}, r"no column 'parts'; there are row, "),
        ({"k-fold-rows": {"folds": 3, "fold": 4}}, r"fold is one of 1 to folds"),
        ({"k-fold-users": {"folds": 2, "fold": 1, "valid": True}}, r"at least 3 folds"),
        ({"user-holdout": {"test": 60, "valid": 40}}, r"training users are left"),
        ({"user-holdout": {"test": 10, "context": 100}}, r"context is a percent of 0 to 99"),
        ({"newest-users": {"test_days": 0}}, r"test_days, last and given are at least 1"),
        ({"global-moments": {"moments": ["2002-01-01", "2001-01-01"]}}, r"the moments do not rise"),
        ({"global-moments": {"moments": ["2002-01-01"], "fold": 2}}, r"1 moments make 1 folds; there is no fold 2"),
        ({"global-moments": {"moments": ["2002-01-01"], "valid": True}}, r"make 0 folds"),
        ({"sliding-windows": {"test_days": 0}}, r"at least 1"),
        ({"sliding-windows": {"test_days": 1, "windows": 1, "window": 2}}, r"not 2 of 1"),
        ({"next-period": {"period": "decade"}}, r"expected day or week or month or year"),
        ({"next-period": {"period": "day", "skip": -1}}, r"skip is at least 0"),
        ({"last-session": {}}, r"give column or pause_minutes"),
        ({"last-session": {"pause_minutes": 0}}, r"pause_minutes is at least 1"),
        ({"last-session": {"column": "locale"}}, r"3 rows have no locale; filter them out first"),
        ({"last-of-session": {"column": "visit"}}, r"no column 'visit'"),
    ],
)  # fmt: skip
def test_faults_are_named(spec: Spec, message: str) -> None:
    with pytest.raises(InputError, match=message):
        diagram(letters("u abc"), spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"global-time": {"train": 80, "valid": 10, "test": 10}},
        {"ratio-overall": {"order": "temporal", "train": 80, "valid": 10, "test": 10}},
        {"sliding-windows": {"test_days": 1}},
        {"next-period": {"period": "day"}},
        {"next-basket": {}},
        {"newest-users": {"test_days": 1}},
        {"last-session": {"pause_minutes": 5}},
    ],
)
def test_times_that_are_needed_are_asked_for(spec: Spec) -> None:
    rows = [*letters("u abcdef"), {"user": "v", "item": "a"}]
    with pytest.raises(InputError, match=r"1 rows have no timestamp"):
        diagram(rows, spec)
