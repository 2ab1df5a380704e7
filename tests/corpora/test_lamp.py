"""LaMP: every task's fields, answers that do not fit the questions, any order of questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError
from recdata.sources.cards import load_card

PROFILES = {
    1: ({"title": "T", "abstract": "A"}, {"title": "T", "text": "A"}),
    2: ({"tag": "comedy", "description": "D"}, {"text": "D", "label": "comedy"}),
    3: ({"score": "5", "text": "X"}, {"text": "X", "label": "5"}),
    4: ({"title": "T", "text": "X"}, {"title": "T", "text": "X"}),
    5: ({"title": "T", "abstract": "A"}, {"title": "T", "text": "A"}),
    6: ({"title": "T", "text": "X"}, {"title": "T", "text": "X"}),
    7: ({"text": "X"}, {"text": "X"}),
}


def corpus(name: str, folder: Path) -> Corpus:
    return Corpus.open(build(load_card(name), folder, allow_partial=True, rebuild=True))


def write(folder: Path, part: str, task: int, questions: Any, answers: dict[str, Any] | None = None) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{part}_questions.json").write_text(json.dumps(questions))
    if answers is not None:
        golds = [{"id": key, "output": value} for key, value in answers.items()]
        (folder / f"{part}_outputs.json").write_text(json.dumps({"task": f"LaMP_{task}", "golds": golds}))


def question(key: str, *profile: dict[str, str]) -> dict[str, Any]:
    return {"id": key, "input": f"question {key}", "profile": list(profile)}


@pytest.mark.parametrize("split", ["", "-time"])
@pytest.mark.parametrize("number", PROFILES)
def test_each_task_has_its_fields(home: Path, tmp_path: Path, number: int, split: str) -> None:
    raw, expected = PROFILES[number]
    write(
        tmp_path, "train", number, [question("1", {"id": "p", **raw, "date": "2020-02-29"})], {"1": "answer"}
    )
    (row,) = corpus(f"lamp-{number}{split}", tmp_path).to_arrow("examples").to_pylist()
    assert (row["task"], row["target"], row["part"]) == (f"LaMP_{number}", "answer", "train")
    (entry,) = row["profile"]
    assert {key: entry[key] for key in ("title", "text", "label") if entry[key] is not None} == expected
    assert (entry["id"], entry["date"], entry["timestamp"].year) == ("p", "2020-02-29", 2020)


def test_a_long_profile_comes_through(home: Path, tmp_path: Path) -> None:
    entries = [{"id": str(place), "text": "x" * 500, "score": "3"} for place in range(5_000)]
    questions = [question(str(key), *entries) for key in range(20)]
    write(tmp_path, "dev", 3, questions, {str(key): "1" for key in range(20)})
    table = corpus("lamp-3", tmp_path).to_arrow("examples")
    assert [len(profile) for profile in table.column("profile").to_pylist()] == [5_000] * 20
    assert set(table.column("part").to_pylist()) == {"valid"}


def test_the_order_of_questions_changes_nothing(home: Path, tmp_path: Path) -> None:
    questions = [question(str(key), {"id": "p", "text": str(key)}) for key in range(50)]
    answers = {str(key): str(key) for key in range(50)}
    write(tmp_path, "train", 7, questions, answers)
    first = corpus("lamp-7", tmp_path).fingerprint
    write(tmp_path, "train", 7, questions[::-1], dict(reversed(answers.items())))
    assert corpus("lamp-7", tmp_path).fingerprint == first


@pytest.mark.parametrize(
    ("questions", "answers", "words"),
    [
        ([question("1")], {"2": "x"}, "the answer '2' has no question|no answer to the question '1'"),
        ([question("1"), question("2")], {"1": "x"}, "no answer to the question '2'"),
        ([question("1")], {"1": 5}, "the output of id '1' is 5; expected a text in quotes"),
        ([{"id": "1", "profile": []}], {"1": "x"}, "line 1, column 'input': it is missing"),
        ([question("1"), question("1")], {"1": "x"}, r"keys \(task, example_id, part\) occur more than once"),
    ],
)
def test_what_is_wrong_is_named(
    home: Path, tmp_path: Path, questions: Any, answers: dict[str, Any], words: str
) -> None:
    write(tmp_path, "train", 1, questions, answers)
    with pytest.raises(InputError, match=words):
        corpus("lamp-1", tmp_path)


def test_answers_of_another_task_and_twice(home: Path, tmp_path: Path) -> None:
    write(tmp_path, "train", 2, [question("1")], {"1": "x"})
    with pytest.raises(InputError, match="the task is 'LaMP_2'; expected 'LaMP_1'"):
        corpus("lamp-1", tmp_path)
    golds = [{"id": "1", "output": "x"}] * 2
    (tmp_path / "train_outputs.json").write_text(json.dumps({"task": "LaMP_1", "golds": golds}))
    with pytest.raises(InputError, match="1 ids occur more than once"):
        corpus("lamp-1", tmp_path)
    (tmp_path / "train_outputs.json").write_text("[]")
    with pytest.raises(InputError, match=r"train_outputs\.json is not"):
        corpus("lamp-1", tmp_path)
