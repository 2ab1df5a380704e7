"""Files of judgements: read from any format, checked row by row, aggregated to a document that no ledger takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from recdata.cli import cli
from recdata.errors import InputError, MismatchError, MissingError
from recdata.judgements.aggregate import document_of
from recdata.judgements.check import check_examples
from recdata.judgements.read import Judgements, Score, read
from recdata.leaderboard.ledger import Ledger
from recdata.protocol.answers import AnswerTask
from recdata.schema.documents import check

SCORES = [
    {"example_id": "1", "judge": "gpt", "version": "4", "score": 4.0},
    {"example_id": "2", "judge": "gpt", "version": "4", "score": 2.0},
    {"example_id": "1", "judge": "ann", "version": "1", "score": 5.0},
    {"example_id": "2", "judge": "ann", "version": "1", "score": 2.0},
    {"example_id": "3", "judge": "ann", "version": "1", "score": 3.0},
]
PREFERENCES = [
    {"example_id": "1", "judge": "ann", "first": "x", "second": "y", "winner": "x"},
    {"example_id": "2", "judge": "ann", "first": "y", "second": "x", "winner": "y"},
    {"example_id": "1", "judge": "bob", "first": "x", "second": "y", "winner": "tie"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        lines = [delimiter.join(rows[0]), *(delimiter.join(map(str, row.values())) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("rows", [SCORES, PREFERENCES], ids=["scores", "preferences"])
def test_every_format_says_the_same(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    documents = []
    for suffix in ("csv", "tsv", "jsonl", "parquet"):
        document = document_of(read([write(tmp_path / f"judgements.{suffix}", rows)]))
        check(document, "judgements", "it")
        documents.append({key: value for key, value in document.items() if key != "files"})
    assert all(document == documents[0] for document in documents)


def test_scores_of_several_judges(tmp_path: Path) -> None:
    document = document_of(
        read([write(tmp_path / "a.csv", SCORES[:2]), write(tmp_path / "b.csv", SCORES[2:])])
    )
    assert document["kind"] == "judgements"
    assert [file["rows"] for file in document["files"]] == [2, 3]
    [all_systems] = document["scores"]
    assert all_systems["mean"] == pytest.approx((4.5 + 2 + 3) / 3)
    assert [judge["mean"] for judge in all_systems["judges"]] == [pytest.approx(10 / 3), 3.0]
    agreement = document["agreement"]
    assert (agreement["units"], agreement["judged_by_two"], agreement["judged_by_all"]) == (3, 2, 2)
    assert agreement["pairs"][0]["agree"] == 0.5
    assert document["choices"]["level"] == "interval"


def test_pairs_of_judges_who_judged_the_most_together(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = {"a": "1234", "b": "123", "c": "34", "d": "5"}
    scores = [Score(example, judge, "1", 1.0) for judge, examples in judged.items() for example in examples]
    agreement = document_of(Judgements(scores, [], []))["agreement"]
    found = [(*pair["judges"], pair["units"]) for pair in agreement["pairs"]]
    assert found == [("a 1", "b 1", 3), ("a 1", "c 1", 2), ("b 1", "c 1", 1)]
    assert agreement["pairs_left_out"] == 0
    monkeypatch.setattr("recdata.judgements.aggregate._MOST_PAIRS", 2)
    fewer = document_of(Judgements(scores, [], []))["agreement"]
    assert fewer["pairs"] == agreement["pairs"][:2]
    assert fewer["pairs_left_out"] == 1


def test_columns_of_json_lines_are_checked_behind_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('\n\n{"example_id": "1", "judge": "ann", "version": "1"}\n')
    with pytest.raises(InputError, match="there is no column score"):
        read([tmp_path / "p.jsonl"])


def test_labels_have_shares(tmp_path: Path) -> None:
    rows = [
        {**row, "score": "good" if float(str(row["score"])) > 2 else "bad", "system": "x"} for row in SCORES
    ]
    document = document_of(read([write(tmp_path / "labels.jsonl", rows)]))
    check(document, "judgements", "it")
    assert document["labels"] == [{"system": "x", "shares": {"bad": 0.4, "good": 0.6}, "judgements": 5}]
    assert document["agreement"]["krippendorff_alpha"] == 1.0
    with pytest.raises(InputError, match="take nominal"):
        document_of(read([tmp_path / "labels.jsonl"]), "ordinal")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**SCORES[0], "score": "nan"}, 'column score: "nan"; expected a finite number'),
        ({**SCORES[0], "score": 10**400}, 'column score: "10+.*; expected a finite number of at most 1e'),
        ({**SCORES[0], "score": -1e308}, r'column score: "-1e\+308"; expected a finite number of at most 1e'),
        ({**SCORES[0], "score": ""}, "column score: it is empty"),
        ({**SCORES[0], "score": True}, 'column score: "True"'),
        ({**SCORES[0], "example_id": None}, "column example_id: it is empty"),
        ({**SCORES[0], "judge": ["x"]}, r"column judge: .*; expected a text"),
        ({**SCORES[0], "judge": "\ud800"}, "unpaired surrogates"),
        ({**SCORES[0], "judge": "x" * 70_000}, "it has 70,000 characters"),
        ({**SCORES[0], "version": ""}, "column version: it is empty"),
        (SCORES[1], r"judged \"2\" before, in .*line 1"),
        ({**PREFERENCES[0], "winner": "z"}, r'column winner: "z"; expected "x", "y" or "tie"'),
        ({**PREFERENCES[0], "second": "x"}, 'column second: "x" is compared with itself'),
        ({**PREFERENCES[0], "second": "tie"}, "give it another name"),
    ],
)
def test_what_is_wrong_is_told_by_row(row: dict[str, Any], message: str, tmp_path: Path) -> None:
    first = PREFERENCES[1] if "winner" in row else SCORES[1]
    path = tmp_path / "judgements.jsonl"
    path.write_text(f"{json.dumps(first)}\n{json.dumps(row)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"judgements\.jsonl, line 2.*{message}"):
        read([path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("example_id,judge,score\n1,a,2\n", "no column version"),
        ("example_id,judge,version,score,score\n1,a,1,2,2\n", 'two columns "score"'),
        ("example_id,judge,version,score\n1,a,1\n", "line 2: 3 fields; expected 4"),
        ('example_id,judge,version,score\n1,"a,1,2\n', "RFC 4180"),
        ("example_id,judge,version,score\n", "no judgements in it"),
        ("", "no column example_id"),
        ('{"example_id": "1"', "line 1: .*expected one JSON object a line"),
        ('{"judge": "a", "judge": "b"}', "the key 'judge' stands twice"),
        ("PAR1 and no more", "not Parquet that can be read"),
    ],
)
def test_files_that_are_none(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read([tmp_path / "bad"])


def test_other_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"example_id,judge,version,score\n1,J\xfcrgen,1,2\n")
    with pytest.raises(InputError, match=r"byte 35 is not UTF-8"):
        read([tmp_path / "latin.csv"])
    with pytest.raises(MissingError, match="there is no file"):
        read([tmp_path / "absent"])
    mixed = [write(tmp_path / "a.csv", SCORES), write(tmp_path / "b.csv", PREFERENCES)]
    with pytest.raises(InputError, match="some files have scores, others preferences"):
        read(mixed)
    words = [{**SCORES[0], "score": "good"}, SCORES[1]]
    with pytest.raises(InputError, match="1 of 2 scores are no numbers"):
        read([write(tmp_path / "words.csv", words)])


def test_twenty_faults_are_shown(tmp_path: Path) -> None:
    rows = [{**SCORES[0], "example_id": str(number), "score": "inf"} for number in range(30)]
    with pytest.raises(InputError, match="and 10 more") as caught:
        read([write(tmp_path / "many.csv", rows)])
    assert len(str(caught.value).splitlines()) == 21


def test_no_ledger_takes_them(tmp_path: Path) -> None:
    document = document_of(read([write(tmp_path / "judgements.csv", SCORES)]))
    with pytest.raises(InputError, match="never mixes the two"):
        Ledger(tmp_path / "ledger").add(document, "movielens-100k@1.0.0/loo-last@1")
    with pytest.raises(InputError, match="never mixes the two"):
        check(document, "result", "it")


def run(*arguments: object) -> str:
    outcome = CliRunner().invoke(
        cli, ["judgements", *map(str, arguments)], catch_exceptions=False, standalone_mode=False
    )
    return outcome.output


def test_the_command(tmp_path: Path) -> None:
    scores, preferences = write(tmp_path / "s.csv", SCORES), write(tmp_path / "p.csv", PREFERENCES)
    document = json.loads(run(scores, "--json", "--level", "ordinal"))
    check(document, "judgements", "it")
    assert document["choices"]["level"] == "ordinal"
    shown = run(scores)
    assert "Krippendorff's alpha (interval): 0.8" in shown
    assert "judgements, not measured metrics" in shown
    shown = run(preferences)
    assert "win rate" in shown
    assert "the answer shown first won 1.0000" in shown
    labels = [{**row, "score": "good"} for row in SCORES]
    assert "undefined" in run(write(tmp_path / "l.csv", labels))


class Over(AnswerTask):
    """A task of three examples, in memory."""

    def __init__(self) -> None:
        return

    name = "corpus@1.0.0/profile-none@1"

    def ids(self, part: str = "test") -> pa.StringArray:
        return pa.array(["1", "2", "3", "4"])


def test_judgements_are_of_a_task_s_examples(tmp_path: Path) -> None:
    found = read([write(tmp_path / "s.csv", SCORES)])
    assert check_examples(found, Over()) == 1
    strange = [{**SCORES[0], "example_id": f"no {number}"} for number in range(7)]
    with pytest.raises(
        MismatchError, match=r'7 judged examples are not in the test part of .*: "no 0", .*, \.\.\.'
    ):
        check_examples(read([write(tmp_path / "strange.csv", strange)]), Over())
