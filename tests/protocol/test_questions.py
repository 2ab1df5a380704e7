"""Questions: what each asks for and what came before it, by example and for any rows."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operating import events
from small import build_declared, make_task, parts, sets

import recdata
from recdata.errors import InputError
from recdata.protocol import questions
from recdata.protocol.document import load_protocol
from recdata.protocol.leakage import measure
from recdata.protocol.operators import operators
from recdata.protocol.task import Task
from recdata.schema.documents import check
from recdata.submission.template import expect

START = 1_000_000_000
Event = dict[str, Any]


def story(text: str, locales: str = "", cut: int = 2) -> list[Event]:
    """Return events of "u abcd  v xy": the first ``cut`` of a user named with a t train, of others they are context."""
    found = []
    for user, items in (entry.split() for entry in text.split("  ")):
        for place, item in enumerate(items):
            held = "test" if place >= cut else "context"
            found.append(
                {
                    "user": user,
                    "item": item,
                    "seconds": START + place,
                    "split": "train" if user.startswith("t") else held,
                }
            )
    for event, locale in zip(found, locales, strict=False):
        event["locale"] = None if locale == "." else locale
    return found


def made(folder: Path, rows: list[Event], spec: dict[str, Any], **changes: Any) -> Task:
    corpus = build_declared(folder / "raw", rows)
    protocol = {"split": {"predefined": {"column": "split"}}, "filters": [], "questions": spec, **changes}
    return make_task(corpus, folder / "task", **protocol)


def by_user(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = defaultdict(str)
    for user, item in pairs:
        found[user] += item
    return dict(found)


def test_each_row(home: Path, tmp_path: Path) -> None:
    task = made(tmp_path, story("s abcd  u xyz  t1 abxyz"), {"each-row": {}})
    assert "a question's id" in expect(task)["columns"]["user_id"]
    assert expect(task)["users"] == 3
    found = parts(task)
    assert by_user(found["test"]) == {"s:3": "c", "s:4": "d", "u:3": "z"}
    assert by_user(found["context"]) == {"s:3": "ab", "s:4": "abc", "u:3": "xy"}
    assert by_user(found["train"]) == {"t1": "abxyz"}
    assert task.user_ids.to_pylist() == ["s:3", "s:4", "t1", "u:3"]
    assert set(task.to_arrow("context").column("locale").to_pylist()) == {None}
    apart = made(tmp_path / "b", story("s abcd  t1 abxyz"), {"each-row": {"earlier": "drop"}})
    assert by_user(parts(apart)["context"]) == {"s:3": "ab", "s:4": "ab"}


def test_each_value(home: Path, tmp_path: Path) -> None:
    rows = story("u hiabcd  t ha", "..7798")
    task = made(tmp_path, rows, {"each-value": {"column": "locale"}})
    assert by_user(parts(task)["test"]) == {"u:7": "ab", "u:9": "c", "u:8": "d"}
    assert by_user(parts(task)["context"]) == {"u:7": "hi", "u:8": "hiabc", "u:9": "hiab"}
    assert task.to_arrow("test").column("locale").to_pylist() == ["7", "7", "8", "9"]
    apart = made(tmp_path / "b", rows, {"each-value": {"column": "locale", "earlier": "drop"}})
    assert by_user(parts(apart)["context"]) == {"u:7": "hi", "u:8": "hi", "u:9": "hi"}


def test_training_rows_of_the_user_come_before(home: Path, tmp_path: Path) -> None:
    rows = story("ta abcde  tb bcdef")
    for row in rows:
        row["split"] = "train" if row["seconds"] < START + 3 else "test"
    task = made(tmp_path, rows, {"each-row": {}})
    found = parts(task)
    assert by_user(found["train"]) == {"ta": "abc", "tb": "bcd"}
    assert by_user(found["context"]) == {"ta:4": "abc", "ta:5": "abcd", "tb:4": "bcd", "tb:5": "bcde"}
    # What the user met is the question's too: none of it is drawn.
    drawn = made(
        tmp_path / "b", rows, {"each-row": {}}, candidates={"sampled-uniform": {"n": 1, "seen": "mask"}}
    )
    assert sets(drawn)["ta:4"] == {"d", "f"}


def test_published_lists_are_of_a_question(home: Path, tmp_path: Path) -> None:
    rows = story("u habc  t ha", ".779", cut=1)
    for row, listed in zip(rows, [None, "ax", "bx", "cyz"], strict=False):
        row["listed"] = list(listed) if listed else None
    task = made(
        tmp_path,
        rows,
        {"each-value": {"column": "locale"}},
        candidates={"published": {"column": "listed"}},
        metrics=["UAUC", "nDCG@2"],
        primary="UAUC",
        cutoffs=[],
    )
    assert sets(task) == {"u:7": set("abx"), "u:9": set("cyz")}
    rows_of = [
        (user, item, float(item in "abc")) for user, items in sets(task).items() for item in sorted(items)
    ]
    import pandas as pd

    result = recdata.score(task, pd.DataFrame(rows_of, columns=["user_id", "item_id", "score"]))
    assert result["UAUC"] == 1.0
    check(result.document, "result", "test")


@pytest.mark.parametrize(
    ("spec", "rows", "message"),
    [
        ({"each-value": {"column": "session"}}, story("s abc  t x"), r"no column 'session' of texts"),
        ({"each-value": {"column": "locale"}}, story("s abc  t x"), r"1 rows that are asked for have no locale"),
        ({"each-value": {"column": "locale"}}, [*story("a abc", "..b:c"), *story("a:b xyz", "..c")], r"two have the id"),
        ({"each-row": {}}, story("s abc  t x  t:3 x  t:4 y") + story("s:3 x", cut=9), None),
        ({"each": {}}, story("s abc"), r"'each' is not one of the questions: each-row, each-value"),
    ],
)  # fmt: skip
def test_faults_are_named(
    home: Path, tmp_path: Path, spec: dict[str, Any], rows: list[Event], message: str | None
) -> None:
    if message == "two have the id":
        for row in rows:
            if row["user"] == "a" and row["split"] == "test":
                row["locale"] = "b:c"
    if message is None:
        for row in rows:
            if row["user"] == "s:3":
                row["split"] = "train"
        message = "a question's id is that of a user who is trained on"
    with pytest.raises(InputError, match=message):
        made(tmp_path, rows, spec)


def test_every_question_operator_has_a_page() -> None:
    for function in operators(questions).values():
        page = function.__doc__ or ""
        assert "Source: " in page
        assert any(line.startswith(" " * 8) for line in page.splitlines())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=events,
    spec=st.sampled_from(["each-row", "each-value"]),
    earlier=st.sampled_from(["keep", "drop"]),
    data=st.data(),
)
def test_for_any_rows(home: Path, rows: list[Event], spec: str, earlier: str, data: st.DataObject) -> None:
    for row in rows:
        row["seconds"] = START + row["seconds"]
        row["split"] = row["split"] or "context"
    rows = [*rows, {**rows[0], "split": "test", "user": "z"}]
    shuffled = data.draw(st.permutations(rows))
    arguments: dict[str, Any] = {"earlier": earlier}
    if spec == "each-value":
        arguments["column"] = "session_id"
    with tempfile.TemporaryDirectory() as scratch:
        task = made(Path(scratch) / "a", rows, {spec: arguments})
        assert made(Path(scratch) / "b", shuffled, {spec: arguments}).fingerprint == task.fingerprint
        whole = make_task(
            Path(home) / "corpora" / "small@1.0.0",
            Path(scratch) / "c",
            split={"predefined": {"column": "split"}},
            filters=[],
        )
        origin = {part: whole.rows(part) for part in whole.parts}
        user_of = {
            row: whole.user_ids[int(user)].as_py()
            for rows_ in origin.values()
            for user, row in zip(rows_.user, rows_.row.tolist(), strict=True)
        }
        asked = {part: set(origin[part].row.tolist()) for part in ("valid", "test")}
        found = {part: task.rows(part) for part in task.parts}
        # Every held-out row is asked for once, under its user's name; what trains is as it was.
        for part in ("valid", "test"):
            assert sorted(found[part].row.tolist()) == sorted(asked[part])
        assert found["train"].row.tolist() == origin["train"].row.tolist()
        everything = sorted(user_of)
        first: dict[str, int] = {}
        for part in ("valid", "test"):
            for user, row in zip(found[part].user, found[part].row.tolist(), strict=True):
                question = task.user_ids[int(user)].as_py()
                assert question.rpartition(":")[0] == user_of[row]
                first[question] = min(first.get(question, row), row)
        for question, begin in first.items():
            code = task.user_ids.to_pylist().index(question)
            before = [
                row
                for row in everything
                if user_of[row] == question.rpartition(":")[0]
                and row < begin
                and (earlier == "keep" or row not in asked["valid"] | asked["test"])
            ]
            assert found["context"].row[found["context"].user == code].tolist() == before
        assert np.all(np.diff(found["context"].user) >= 0)


def test_leakage_of_a_protocol_with_questions(home: Path, tmp_path: Path) -> None:
    found = measure(made(tmp_path, story("s abcd  u xyz  t1 abxyz"), {"each-row": {}}))
    shares = {each.name: each.share for each in found.measures}
    assert shares["cold-users"] == 0
    assert shares["cold-items"] == 2 / 3  # c and d are in no training row
    assert load_protocol("gru4rec")["version"] == 2
