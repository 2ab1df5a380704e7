"""What is right row by row and wrong as a whole: ids written differently, odd lists, files for something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from handmade import RATING, make_task

from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.schema.documents import check as check_document
from recdata.scoring.score import score
from recdata.store.manifest import content_hash
from recdata.submission.examine import validate
from recdata.submission.finding import Findings, RejectedError
from recdata.submission.fit import say_other_part
from recdata.submission.near import say_near
from recdata.submission.template import expect

HEADER = "user_id,item_id,score\n"
USERS = [str(n) for n in range(10, 30)]
ITEMS = [f"i{n}" for n in range(40)]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """Each user has an item in each part: the user's place, and the next two."""
    return make_task(
        tmp_path_factory.mktemp("task"),
        train=[(user, ITEMS[n]) for n, user in enumerate(USERS)],
        valid=[(user, ITEMS[n + 1]) for n, user in enumerate(USERS)],
        test=[(user, ITEMS[n + 2]) for n, user in enumerate(USERS)],
        items=ITEMS,
    )


def check(task: Task, path: Path, rows: list[tuple[object, object, object]], part: str = "test") -> Findings:
    path.write_text(HEADER + "".join(f"{user},{item},{score}\n" for user, item, score in rows))
    return validate(task, path, part)


def lists(shift: int, length: int = 5) -> list[tuple[object, object, object]]:
    """Lists whose first item is the user's place and ``shift``; the others are nobody's before place 25."""
    return [
        (user, ITEMS[n + shift] if rank == 0 else ITEMS[30 + rank], length - rank)
        for n, user in enumerate(USERS)
        for rank in range(length)
    ]


def test_nothing_is_unusual_about_good_lists(task: Task, tmp_path: Path) -> None:
    assert not check(task, tmp_path / "p.csv", lists(2)).counts


@pytest.mark.parametrize(
    ("write", "way"),
    [
        ("{}.0", 'without ".0"'),
        (" {}", "without the spaces"),
        ("{}\u00a0", "without the spaces"),
        ("'{}'", "without quotes"),
        ("b'{}'", 'without b""'),
        ("00{}", "without zeros"),
    ],
)
def test_user_ids_written_differently(task: Task, tmp_path: Path, write: str, way: str) -> None:
    rows = [(write.format(user), item, score) for user, item, score in lists(2)]
    findings = check(task, tmp_path / "p.csv", rows)
    assert findings.counts["near-id"] == len(USERS)
    assert findings.counts["ids-written-differently"] == 1
    first = next(found for found in findings.shown() if found.code == "near-id")
    assert (first.row, first.column) == (2, "user_id")
    assert first.expected.startswith('"10", which it is ' + way)


def test_item_ids_in_another_case(task: Task, tmp_path: Path) -> None:
    rows = [(user, str(item).upper(), score) for user, item, score in lists(2)]
    findings = check(task, tmp_path / "p.csv", rows)
    assert {"near-id", "ids-written-differently", "no-known-item"} <= findings.counts.keys()


def test_a_few_near_ids_are_a_warning(task: Task, tmp_path: Path) -> None:
    rows = lists(2)
    rows[7] = (rows[7][0], "I39", 0)
    findings = check(task, tmp_path / "p.csv", rows)
    assert dict(findings.counts) == {"unknown-item": 1, "near-id": 1}
    assert [found.row for found in findings.shown()] == [9, 9]
    assert findings.total("error") == 0


def test_short_lists(task: Task, tmp_path: Path) -> None:
    findings = check(task, tmp_path / "p.csv", lists(2)[:-2])
    assert dict(findings.counts) == {"short-list": 1}
    (found,) = findings.shown()
    assert (found.row, found.column, found.value) == (97, "user_id", "29: 3 of 5")


def test_lists_are_not_short_where_there_are_no_more_items(tmp_path: Path) -> None:
    few = make_task(tmp_path / "t", train=[("u", "a")], test=[("u", "b")], items=["c"])
    assert not check(few, tmp_path / "p.csv", [("u", "b", 1), ("u", "c", 2)]).counts


def test_long_lists(task: Task, tmp_path: Path) -> None:
    rows = [*lists(2), *((USERS[0], f"x{n}", -n) for n in range(1001))]
    assert check(task, tmp_path / "p.csv", rows).counts["long-list"] == 1


def test_constant_scores_and_tied_cuts(task: Task, tmp_path: Path) -> None:
    rows = [(user, item, 1) for user, item, _ in lists(2, 6)]
    findings = check(task, tmp_path / "p.csv", rows)
    assert dict(findings.counts) == {"constant-scores": 20, "tied-cut": 20}
    assert "20 of 20 users (100.00%), at 5" in findings.text()
    # A list of one item has one score, which tells nothing.
    one = [(USERS[0], ITEMS[2], 1), *(row for row in rows if row[0] != USERS[0])]
    counts = check(task, tmp_path / "p.csv", one).counts
    assert counts == {"short-list": 1, "constant-scores": 19, "tied-cut": 19}


