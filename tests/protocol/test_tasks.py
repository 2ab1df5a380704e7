"""Tasks: the context part, policies, changed values, what was seen before, and what they do to the fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from operating import events
from small import build_declared, make_task, parts

from recdata.errors import InputError, MissingError
from recdata.protocol.document import load_protocol, read_protocol
from recdata.protocol.task import Task

START = 1_000_000_000
NO_FILTERS: list[object] = []


def rows(text: str, **columns: Any) -> list[dict[str, Any]]:
    """Return events of "a xyz  b xw": users with items of one letter each, a second apart."""
    found = [
        {"user": user, "item": item, "seconds": START + place}
        for user, items in (entry.split() for entry in text.split("  "))
        for place, item in enumerate(items)
    ]
    for column, values in columns.items():
        for row, value in zip(found, values, strict=True):
            row[column] = value
    return found


def seen(task: Task, part: str) -> set[tuple[str, str]]:
    pairs = task.seen_pairs(part)
    assert (pairs.user[1:] >= pairs.user[:-1]).all()
    users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
    return {(users[user], items[item]) for user, item in zip(pairs.user, pairs.item, strict=True)}


def test_the_context_of_held_out_users(home: Path, tmp_path: Path) -> None:
    text = "  ".join(f"u{number} abcdefghij" for number in range(10))
    corpus = build_declared(tmp_path / "raw", rows(text))
    split = {"user-holdout": {"test": 20, "valid": 20, "context": 70, "order": "temporal"}}
    task = make_task(corpus, tmp_path / "task", split=split)
    assert task.parts == ("train", "valid", "test", "context")
    assert {part: entry["rows"] for part, entry in task.manifest["parts"].items()} == {
        "train": 60,
        "valid": 6,
        "test": 6,
        "context": 28,
    }
    found = parts(task)
    people = {part: {user for user, _ in pairs} for part, pairs in found.items()}
    assert people["context"] == people["valid"] | people["test"]
    assert not people["train"] & people["context"]
    assert {item for _, item in found["test"]} == set("hij")
    assert seen(task, "train") == set()
    assert seen(task, "valid") == set(found["train"] + found["context"])
    assert seen(task, "test") == set(found["train"] + found["context"] + found["valid"])
    assert task.to_arrow("context").num_rows == 28
    assert len(task.context) == 28
    assert "context 28" in repr(task)
    with pytest.raises(InputError, match=r"not before 'context'"):
        task.seen_pairs("context")

    plain = make_task(corpus, tmp_path / "plain")
    assert plain.parts == ("train", "valid", "test")
    with pytest.raises(
        InputError, match=r"this task has the parts train, valid, test; there is no 'context'"
    ):
        plain.rows("context")


def test_context_is_masked_in_baselines_and_scores(home: Path, tmp_path: Path) -> None:
    from recdata import baselines
    from recdata.scoring.score import score

    text = "  ".join(f"u{number} {items}" for number, items in enumerate(["abcdefghij", "jihgfedcba"] * 5))
    corpus = build_declared(tmp_path / "raw", rows(text))
    split = {"user-holdout": {"test": 20, "valid": 20, "context": 70}}
    task = make_task(corpus, tmp_path / "task", split=split)
    baselines.run("popularity", task, tmp_path / "p.parquet")
    result = score(task, tmp_path / "p.parquet")
    # All items but the seven of the context: the three that are left are the relevant ones.
    assert result["Recall@5"] == 1.0
    assert result["Precision@5"] == pytest.approx(0.6)
    assert result.document["counts"]["seen_items"] == 0


POLICIES = "a xyxz  b yw  c xv"


@pytest.mark.parametrize(
    ("policies", "test"),
    [
        ({}, ["x", "z", "w", "v"]),
        ({"seen": "drop"}, ["z", "w", "v"]),
        ({"cold_items": "drop"}, ["x"]),
        ({"cold_users": "drop"}, ["x", "z", "w"]),
        ({"cold_users": "drop", "seen": "drop"}, ["z", "w"]),
    ],
)
def test_policies(home: Path, tmp_path: Path, policies: dict[str, str], test: list[str]) -> None:
    split = ["train", "train", "test", "test", "train", "test", "valid", "test"]
    corpus = build_declared(tmp_path / "raw", rows(POLICIES, split=split))
    changes: dict[str, Any] = {"split": {"predefined": {"column": "split"}}, "filters": NO_FILTERS}
    task = make_task(corpus, tmp_path / "task", policies=policies, **changes)
    assert [item for _, item in parts(task)["test"]] == test
    assert len(parts(task)["valid"]) == ("cold_users" not in policies)


def test_a_row_seen_in_validation_is_seen(home: Path, tmp_path: Path) -> None:
    split = ["train", "valid", "valid", "test", "test", "test"]
    corpus = build_declared(tmp_path / "raw", rows("a wxwxwy", split=split))
    changes: dict[str, Any] = {"split": {"predefined": {"column": "split"}}, "filters": NO_FILTERS}
    task = make_task(corpus, tmp_path / "task", policies={"seen": "drop"}, **changes)
    assert parts(task) == {"train": [("a", "w")], "valid": [("a", "x")], "test": [("a", "y")]}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=events)
def test_policies_hold_for_any_rows(home: Path, rows: list[dict[str, Any]], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("policies")
    corpus = build_declared(folder, [{**row, "seconds": START + row["seconds"]} for row in rows])
    policies = {"seen": "drop", "cold_users": "drop", "cold_items": "drop"}
    split = {"ratio-overall": {"train": 40, "valid": 30, "test": 30}}
    try:
        task = make_task(corpus, folder / "task", policies=policies, split=split, filters=NO_FILTERS)
    except InputError:
        return  # Nothing is left to test.
    found = parts(task)
    users, items = ({pair[side] for pair in found["train"]} for side in (0, 1))
    for part, before in (("valid", found["train"]), ("test", found["train"] + found["valid"])):
        assert not set(found[part]) & set(before)
        assert {user for user, _ in found[part]} <= users
        assert {item for _, item in found[part]} <= items


def test_changed_ratings_are_written_and_hashed(home: Path, tmp_path: Path) -> None:
    ratings = [5, 1, None, 4, 3, 2]
    corpus = build_declared(tmp_path / "raw", rows("a uvwxyz", rating=ratings))
    changes: dict[str, Any] = {"split": {"leave-last": {"test": 2, "valid": 1}}}
    plain = make_task(corpus, tmp_path / "plain", **changes)
    task = make_task(corpus, tmp_path / "task", filters=[{"binarise": {"at_least": 3}}], **changes)
    assert task.to_arrow("test").column("rating").to_pylist() == [1.0, 0.0]
    assert task.to_arrow("train").column("rating").to_pylist() == [1.0, 0.0]
    assert plain.to_arrow("test").column("rating").to_pylist() == [3.0, 2.0]
    relevant = make_task(
        corpus,
        tmp_path / "relevant",
        filters=[{"binarise": {"at_least": 3}}],
        relevance={"min_rating": 1},
        **changes,
    )
    assert len(relevant.truth().user) == 1
    again = make_task(
        corpus, tmp_path / "again", filters=[{"binarise": {"at_least": 3}}, {"time-range": {}}], **changes
    )
    assert again.fingerprint == task.fingerprint


def test_summed_weights_are_written_and_hashed(home: Path, tmp_path: Path) -> None:
    text, split = "a xyxyzw", {"leave-last": {"test": 1, "valid": 1}}
    sums = [{"repeated-pairs": {"keep": "sum"}}]
    one = build_declared(tmp_path / "one", rows(text, weight=[1, 2, 4, None, 1, 0.5]))
    task = make_task(one, tmp_path / "task", filters=sums, split=split)
    assert task.to_arrow("train").column("weight").to_pylist() == [5.0, 3.0]
    assert task.to_arrow("test").column("weight").to_pylist() == [0.5]
    first = make_task(one, tmp_path / "first", filters=[{"repeated-pairs": {"keep": "first"}}], split=split)
    assert first.to_arrow("train").column("weight").to_pylist() == [1.0, 2.0]
    assert first.weights("train") is None
    other = build_declared(tmp_path / "two", rows(text, weight=[1, 2, 4.5, None, 1, 0.5]))
    heavier = make_task(other, tmp_path / "heavier", filters=sums, split=split)
    assert heavier.fingerprint != task.fingerprint
    assert heavier.manifest["tables"]["test"]["fingerprint"] == task.manifest["tables"]["test"]["fingerprint"]


def test_a_protocol_outside_of_the_package(home: Path, tmp_path: Path) -> None:
    text = (Path(load_protocol.__code__.co_filename).parents[2] / "protocols" / "loo-last@1.yaml").read_text()
    mine = tmp_path / "mine@3.yaml"
    mine.write_text(
        text.replace("name: loo-last", "name: mine")
        .replace("version: 1", "version: 3")
        .replace("seed: recdata", "seed: recdata\npolicies: {cold_items: drop}")
    )
    protocol = read_protocol(mine)
    assert protocol["policies"] == {"cold_items": "drop"}
    corpus = build_declared(tmp_path / "raw", rows("a xyzw  b wzyxv"))
    assert make_task(corpus, tmp_path / "task", **protocol).name == "small@1.0.0/mine@3"
    mine.write_text(mine.read_text().replace("cold_items: drop", "cold_item: drop"))
    with pytest.raises(InputError, match=r"policies: unknown key 'cold_item'; did you mean 'cold_items'"):
        read_protocol(mine)


def test_a_metric_that_is_none_is_told_before_a_task_is_made(home: Path, tmp_path: Path) -> None:
    corpus = build_declared(tmp_path / "raw", rows("a xyzw  b wzyxv"))
    for changed, words in (
        ({"metrics": ["nDGC"]}, "protocol loo-last: there is no metric 'nDGC'; did you mean"),
        ({"metrics": ["Recall"]}, "primary is nDCG@10; expected one of its metrics, Recall@5, Recall@10"),
        ({"primary": "nDCG@7"}, "primary is nDCG@7; expected one of"),
    ):
        with pytest.raises(InputError, match=words):
            make_task(corpus, tmp_path / "task", **changed)
        assert not (tmp_path / "task").exists()


def test_a_name_that_is_nearly_one_is_recognised() -> None:
    with pytest.raises(MissingError, match=r"no protocol 'lo-last'; did you mean loo-last"):
        load_protocol("lo-last")
    with pytest.raises(MissingError, match=r"no protocol 'qqq'; known are .*loo-last"):
        load_protocol("qqq")
