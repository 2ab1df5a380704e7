"""Tasks over examples: built from a corpus and a setting, streamed, fingerprinted, verified."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answering import choices_task, lamp_task, question, write_part
from click.testing import CliRunner

import recdata
from recdata.cli import cli
from recdata.corpora.build import build
from recdata.errors import InputError, MismatchError
from recdata.protocol import answer_build
from recdata.protocol.answers import AnswerTask, of_interactions
from recdata.protocol.diff import diff_tasks
from recdata.protocol.resolve import resolve
from recdata.protocol.verify import verify
from recdata.sources.cards import load_card
from recdata.store.manifest import NAME, content_hash

STARS = ["1", "5", "3", "2"]


def test_what_a_task_holds(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, STARS, "full")
    assert (task.rows("train"), task.rows("valid"), task.rows("test")) == (1, 4, 2)
    assert (task.hidden("valid"), task.hidden("test")) == (0, 2)
    assert task.compared_part == "valid"
    assert (task.metrics, task.primary) == (["MAE", "RMSE"], "MAE")
    assert (task.answers.low, task.answers.high, task.answers.unparsable) == (1, 5, "farthest")
    row = task.to_arrow("valid").to_pylist()[1]
    assert (row["example_id"], row["input"], row["target"], row["task"]) == (
        "q1",
        "question q1",
        "5",
        "LaMP_3",
    )
    assert "part" not in row
    assert row["picked"] == [0, 1, 2]
    assert [each["text"] for each in row["profile"]] == ["text 0", "text 1", "text 2"]
    assert [batch.num_rows for batch in task.examples("valid", ["input"], 3)] == [3, 1]
    assert task.valid[1]["target"] == "5"
    assert "train 1, valid 4, test 2" in repr(task)
    with pytest.raises(InputError, match="there is no 'context'"):
        task.rows("context")


def test_a_setting_takes_entries_in_its_order(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, STARS, "recent-4", entries=6)
    (row,) = task.to_arrow("train").to_pylist()
    assert row["picked"] == [5, 4, 3, 2]
    assert [each["id"] for each in row["profile"]] == ["q0-5", "q0-4", "q0-3", "q0-2"]


def test_the_retriever_is_stated(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("rank_bm25")
    assert "rank-bm25 " in lamp_task(tmp_path / "raw", 3, STARS, "bm25-4").manifest["retriever"]
    assert "retriever" not in lamp_task(tmp_path / "raw", 3, STARS, "recent-4").manifest


def test_fingerprints(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw"
    first = {
        setting: lamp_task(raw, 3, STARS, setting, entries=9).fingerprint
        for setting in ("none", "full", "recent-4", "random-4")
    }
    assert len(set(first.values())) == 4
    # The same whatever the order of the raw file and the size of what is held at a time.
    for part in ("train", "dev", "test"):
        path = raw / f"{part}_questions.json"
        path.write_text(json.dumps(json.loads(path.read_text())[::-1]))
    build(load_card("lamp-3"), raw, allow_partial=True, rebuild=True)
    monkeypatch.setattr(answer_build, "_BATCH_BYTES", 1)
    monkeypatch.setattr(answer_build, "_GROUP_BYTES", 1)
    for setting, fingerprint in first.items():
        assert recdata.task(f"lamp-3/profile-{setting}", rebuild=True).fingerprint == fingerprint


def test_it_is_made_once_and_again_where_the_corpus_changed(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, STARS)
    made = task.manifest["created"], (task.folder / "valid.parquet").stat().st_mtime_ns
    again = recdata.task("lamp-3/profile-none")
    assert (again.manifest["created"], (again.folder / "valid.parquet").stat().st_mtime_ns) == made
    write_part(tmp_path / "raw", 3, "dev", [question(3, "q0")], ["4"])
    build(load_card("lamp-3"), tmp_path / "raw", allow_partial=True, rebuild=True)
    other = recdata.task("lamp-3/profile-none")
    assert other.fingerprint != task.fingerprint
    assert isinstance(other, AnswerTask)
    assert other.rows("valid") == 1


def test_verify_and_resolve(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, STARS)
    assert all(check.ok for check in verify(task.name))
    found = resolve(task.citation, recdata.load, recdata.task)
    assert (found.fingerprint, found.files["valid.parquet"]) == (task.fingerprint, 4)
    with pytest.raises(MismatchError, match="the bytes differ"):
        recdata.task(f"{task.name}#000000")
    manifest = json.loads((task.folder / NAME).read_text())
    manifest["fingerprint"], manifest["buckets"][0] = "0" * 64, "1" * 64
    manifest["content_hash"] = content_hash(manifest)
    (task.folder / NAME).write_text(json.dumps(manifest))
    (wrong,) = [check for check in verify(task.name) if not check.ok]
    assert (wrong.what, wrong.detail) == ("task, computed again", "bucket 0 of 256")


def test_what_does_not_fit(home: Path, tmp_path: Path) -> None:
    build(load_card("synth-small"))
    with pytest.raises(InputError, match="asks for examples; synth-small has"):
        recdata.task("synth-small/profile-none")
    task = lamp_task(tmp_path / "raw", 3, STARS)
    with pytest.raises(InputError, match="splits interactions; lamp-3 has examples"):
        recdata.task("lamp-3/loo-last")
    with pytest.raises(InputError, match="is a task over examples; this is for tasks over interactions"):
        of_interactions(task, "this")
    folder = home / "corpora" / "lamp-3@1.0.0"
    manifest = json.loads((folder / NAME).read_text())
    del manifest["answers"]
    manifest["content_hash"] = content_hash(manifest)
    (folder / NAME).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="recdata build lamp-3 --rebuild"):
        recdata.task("lamp-3/profile-none", rebuild=True)


def test_a_card_of_ones_own(home: Path, tmp_path: Path) -> None:
    rows = [{"id": "1", "right": "(b)"}, {"id": "2", "right": "c", "kind": "hard"}]
    task = choices_task(tmp_path / "raw", rows)
    assert (task.answers.type, task.answers.groups, task.answers.parse) == ("choice", ("kind",), "only")
    assert task.to_arrow("test").column("options").to_pylist() == [["one", "two", "three"]] * 2
    assert (task.compared_part, task.rows("train")) == ("test", 0)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ("{type: label}", "'labels' is missing"),
        ("{type: number, low: 1}", "'high' is missing"),
        ("{type: stars}", '"stars" is not one of'),
        ("{type: text, parse: first}", '"parse" is not one of "type", "groups"'),
        ("{type: choice, groups: [colour]}", "'colour' is not a column that the card declares"),
    ],
)
def test_cards_that_say_it_wrong(tmp_path: Path, answers: str, words: str) -> None:
    from answering import CARD

    from recdata.sources.cards import read_card

    before, _, after = CARD.partition("answers:\n  type: choice\n  groups: [kind]\n")
    (tmp_path / "card.yaml").write_text(f"{before}answers: {answers}\n{after}")
    with pytest.raises(InputError, match=words):
        read_card(tmp_path / "card.yaml")


def test_protocols_over_examples_have_no_splits(tmp_path: Path) -> None:
    from recdata.protocol.document import protocol_files, read_protocol

    text = protocol_files()["profile-none"][1].read_text(encoding="utf-8")
    path = tmp_path / "profile-none@1.yaml"
    path.write_text(text + "split:\n  leave-last: {test: 1, valid: 0}\n")
    with pytest.raises(InputError, match='"split" is not one of "name"'):
        read_protocol(path)
    path.write_text(text.replace("task: answers", "task: ranking"))
    with pytest.raises(InputError, match="'split', 'candidates' is missing"):
        read_protocol(path)


def test_what_changed_between_two_tasks(home: Path, tmp_path: Path) -> None:
    before = lamp_task(tmp_path / "raw", 3, STARS, "none", entries=6)
    after = recdata.task("lamp-3/profile-recent-4")
    assert isinstance(after, AnswerTask)
    found = diff_tasks(before, after)
    assert not found["same"]
    assert {part: entry["changed"] for part, entry in found["parts"].items()} == {
        "train": 1,
        "valid": 4,
        "test": 2,
    }
    assert found["parts"]["train"]["added_examples"][0][:4] == ["q0", "question q0", "1", [5, 4, 3, 2]]
    assert diff_tasks(before, before)["parts"] == {}
    shown = CliRunner().invoke(cli, ["diff", before.name, str(after.folder)])
    assert "valid, rows" in shown.stdout
    ranked = recdata.task("synth-small/loo-last")
    with pytest.raises(InputError, match="a task over examples and the other a task over interactions"):
        diff_tasks(before, ranked)
