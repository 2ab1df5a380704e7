"""Answers with something wrong: each fault is named by its row; text from strangers is scored or refused by rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answering import golds, lamp_task

import recdata
from recdata.protocol.answers import Answers, AnswerTask
from recdata.submission.answers.examine import validate
from recdata.submission.answers.opening import open_answers
from recdata.submission.answers.reading import read, unreadable
from recdata.submission.examine import validate as validate_any
from recdata.submission.finding import Findings, RejectedError
from recdata.submission.limits import Limits
from recdata.submission.spool import Given
from recdata.submission.template import expect, in_words, write_template

GOLD = ["red wine", "a cat", "nothing", "the end"]
IDS = [f"q{place}" for place in range(len(GOLD))]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECDATA_HOME", str(tmp_path_factory.mktemp("home")))
        yield lamp_task(tmp_path_factory.mktemp("raw"), 7, GOLD)


def found(task: AnswerTask, predictions: Any, **limits: int) -> Findings:
    return validate(task, predictions, "valid", 20, Limits(**limits))


def csv(folder: Path, *rows: str, name: str = "p.csv") -> Path:
    good = [f"{key},answer" for key in IDS]
    (folder / name).write_text("\n".join(["example_id,answer", *good, *rows, ""]), encoding="utf-8")
    return folder / name


def shown(findings: Findings) -> list[tuple[str, int | None, str | None]]:
    return [(each.code, each.row, each.value) for each in findings.shown()]


def test_blind_spots_of_the_official_scorer(task: AnswerTask, tmp_path: Path) -> None:
    rows = [{"id": key, "output": "x"} for key in ["q0", "q1", "q1", "q9", "q3"]]
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"task": "LaMP_7", "golds": rows}))
    assert shown(found(task, path)) == [
        ("unknown-example", 3, "q9"),
        ("duplicate-example", 2, "q1"),
        ("missing-example", None, "q2"),
    ]
    path.write_text(json.dumps({"task": "LaMP_3", "golds": rows}))
    assert shown(found(task, path)) == [("wrong-task", None, "LaMP_3")]
    path.write_text(json.dumps({"golds": rows[:2], "task": "LaMP_3"}))
    assert ("wrong-task", None, "LaMP_3") in shown(found(task, path))
    with pytest.raises(RejectedError, match="wrong-task"):
        recdata.score(task, path, part="valid")


def test_rows_are_lines(task: AnswerTask, tmp_path: Path) -> None:
    path = csv(tmp_path, '"q0","two\nlines"', "q7,x", ",x", "q1")
    assert shown(found(task, path)) == [
        ("bad-line", 10, "q1"),
        ("null-id", 9, None),
        ("unknown-example", 8, "q7"),
        ("duplicate-example", 6, "q0"),
    ]
    text = '{"id": "q0", "output": "x"}\n\n{"id": "q1"}\n{"id": "q2", "output": ["x"]}\n[]\n{"id": "q3", "output": "'
    path.write_text(text)
    assert [(each.code, each.row, each.column) for each in found(task, path).shown()][:4] == [
        ("bad-line", 3, "answer"),
        ("bad-line", 4, "answer"),
        ("bad-line", 5, None),
        ("bad-line", 6, None),
    ]


def test_nulls_and_numbers(task: AnswerTask, tmp_path: Path) -> None:
    frame = pd.DataFrame({"example_id": [*IDS, None], "answer": ["x", None, "", "  ", "y"]})
    findings = found(task, frame)
    assert shown(findings) == [
        ("null-id", 4, None),
        ("null-answer", 1, "q1"),
        ("empty-answer", 2, "q2"),
        ("empty-answer", 3, "q3"),
    ]
    lines = [
        f'{{"example_id": "{key}", "answer": {answer}}}'
        for key, answer in zip(IDS, ["null", "5", "4.50", "true"], strict=True)
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    assert shown(found(task, tmp_path / "p.jsonl"))[:2] == [
        ("bad-line", 4, "{\\u0022example_id"[:0] + '{"example_id": "q3", "answer": true}'),
        ("null-answer", 1, "q0"),
    ]
    numbers = pa.table({"example_id": IDS, "answer": [1, 2, 3, 4]})
    assert not found(task, numbers).counts
    assert found(task, pa.table({"example_id": IDS, "answer": [["x"]] * 4})).counts == {"column-type": 1}
    assert found(task, pa.table({"example_id": [0.5] * 4, "answer": ["x"] * 4})).counts == {"column-type": 1}


def test_halves_of_surrogate_pairs_are_refused(task: AnswerTask, tmp_path: Path) -> None:
    rows = [{"id": key, "output": "x"} for key in IDS]
    rows[1]["output"] = "half \ud800 of a pair"
    (tmp_path / "p.json").write_text(json.dumps({"task": "LaMP_7", "golds": rows}))
    # The example has an answer: what is wrong with it is said once.
    (finding,) = found(task, tmp_path / "p.json").shown()
    assert (finding.code, finding.row, finding.column, finding.value) == (
        "bad-encoding",
        1,
        "answer",
        "half \\ud800 of a pair",
    )
    assert "character 6 is half a surrogate pair" in finding.expected
    (tmp_path / "p.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert [each[:2] for each in shown(found(task, tmp_path / "p.jsonl"))] == [("bad-encoding", 2)]
    csv(tmp_path).write_bytes(b"example_id,answer\nq0,caf\xe9\nq1,x\nq2,x\nq3,x\n")
    assert [each[:2] for each in shown(found(task, tmp_path / "p.csv"))] == [("bad-encoding", 2)]
    lines = [json.dumps({"example_id": key, "answer": "x"}).encode() for key in IDS]
    lines[2] = lines[2].replace(b'"x"', b'"caf\xe9"')
    lines[3] = lines[3].replace(b"q3", b"q\xe9")
    (tmp_path / "p.jsonl").write_bytes(b"\n".join(lines).replace(b'"example_id": "q0"', b'"id": "q0"'))
    assert [each[:2] for each in shown(found(task, tmp_path / "p.jsonl"))] == [
        ("bad-encoding", 3),
        ("bad-encoding", 4),
        ("missing-example", None),
    ]
    binary = pa.table({"example_id": IDS, "answer": pa.array([b"x", b"\xff", b"x", b"x"])})
    pq.write_table(binary, tmp_path / "p.parquet")
    assert "bad-encoding" in found(task, tmp_path / "p.parquet").counts


def test_marks_and_controls_are_scored_and_shown_escaped(task: AnswerTask, tmp_path: Path) -> None:
    answers = {
        "q0": "\u202ered\u202c wine",
        "q1": "a\0 cat\x1b[31m",
        "q2": "nothing\u2028",
        "q3": "\ufeffthe end",
    }
    path = golds(tmp_path / "p.json", 7, answers)
    assert recdata.score(task, path, part="valid")["ROUGE-1"] > 0.9
    wrong = golds(tmp_path / "w.json", 7, {**answers, "q9\x1b[2J\u202e": "x"})
    (finding, *_) = found(task, wrong).shown()
    assert finding.value == "q9\\u001b[2J\\u202e"
    assert str(finding).isprintable()


def test_answers_of_any_length(task: AnswerTask, tmp_path: Path) -> None:
    huge = "wine " * 2_000_000  # 10 MB
    path = golds(tmp_path / "p.json", 7, {**dict.fromkeys(IDS, "x"), "q2": huge})
    findings = found(task, path)
    assert shown(findings) == [("long-answer", 2, "q2")]
    assert "at most 1,000,000 bytes" in str(findings.shown()[0])
    # With a higher limit it is scored; in little memory, and by the same rule as any other.
    given = Given(path, Limits(answer_length=20_000_000))
    result = recdata.score(task, given, metrics="ROUGE-L", part="valid")
    assert result["ROUGE-L"] == 0
    lines = csv(tmp_path, f"q9,{huge}")
    assert found(task, lines).counts.keys() == {"over-limit"}
    table = pa.table({"example_id": IDS, "answer": ["x" * 10_000] * 4})
    pq.write_table(table, tmp_path / "p.parquet", use_dictionary=False, compression="none")
    assert not found(task, tmp_path / "p.parquet", rows=4, bytes=50_000).total("error")
    for limit in ({"rows": 3}, {"bytes": 30_000}, {"columns": 1}):
        assert found(task, tmp_path / "p.parquet", **limit).counts.keys() == {"over-limit"}


def test_what_has_no_end(task: AnswerTask, tmp_path: Path) -> None:
    path = csv(tmp_path, '"q9,never closed' + "\n".join("x" * 60 for _ in range(100)))
    assert shown(found(task, path))[0][:2] == ("bad-line", 6)
    for text in (
        '{"task": "LaMP_7", "golds": [{"id": "q0"',
        '{"task": "LaMP_7", "golds": [{"id": "q0", "output": "x"}',
        '{"task": "LaMP_7", "golds": {"q0": "x"}}',
        '{"task": "LaMP_7", "golds": [], "golds": []}',
        '{"task": "LaMP_7", "golds": []} and more',
        '{"golds": ' + "[" * 100_000,
        '{"task": "golds", "gold": []}',
    ):
        path.write_text(text)
        findings = found(task, path)
        assert findings.total("error"), text[:60]
        assert {"unknown-format", "bad-line", "wrong-task", "missing-example"} >= set(findings.counts) - {
            "no-rows"
        }


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no-rows"),
        (b"example_id,answer\n", "no-rows"),
        (b"Dear organisers,\n", "unknown-format"),
        (b"user_id,item_id,score\nu,i,1\n", "unknown-format"),
        (b"example_id,text\nq0,x\n", "missing-column"),
        (b"example_id,answer,answer\nq0,x,y\n", "repeated-column"),
        ("example_id,answer\nq0,x\n".encode("utf-16"), "bad-encoding"),
        (b"[{}]", "unknown-format"),
        (b"PAR1 and nothing behind it", "unreadable"),
        (b"\x1f\x8b\x08\x00broken", "unreadable"),
    ],
)
def test_files_that_are_something_else(task: AnswerTask, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "p.bin"
    path.write_bytes(content)
    assert next(iter(found(task, path).counts)) == code
    with pytest.raises(RejectedError):
        recdata.score(task, path, part="valid")


def test_another_part(task: AnswerTask) -> None:
    findings = found(task, {"t0": "x", "t1": "y"})
    assert findings.counts == {"unknown-example": 2, "missing-example": 4, "other-part": 1}
    assert "2 of the ids are those of the test part" in findings.text()
    assert not validate_any(task, {"t0": "x", "t1": "y"}).counts


def test_answers_to_hidden_targets_are_read_too(home: Path, tmp_path: Path) -> None:
    stars = lamp_task(tmp_path / "raw", 3, ["1"])
    findings = validate_any(stars, {"t0": "six", "t1": "6"})
    assert shown(findings) == [("unparsable-answer", 0, "six"), ("outside-range", 1, "6")]
    papers = lamp_task(tmp_path / "raw1", 1, ["[1]"])
    assert shown(validate_any(papers, {"t0": "[1] ", "t1": "1"})) == [("unparsable-answer", 1, "1")]


def test_what_is_expected_and_templates(task: AnswerTask, tmp_path: Path) -> None:
    document = expect(task, "valid")
    assert (document["kind"], document["examples"], document["columns"]["answer"]) == ("answers", 4, "a text")
    assert "examples to answer, each once: 4" in in_words(document)
    assert "recdata submission" in in_words(expect(task))
    for suffix in (".parquet", ".csv", ".tsv", ".jsonl", ".json"):
        path = tmp_path / f"t{suffix}"
        assert write_template(task, path, "valid") == 4
        assert found(task, path).counts == {"empty-answer": 4}
        reader, _ = open_answers(path, 1)
        assert reader is not None
        assert write_template(task, path, "valid", empty=True) == 0
    with pytest.raises(Exception, match=r"answers are written as \.parquet"):
        write_template(task, tmp_path / "t.npz", "valid")


def test_numbers_that_cannot_be_read_are_as_far_off_as_can_be() -> None:
    what = Answers("number", low=1, high=5)
    targets = pa.array(["1", "2", "3", "4", "5"])
    found = read(what, "a task", pa.array(["?"] * 5), targets, None)
    assert found.number.tolist() == [5, 5, 5, 1, 1], "of two as far the highest"
    assert found.unread == [0, 1, 2, 3, 4]
    found = read(what, "a task", pa.array(["1", "5", "0.9", "5.1", "nan"]), targets, None)
    assert (found.outside, found.unread) == ([2, 3], [4])
    assert found.number.tolist() == [1, 5, 0.9, 5.1, 1]
    assert unreadable(what, pa.array(["1", "5", "0.9", "5.1", "nan"]), None) == ([4], [2, 3])
