"""Answers to examples on Spark: the same bits, counts, slices and findings as in this process, whatever the partitions."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from answering import CARD, choices_card, golds, lamp_task
from click.testing import CliRunner

import recdata
from recdata import api
from recdata.cli import cli
from recdata.corpora.build import build
from recdata.errors import InputError, MissingError
from recdata.metrics.definition import definitions, find
from recdata.metrics.spelling import Measure
from recdata.protocol.answers import AnswerTask
from recdata.scoring.plan import ANSWERS
from recdata.scoring.score import score
from recdata.scoring.spark import gather, union
from recdata.scoring.spark.answers import job, reading
from recdata.scoring.validate import validate
from recdata.sources.cards import read_own_card
from recdata.submission.finding import RejectedError

SAME = ("task", "predictions", "metrics", "primary", "choices", "counts", "slices")


def own_task(folder: Path, answers: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> AnswerTask:
    """Build examples of a type of answers, and users, from a card of one's own."""
    choices_card(folder, rows)
    (folder / "people.csv").write_text("user,region\nann,north\nbob,south\n", encoding="utf-8")
    card = yaml.safe_load(CARD)
    card["answers"] = dict(answers)
    card["files"]["people"] = ["people.csv"]
    columns = card["tables"]["examples"]["columns"]
    columns += [{"name": "topics", "type": "list<string>", "about": "some"}]
    card["tables"]["users"] = {"columns": [{"name": "region", "type": "string", "about": "where"}]}
    for column in columns:
        column["nullable"] = column["name"] in ("kind", "topics")
    options = card["options"]
    options["files"]["questions"]["columns"]["topics"] = "list<string>"
    options["files"]["people"] = {"format": "csv", "columns": {"user": "string", "region": "string"}}
    options["records"]["examples"]["columns"]["topics"] = "topics"
    options["records"]["users"] = {"from": "people", "columns": {"user_id": "user", "region": "region"}}
    (folder / "card.yaml").write_text(yaml.safe_dump(card, sort_keys=False), encoding="utf-8")
    build(read_own_card(folder / "card.yaml"), folder, allow_partial=True)
    made = recdata.task("own-choices/profile-none")
    assert isinstance(made, AnswerTask)
    return made


def rows_of(rights: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """Return examples of few users, some of nobody, in slices by a kind, topics and the user."""
    drawn = random.Random(seed)
    return [
        {
            "id": f"e{number}",
            "right": right,
            "user": drawn.choice(["ann", "bob", "cem", None]),
            "kind": drawn.choice(["plain", "odd", None]),
            "topics": drawn.choice([[], ["wine"], ["wine", "bread"], None]),
            "options": ["one", "two", "three", "four"][: drawn.choice([2, 3, 4])]
            if right < "b"
            else list("wxyz"),
        }
        for number, right in enumerate(rights)
    ]


def write(path: Path, answers: Mapping[str, str | None]) -> Path:
    pq.write_table(pa.table({"example_id": list(answers), "answer": list(answers.values())}), path)
    return path


def same(task: AnswerTask, path: Path, spark: Any, **asked: Any) -> Any:
    """Score on both engines, and hold the results against each other."""
    here, there = score(task, path, **asked), score(task, str(path), engine=spark, **asked)
    for key in SAME:
        assert there.document.get(key) == here.document.get(key), key
    assert there.findings.to_dict() == here.findings.to_dict()
    assert there.per_user().equals(here.per_user())
    assert there.document["environment"]["engine"] == "spark"
    return there


def measures(type_: str) -> list[str]:
    """Every metric of a type of answers, those of labels 0 and 1 left out, with another choice for some."""
    clicks = {"AUC", "GAUC", "LogLoss", "NormalisedEntropy", "CalibrationError"}
    found = [
        name
        for name, known in definitions().items()
        if known.family in ANSWERS[type_] and not known.reads and name not in clicks
    ]
    return (
        [*found, "BLEU(tokenize='char', lowercase=True)", "chrF(word_order=2)"] if type_ == "text" else found
    )


CASES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "label": ({"labels": ["b", "a", "never"]}, ["a", "b"], ["a", " b\n", "c", "", "never"]),
    "number": ({"low": 1, "high": 5}, ["1", "2.5", "5"], ["3", "4.25", "many", "-7", ""]),
    "choice": ({}, ["a", "(b)"], ["A", "b.", "c", "d", "I think a", ""]),
    "text": ({}, ["red wine", "the end", "a cat sat"], ["Red  wine!", "", "שלום the cat", "end\nthe"]),
}


