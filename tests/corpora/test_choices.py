"""Choices: PersonaMem, PersonaFeedback, and any file of questions or preferences that a card declares."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError, MissingError
from recdata.protocol.answer_build import build_answers
from recdata.protocol.document import load_protocol
from recdata.sources.cards import load_card, read_own_card

FIXTURES = Path(__file__).parent / "fixtures"


def raw(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / name, folder / name))


def examples(name: str, folder: Path) -> list[dict[str, Any]]:
    made = Corpus.open(build(load_card(name), folder, allow_partial=True, rebuild=True))
    rows: list[dict[str, Any]] = made.to_arrow("examples").to_pylist()
    return rows


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("shared_contexts_32k.jsonl", '"role": "user"', '"role": 3', r"jsonl, line 1, message 1: role is '3'"),
        ("shared_contexts_32k.jsonl", "Bo, 41.", "\\ud800", r"jsonl, line 3, message 0: content holds half of a surrogate"),
        ("shared_contexts_32k.jsonl", '{"c2": [', '{"c1": [', r"line 3: the context 'c1' occurs a second time"),
        ("shared_contexts_32k.jsonl", '{"c2": [', '{"c2": ', r"line 3: not JSON"),
        ("questions_32k.csv", "persona_id,", "persona,", r"has no column persona_id; it has persona, "),
        ("questions_32k.csv", ",c1,4", ",c9,4", r"csv, line 2: there is no context 'c9'"),
        ("questions_32k.csv", ",c1,2", ",c1,5", r"csv, line 4: end_index_in_shared_context is '5'; expected 0 to 4"),
        ("questions_32k.csv", ",c1,2", ",c1,-1", r"csv, line 4: end_index_in_shared_context is '-1'"),
        ("questions_32k.csv", "(A)", "(c)", r"csv, line 4: correct_answer is '\(c\)'; there are 2 options"),
        ("questions_32k.csv", "(b) 京都", "京都", r"csv, line 5: all_options: expected \(b\) first, found '京都'"),
        ("questions_32k.csv", "['(a) 東京'", "'(a) 東京'", r"csv, line 5: all_options is not a list of texts"),
        ("questions_32k.csv", "q-early", "q-late", r"keys \(task, example_id\) occur more than once"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_personamem_is_named(
    home: Path, tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    folder = raw("personamem-32k", tmp_path)
    replaced(folder / file, old, new)
    with pytest.raises(InputError, match=words):
        examples("personamem-32k", folder)


@pytest.mark.parametrize(
    ("contexts", "words"),
    [
        (b'{"c1": "Hello"}\n', r"line 1: expected a list of messages, found 'Hello'"),
        (b'{"c0": [], "c1": ["Hello"]}\n', r"line 1, message 0: expected {role, content}, found 'Hello'"),
        (b'["c1"]\n', r"line 1: expected a JSON object"),
        (gzip.compress(b'{"c1": []}\n')[:-9], r"jsonl, line \d or later: the gz file is cut off or damaged"),
    ],
)
def test_contexts_of_another_shape_are_named(home: Path, tmp_path: Path, contexts: bytes, words: str) -> None:
    folder = raw("personamem-32k", tmp_path)
    (folder / "shared_contexts_32k.jsonl").write_bytes(contexts)
    with pytest.raises(InputError, match=words):
        examples("personamem-32k", folder)


def test_nothing_later_than_the_question_is_in_a_profile(home: Path) -> None:
    rows = {row["example_id"]: row for row in examples("personamem-32k", FIXTURES / "personamem-32k")}
    assert [entry["label"] for entry in rows["q-early"]["profile"]] == ["system", "user"]
    assert "back to tea" not in str(rows["q-early"]["profile"])
    assert "back to tea" in str(rows["q-late"]["profile"])
    assert rows["q-none"]["profile"] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("data/general/easy.jsonl", '"user_id": 1', '"user_id": 3', r"line 1: user_id is '3'; .* 1 to 2"),
        ("data/general/easy.jsonl", '"user_id": 1', '"user_id": 0', r"line 1: user_id is '0'"),
        ("data/general/easy.jsonl", '"reject": "A loud one."', '"other": ""', r"line 2: reject is 'None'; expected a text"),
        ("persona/all_personas.jsonl", '{"Name": "Zo', '["Name", {"Name": "Zo', r"line 2: not JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_personafeedback_is_named(
    home: Path, tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    folder = raw("personafeedback", tmp_path)
    replaced(folder / file, old, new)
    with pytest.raises(InputError, match=words):
        examples("personafeedback", folder)


def test_a_folder_without_any_tier(home: Path, tmp_path: Path) -> None:
    folder = raw("personafeedback", tmp_path)
    shutil.rmtree(folder / "data")
    with pytest.raises(MissingError, match="none of its tiers is there"):
        examples("personafeedback", folder)


def test_which_answer_stands_first_is_a_matter_of_the_name(home: Path, tmp_path: Path) -> None:
    folder = raw("personafeedback", tmp_path)
    rows = [{"user_id": 1, "question": f"Q{n}", "chosen": "right", "reject": "wrong"} for n in range(200)]
    (folder / "data/general/easy.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = [row for row in examples("personafeedback", folder) if row["tier"] == "easy"]
    assert all(row["options"]["ab".index(row["target"])] == "right" for row in found)
    for row in found:
        even = int(hashlib.md5(row["example_id"].encode()).hexdigest()[0], 16) % 2 == 0
        assert row["target"] == ("a" if even else "b")
    assert 70 < sum(row["target"] == "a" for row in found) < 130


CARD: dict[str, Any] = {
    "name": "my-choices",
    "version": "1.0.0",
    "title": "Mine",
    "description": "A lab's own.",
    "homepage": "https://example.org",
    "family": "declared",
    "licence": {"spdx": "CC0-1.0", "may_redistribute": True},
    "citation": "@misc{mine,\n  title = {Mine}\n}\n",
    "expected": {},
}


def declared(
    tmp_path: Path, file: str, layout: dict[str, Any], columns: dict[str, Any], *extra: str, **answers: Any
) -> Any:
    card = CARD | {
        "files": {"questions": [file]},
        "answers": {"type": "choice", **answers},
        "tables": {
            "examples": {
                "columns": [
                    {"name": "part", "type": "string", "about": "test"},
                    {"name": "options", "type": "list<string>", "about": "the answers"},
                    *({"name": each, "type": "string", "about": "a group"} for each in extra),
                ]
            }
        },
        "options": {
            "files": {"questions": layout},
            "records": {
                "examples": {
                    "from": "questions",
                    "columns": {
                        "task": {"constant": "mine"},
                        "part": {"constant": "test"},
                        "profile": {"constant": []},
                    }
                    | columns,
                }
            },
        },
    }
    path = tmp_path / "my-choices.yaml"
    path.write_text(yaml.safe_dump(card, sort_keys=False))
    return build(read_own_card(path), tmp_path, folder=tmp_path / "built", rebuild=True)


def test_a_table_of_questions_is_declared(home: Path, tmp_path: Path) -> None:
    with (tmp_path / "quiz.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "who", "q", "A", "B", "C", "right", "kind"])
        rows.writerow(["1", "ann", "Which, then?", "x", "y, or\nnot", "z", "B", "easy"])
        rows.writerow(["2", "bob", "Really?", "yes", "no", "", "a", "hard"])
    layout = {"format": "csv", "columns": ["id", "who", "q", "A", "B", "C", "right", "kind"]}
    columns = {
        "example_id": "id",
        "user_id": "who",
        "input": "q",
        "target": "right",
        "kind": "kind",
        "options": {"list": ["A", "B", "C"]},
    }
    corpus = declared(tmp_path, "quiz.csv", layout, columns, "kind", groups=["kind"])
    task = build_answers(corpus, load_protocol("profile-none"), tmp_path / "task")
    first, second = task.to_arrow().to_pylist()
    assert (first["options"], first["target"]) == (["x", "y, or\nnot", "z"], "B")
    assert (second["options"], second["input"]) == (["yes", "no"], "Really?")
    answers = tmp_path / "answers.csv"
    answers.write_text("example_id,answer\n1,(b)\n2,I would say c\n")
    result = recdata.score(task, answers)
    assert result.metrics["Accuracy"] == 0.5
    assert result.document["counts"]["unparsable"] == 1


def test_a_file_of_preferences_is_declared(home: Path, tmp_path: Path) -> None:
    pairs = [
        {"id": f"p{n}", "prompt": "Which?", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(40)
    ]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    layout = {"format": "jsonl", "columns": ["id", "prompt", "chosen", "rejected"]}
    columns = {
        "example_id": "id",
        "input": "prompt",
        "options": {"list": ["chosen", "rejected"], "turned": ["id"]},
        "target": {"either": ["a", "b"], "turned": ["id"]},
    }
    rows = Corpus.open(declared(tmp_path, "pairs.jsonl", layout, columns)).to_arrow("examples").to_pylist()
    for row in rows:
        turned = int(hashlib.md5(row["example_id"].encode()).hexdigest()[0], 16) % 2 == 1
        assert row["target"] == ("b" if turned else "a")
        assert row["options"]["ab".index(row["target"])] == f"good {row['example_id'][1:]}"
    assert {row["target"] for row in rows} == {"a", "b"}


def test_a_history_is_declared_and_cut(home: Path, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "I like tea"}, {"role": "user", "content": "I like rye"}]
    row = {"id": "1", "q": "Tea?", "yes": "y", "no": "n", "talk": talk, "seen": 1}
    path = tmp_path / "talks.jsonl"
    path.write_text(json.dumps(row))
    strings = dict.fromkeys(["id", "q", "yes", "no"], "string")
    typed = {**strings, "talk": "list<struct<role: string, content: string>>", "seen": "int64"}
    cut = {"of": "talk", "fields": {"text": "content", "label": "role"}, "until": "seen"}
    columns: dict[str, Any] = {
        "example_id": "id",
        "input": "q",
        "target": {"constant": "a"},
        "options": {"list": ["yes", "no"]},
        "profile": {"entries": cut},
    }
    layout = {"format": "jsonl", "columns": typed}
    (found,) = (
        Corpus.open(declared(tmp_path, "talks.jsonl", layout, columns)).to_arrow("examples").to_pylist()
    )
    nothing = dict.fromkeys(["id", "title", "timestamp"])
    assert found["profile"] == [{**nothing, "text": "I like tea", "label": "user"}]
    path.write_text(json.dumps(row | {"seen": 3}))
    with pytest.raises(InputError, match=r"column 'seen': expected a number of entries"):
        declared(tmp_path, "talks.jsonl", layout, columns)
    for wrong, words in (
        ({"of": "talk", "fields": {"text": "words"}}, r"text is of type string, words of no type"),
        ({"of": "talk", "fields": {"said": "content"}}, r"entries: there is no field 'said'"),
        (
            {"of": "q", "fields": {"text": "content"}},
            r"entries makes structs of structs; string cannot become",
        ),
    ):
        with pytest.raises(InputError, match=words):
            declared(tmp_path, "talks.jsonl", layout, columns | {"profile": {"entries": wrong}})


def test_either_needs_to_know_which_rows_are_turned(home: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text('{"id": "1"}')
    columns = {
        "example_id": "id",
        "input": "id",
        "options": {"list": ["id", "id"]},
        "target": {"either": ["a", "b"]},
    }
    with pytest.raises(InputError, match="turned"):
        declared(tmp_path, "pairs.jsonl", {"format": "jsonl", "columns": ["id"]}, columns)


def test_scores_by_query_type_and_by_tier(home: Path) -> None:
    build(load_card("personamem-32k"), FIXTURES / "personamem-32k", allow_partial=True)
    task = recdata.task("personamem-32k/profile-full")
    answers = {"q-late": "<final_answer>(b)", "q-early": "(a) or (b)", "q-none": "Surely (d)."}
    result = recdata.score(task, answers, by="question_type")
    assert result.metrics["Accuracy"] == pytest.approx(2 / 3)
    assert result.document["counts"]["unparsable"] == 1
    found = {each["name"]: each["metrics"]["Accuracy"]["mean"] for each in result.document["slices"]}
    assert found == {
        "question_type=recall_user_shared_facts": 0.0,
        "question_type=suggest_new_ideas": 1.0,
        "question_type=track_full_preference_evolution": 1.0,
    }
    build(load_card("personafeedback"), FIXTURES / "personafeedback", allow_partial=True)
    task = recdata.task("personafeedback/profile-none")
    result = recdata.score(task, dict.fromkeys(task.ids().to_pylist(), "B"), by="tier,track")
    found = {each["name"]: each["metrics"]["Accuracy"]["mean"] for each in result.document["slices"]}
    assert found == {
        "tier=easy": 0.5,
        "tier=hard": 1.0,
        "tier=medium": 1.0,
        "track=general": pytest.approx(2 / 3),
        "track=specific": 1.0,
    }