def test_predictions_for_the_other_part(task: Task, tmp_path: Path) -> None:
    findings = check(task, tmp_path / "p.csv", lists(1))
    assert findings.counts["other-part"] == 1
    assert "score it with --part valid" in findings.text()
    assert "other-part" not in check(task, tmp_path / "p.csv", lists(1), "valid").counts
    assert check(task, tmp_path / "p.csv", lists(2), "valid").counts["other-part"] == 1


@pytest.mark.parametrize(
    ("found", "here", "said"), [(4, 0, False), (5, 1, True), (6, 2, True), (8, 3, False)]
)
def test_the_other_part_is_named_where_it_fits_three_times_as_well(found: int, here: int, said: bool) -> None:
    findings = Findings("p.csv")
    say_other_part(findings, found, here, "test")
    assert ("other-part" in findings.counts) == said


@pytest.mark.parametrize(
    ("near", "tried", "often", "said"), [(1, 2, True, True), (1, 3, True, False), (2, 2, False, False)]
)
def test_ids_written_differently_are_most_of_them(near: int, tried: int, often: bool, said: bool) -> None:
    findings = Findings("p.csv")
    say_near(findings, "user_id", near, tried, often)
    assert ("ids-written-differently" in findings.counts) == said


def stored(task: Task, home: Path, corpus: str, name: str, fingerprint: str) -> None:
    """Put a task of another name into the store."""
    folder = home / "tasks" / corpus / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    task.folder.rename(folder)
    manifest = {**task.manifest, "name": f"{corpus}/{name}", "fingerprint": fingerprint}
    manifest["schema_version"] = "1.0.0"
    manifest["content_hash"] = content_hash(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_predictions_for_another_task(task: Task, tmp_path: Path, home: Path) -> None:
    other = make_task(
        tmp_path / "other",
        train=[(f"a{user}", "j0") for user in USERS],
        test=[(f"a{user}", "j1") for user in USERS],
        items=[f"j{n}" for n in range(9)],
    )
    stored(other, home, "others@1.0.0", "by-hand@1", "ef" * 32)
    (home / "tasks" / "broken@1.0.0" / "torn@1").mkdir(parents=True)
    (home / "tasks" / "broken@1.0.0" / "torn@1" / "manifest.json").write_text("{")
    rows = [(f"a{user}", f"j{n}", -n) for user in USERS for n in range(1, 6)]
    findings = check(task, tmp_path / "p.csv", rows)
    assert findings.counts["other-task"] == 1
    assert "others@1.0.0/by-hand@1" in findings.text()
    assert "other-task" not in check(task, tmp_path / "p.csv", lists(2)).counts


def test_predictions_for_another_split_of_the_corpus(task: Task, tmp_path: Path, home: Path) -> None:
    other = make_task(
        tmp_path / "other",
        train=[(user, ITEMS[n + 2]) for n, user in enumerate(USERS)],
        test=[(user, ITEMS[n]) for n, user in enumerate(USERS)],
        items=ITEMS,
    )
    stored(other, home, "handmade@1.0.0", "turned@1", "ef" * 32)
    findings = check(task, tmp_path / "p.csv", lists(0))
    assert findings.counts["seen-item"] == 20
    assert findings.counts["other-task"] == 1


@pytest.mark.parametrize("kind", ["ranking", "rating"])
@pytest.mark.parametrize(("of", "row"), [("users", ("nobody", "i7", 1)), ("items", ("10", "nothing", 0.5))])
def test_what_is_unknown_is_an_error_where_the_protocol_says_so(
    tmp_path: Path, kind: str, of: str, row: tuple[str, str, float]
) -> None:
    code = f"unknown-{of[:-1]}"
    test = [(user, ITEMS[n], 3.0) for n, user in enumerate(USERS)]
    rows = [*((user, item, 9) for user, item, _ in test), row]
    path = tmp_path / "p.csv"
    for policy in ({}, {of: "error"}, {"users": "count", "items": "count"}):
        more = RATING if kind == "rating" else {}
        unknown = {"unknown": policy} if policy else {}
        task = make_task(tmp_path / "task", test=test, items=ITEMS, **more, **unknown)
        findings = check(task, path, rows)
        refused = policy.get(of) == "error"
        assert findings.counts[code] == 1
        assert findings.total("error") == refused
        assert f"1 x {code} ({'error' if refused else 'warning'})" in findings.text()
        said = f"unknown {of} are an error" if kind == "rating" else f"an unknown {of[:-1]} is an error"
        assert (said in expect(task)["policies"]) == refused
        if refused:
            with pytest.raises(RejectedError, match=code):
                score(task, path)
            check(task, path, rows[:-1])
        stated = score(task, path).document["choices"]["unknown"]
        assert stated.endswith(f"; {of} that the task does not know are an error") == refused


def test_a_policy_that_is_none_is_refused() -> None:
    from recdata.protocol.document import load_protocol

    protocol = {key: value for key, value in load_protocol("loo-last").items() if key != "population"}
    check_document({**protocol, "unknown": {"users": "error", "items": "count"}}, "protocol", "p.yaml")
    for policy in ({}, {"users": "ignore"}, {"ratings": "error"}, "error"):
        with pytest.raises(InputError, match="unknown"):
            check_document({**protocol, "unknown": policy}, "protocol", "p.yaml")