@pytest.mark.parametrize("type_", list(CASES))
def test_every_type_metric_and_slice(
    type_: str, home: Path, tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = list(CASES).index(type_)
    monkeypatch.setattr(union, "partitions", lambda session, rows: (2, 4, 4, 2)[number])
    monkeypatch.setattr(job, "ROWS", (5, 9, 1 << 16, 7)[number])
    declared, rights, answers = CASES[type_]
    drawn = random.Random(number)
    rows = rows_of(drawn.choices(rights, k=60), number)
    task = own_task(tmp_path / "raw", {"type": type_, **declared}, rows)
    given = {row["id"]: drawn.choice([row["right"], *answers]) for row in drawn.sample(rows, len(rows))}
    path = write(tmp_path / "p.parquet", given)
    result = same(task, path, spark, metrics=measures(type_), by="kind,topics,user_id,users.region")
    names = {each["name"] for each in result.document["slices"]}
    assert {"kind=odd", "kind=", "topics=bread", "topics=", "user_id=ann", "users.region=north"} <= names
    assert len(set(result.metrics.values())) > 1
    if type_ != "text":
        assert result.document["counts"]["unparsable"]


def test_labels_of_clicks_as_numbers(home: Path, tmp_path: Path, spark: Any) -> None:
    drawn = random.Random(8)
    rows = rows_of(drawn.choices("01", k=50), 8)
    task = own_task(tmp_path / "raw", {"type": "number", "low": 0, "high": 1}, rows)
    path = write(
        tmp_path / "p.parquet", {row["id"]: str(drawn.choice([0.1, 0.25, 0.5, 0.9])) for row in rows}
    )
    same(task, path, spark, metrics="AUC,GAUC,LogLoss,NormalisedEntropy,CalibrationError(bins=4)", by="kind")


@pytest.fixture
def titles(home: Path, tmp_path: Path) -> AnswerTask:
    return lamp_task(tmp_path / "raw", 7, [f"title number {place}" for place in range(9)])


def test_findings(titles: AnswerTask, tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ROWS", 3)
    ids = ["q0", "q1", "t0", "", None, "q1", "q2", "q3", "q0", "q4", "t1", "t0", "x", "q0"]
    answers = ["a", "b", "c", "d", "e", "f", None, "", "g", "h" * 40, "i", "j", "k", ""]
    pq.write_table(pa.table({"example_id": ids, "answer": answers}), tmp_path / "p.parquet")
    for limit in (20, 1):
        here = validate(titles, tmp_path / "p.parquet", "valid", limit)
        there = validate(titles, str(tmp_path / "p.parquet"), "valid", limit, spark)
        assert there.to_dict() == here.to_dict()
    counts = {
        "null-id": 2,
        "null-answer": 1,
        "unknown-example": 4,
        "duplicate-example": 3,
        "missing-example": 4,
    }
    assert here.counts == {**counts, "other-part": 1, "empty-answer": 2}
    with pytest.raises(RejectedError, match="was not scored: it has 14 errors"):
        score(titles, str(tmp_path / "p.parquet"), part="valid", engine=spark)


def test_what_is_read_but_not_scored(home: Path, tmp_path: Path, spark: Any) -> None:
    task = lamp_task(tmp_path / "raw", 3, ["1", "2"])
    hidden = write(tmp_path / "p.parquet", {"t0": "4", "t1": "most"})
    here, there = (
        validate(task, each, "test", engine=e) for each, e in ((hidden, None), (str(hidden), spark))
    )
    assert there.to_dict() == here.to_dict()
    assert there.counts == {"unparsable-answer": 1}
    with pytest.raises(InputError, match="keeps the targets"):
        score(task, str(hidden), engine=spark)
    null = write(tmp_path / "null.parquet", {"q0": None, "q1": "most"})
    there = validate(task, str(null), "valid", engine=spark)
    assert there.to_dict() == validate(task, null, "valid").to_dict()
    assert there.counts == {"null-answer": 1}
    large = write(tmp_path / "large.parquet", {"q0": "1e308", "q1": "1e308"})
    for metric in ("MAE", "RMSE"):
        with pytest.raises(InputError, match=f"{metric} of these predictions is beyond the largest number"):
            score(task, str(large), part="valid", metrics=metric, engine=spark)


def test_texts_are_read_as_without_spark(
    titles: AnswerTask, tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quotes and breaks of lines, packed files, faults by their lines; here and where files are brought to workers."""
    answers = {f"q{place}": f'an "answer"\nof {place} \u05d0, lines' for place in range(9)}
    expected = score(titles, write(tmp_path / "p.parquet", answers), part="valid").document["metrics"]
    quoted = ['{},"{}"'.format(key, text.replace('"', '""')) for key, text in answers.items()]
    table = "\n".join(["example_id,answer", *quoted, ""])
    (tmp_path / "p.csv").write_text(table, encoding="utf-8")
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(table.encode()))
    lines = [json.dumps({"id": key, "output": text}) for key, text in answers.items()]
    (tmp_path / "p.jsonl").write_text("\n".join(lines), encoding="utf-8")
    golds(tmp_path / "p.json", 7, answers)
    for number, name in enumerate(["p.csv", "p.csv.gz", "p.jsonl", "p.json"]):
        with monkeypatch.context() as patch:
            if number % 2:
                patch.setattr(reading, "LOCAL", re.compile("nothing is here"))
            found = score(titles, str(tmp_path / name), part="valid", engine=spark).document
        assert found["metrics"] == expected, name
        here = score(titles, tmp_path / name, part="valid").document["predictions"]
        assert found["predictions"] | {"format": ""} == here | {"format": ""}, name
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "part-0.jsonl").write_text("\n".join([*lines[:4], '{"id": 5}', lines[2]]), encoding="utf-8")
    (folder / "part-1.jsonl").write_bytes(b"\n".join([lines[4].encode(), b'{"id": "q5", "output": "\xff"}']))
    faults = validate(titles, str(folder), "valid", engine=spark)
    assert [(each.code, each.unit, each.row, each.value) for each in faults.shown()] == [
        ("bad-line", "line", 5, '{"id": 5} (in part-0.jsonl)'),
        ("bad-encoding", "line", 2, "\\udcff (in part-1.jsonl)"),
        ("duplicate-example", "line", 6, "q2 (in part-0.jsonl)"),
        ("missing-example", "line", None, "q6"),
        ("missing-example", "line", None, "q7"),
        ("missing-example", "line", None, "q8"),
    ]
    golds(tmp_path / "p.json", 3, answers)
    assert validate(titles, str(tmp_path / "p.json"), "valid", engine=spark).counts == {"wrong-task": 1}
    for name, text, code in (
        ("no.csv", "user_id,answer\nu,x\n", "missing-column"),
        ("none.csv", "example_id,answer\n", "no-rows"),
        ("other.parquet", None, "column-type"),
    ):
        if text is None:
            pq.write_table(pa.table({"example_id": [1.5], "answer": ["x"]}), tmp_path / name)
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
        here = validate(titles, tmp_path / name, "valid")
        there = validate(titles, str(tmp_path / name), "valid", engine=spark)
        assert there.to_dict() == here.to_dict()
        assert there.counts == {code: 1}


def test_tables_folders_and_values_of_examples(titles: AnswerTask, tmp_path: Path, spark: Any) -> None:
    answers = {f"q{place}": f"number {place % 3}" for place in range(9)}
    expected = score(titles, write(tmp_path / "p.parquet", answers), part="valid")
    frame = spark.read.parquet(str(tmp_path / "p.parquet"))
    frame.repartition(3).write.parquet(str(tmp_path / "parts"))
    frame.createOrReplaceGlobalTempView("answered_elsewhere")
    for number, given in enumerate((frame, "global_temp.answered_elsewhere", str(tmp_path / "parts"))):
        out = tmp_path / f"values-{number}.parquet"
        found = score(titles, given, part="valid", engine=spark, per_user=str(out))
        assert found.document["metrics"] == expected.document["metrics"]
        assert pq.ParquetDataset(out).read().replace_schema_metadata().equals(expected.per_user())
    with pytest.raises(InputError, match="there already"):
        score(titles, frame, part="valid", engine=spark, per_user=str(out))
    with pytest.raises(InputError, match="reads a path"):
        score(titles, answers, part="valid", engine=spark)
    with pytest.raises(MissingError):
        validate(titles, str(tmp_path / "absent"), "valid", engine=spark)


def test_what_is_refused(titles: AnswerTask, tmp_path: Path, spark: Any) -> None:
    path = str(write(tmp_path / "p.parquet", {f"q{place}": "x" for place in range(9)}))
    for words, asked in (
        ("BERTScore reads embeddings, which are not sent", {"metrics": "BERTScore"}),
        ("embeddings are not sent", {"embeddings": len}),
        ("no column 'colour' to slice by", {"by": "colour"}),
        ("no slices are named", {"by": "all"}),
        ("no conventions to choose from", {"convention": "ranx"}),
    ):
        with pytest.raises(InputError, match=words):
            score(titles, path, part="valid", engine=spark, **asked)
    alone = Measure(replace(find("MacroF1"), sums=None))
    with pytest.raises(InputError, match=r"MacroF1 is a metric of everything together.*without Spark"):
        gather.check_additive([alone])


def test_commands(titles: AnswerTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: Any) -> None:
    monkeypatch.setattr(api, "task", lambda name, **_: titles)
    path = write(tmp_path / "p.parquet", {f"q{place}": "x" for place in range(9)})

    def run(verb: str, *more: str) -> Any:
        arguments = [verb, "any/task", str(path), "--part", "valid", "--json", *more]
        outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
        if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
            raise outcome.exception
        return json.loads(outcome.stdout)

    monkeypatch.setenv("RECDATA_ENGINE", "spark")
    there, validated = run("score"), run("validate")
    assert there["environment"]["engine"] == "spark"
    monkeypatch.delenv("RECDATA_ENGINE")
    assert there["metrics"] == run("score")["metrics"]
    assert validated == run("validate")
