"""Prompts: the same bytes from whichever task, settings as protocols have them, templates that are wrong told."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import recdata
from recdata.cli import cli
from recdata.errors import InputError, MissingError
from recdata.prompts.template import load
from recdata.prompts.write import RETRIEVERS, setting_of, write_prompts
from recdata.protocol.answers import Answers, AnswerTask

PROFILE = [
    {"id": str(place), "text": f"review {place} of {word} {{braces}}", "score": str(1 + place % 5)}
    for place, word in enumerate(["books", "films", "a chair", "tea", "ünïcode \u202e", "films again"])
]
QUESTIONS = [
    ("How many stars for films?", PROFILE),
    ("How many stars for tea?", PROFILE[:2]),
    ("Nothing known", []),
]


@pytest.fixture
def raw(home: Path, tmp_path: Path) -> Path:
    for part in ("train", "dev"):
        questions = [
            {"id": f"{part}{place}", "input": asked, "profile": profile}
            for place, (asked, profile) in enumerate(QUESTIONS)
        ]
        golds = [{"id": f"{part}{place}", "output": "4"} for place in range(len(QUESTIONS))]
        (tmp_path / f"{part}_questions.json").write_text(json.dumps(questions))
        (tmp_path / f"{part}_outputs.json").write_text(json.dumps({"task": "LaMP_3", "golds": golds}))
    recdata.task("lamp-3/profile-full", from_path=tmp_path, allow_partial=True)
    return tmp_path


def task(setting: str) -> AnswerTask:
    found = recdata.task(f"lamp-3/profile-{setting}")
    assert isinstance(found, AnswerTask)
    return found


def prompts(out: Path) -> list[str]:
    return [json.loads(line)["prompt"] for line in out.read_text(encoding="utf-8").splitlines()]


def test_the_template_s_words(raw: Path) -> None:
    manifest = write_prompts(task("none"), raw / "out.jsonl", load(), "valid")
    first = (raw / "out.jsonl").read_bytes().splitlines(keepends=True)[0]
    assert first == (
        b'{"example_id":"dev0","prompt":"Question:\\nHow many stars for films?\\n\\n'
        b'Answer with a number from 1 to 5 and nothing else."}\n'
    )
    assert manifest["prompts"] == 3
    assert manifest["sha256"] == hashlib.sha256((raw / "out.jsonl").read_bytes()).hexdigest()
    assert json.loads((raw / "out.jsonl.manifest.json").read_text()) == manifest


def test_entries_stand_in_the_order_in_which_they_are_shown(raw: Path) -> None:
    write_prompts(task("recent-4"), raw / "out.jsonl", load(), "valid")
    shown = prompts(raw / "out.jsonl")
    assert shown[0].startswith(
        "What the person who asks wrote or chose before (4 shown):\n\n"
        "[1]\nText: review 5 of films again {braces}\nLabel: 1\n\n"
        "[2]\nText: review 4 of ünïcode \u202e {braces}\nLabel: 5\n\n"
    )
    assert "(2 shown)" in shown[1]
    assert shown[2].startswith("Question:")


@pytest.mark.parametrize(
    ("retriever", "setting"), [("bm25", "bm25-4"), ("recency", "recent-4"), ("random", "random-4")]
)
def test_full_profiles_give_the_same_bytes_as_the_setting_s_own_task(
    raw: Path, retriever: str, setting: str
) -> None:
    own = write_prompts(task(setting), raw / "own.jsonl", load(), "valid")
    taken = write_prompts(task("full"), raw / "taken.jsonl", load(), "valid", setting_of(retriever, 4))
    assert (raw / "own.jsonl").read_bytes() == (raw / "taken.jsonl").read_bytes()
    assert own == taken
    assert ("retriever" in own) == (retriever == "bm25")
    if retriever == "bm25":
        assert own["retriever"].endswith(f"; rank-bm25 {metadata.version('rank-bm25')}")


def test_the_bytes_of_the_shipped_template_are_pinned() -> None:
    """Where this fails, the template says something else: it needs a new version."""
    answers = {
        "label": Answers("label", ("yes", "no")),
        "number": Answers("number", low=1, high=5),
        "text": Answers("text"),
        "choice": Answers("choice"),
    }
    entry = {"id": "e", "title": "A title", "text": "A text", "label": "A label"}
    rendered = [
        load("neutral@1").render([entry, {"text": "x"}], "Why?", ["this", "that"], each)
        for each in answers.values()
    ]
    digest = hashlib.sha256("\n".join(rendered).encode()).hexdigest()
    assert digest == "7d46f72a282b2289a7d995bcd59ff753b97fb0ae195088c59e45511cc7c79001"
    assert rendered[0].endswith("Answer with one of these labels and nothing else: yes | no")
    assert "Options:\n(a) this\n(b) that\n\n" in rendered[3]


def test_a_task_without_the_entries_is_refused(raw: Path) -> None:
    with pytest.raises(InputError, match="does not have the full profiles"):
        write_prompts(task("none"), raw / "out.jsonl", load(), "valid", setting_of("bm25", 4))


def test_retrievers_and_their_numbers() -> None:
    assert {name: setting_of(name, 2) for name in ("bm25", "recency", "random")} == {
        "bm25": {"bm25": {"k": 2}},
        "recency": {"recent": {"k": 2}},
        "random": {"random": {"k": 2}},
    }
    assert setting_of("full", None) == {"full": {}}
    for name in RETRIEVERS:
        with pytest.raises(InputError, match=r"takes no number|needs --k"):
            setting_of(name, 4 if name in ("none", "full") else None)
    with pytest.raises(InputError, match="there is no retriever 'dense'"):
        setting_of("dense", 4)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["prompts", *map(str, arguments)], catch_exceptions=False)


def test_the_command(raw: Path) -> None:
    out = raw / "out.jsonl"
    own = json.loads(run("lamp-3/profile-bm25-4", "-o", out, "--part", "valid", "--json").stdout)
    assert own["setting"] == {"bm25": {"k": 4}}
    assert "films" in prompts(out)[0]
    # Of a task that shows nothing, the entries come from the corpus's full profiles.
    other = json.loads(
        run(
            "lamp-3/profile-none", "--retriever", "bm25", "--k", 4, "-o", out, "--part", "valid", "--json"
        ).stdout
    )
    assert other == own


def test_the_command_refuses_what_makes_no_sense(raw: Path) -> None:
    for arguments, words in (
        (("lamp-3/profile-none", "-o", raw / "x", "--k", 4), "--k is for a --retriever"),
        (("lamp-3/profile-none", "-o", raw / "x", "--retriever", "bm25"), "needs --k"),
        (("synth-small/loo-last", "-o", raw / "x"), "prompts are made of tasks over examples"),
    ):
        with pytest.raises(InputError, match=words):
            CliRunner().invoke(
                cli, ["prompts", *map(str, arguments)], catch_exceptions=False, standalone_mode=False
            )


def test_a_template_of_one_s_own(raw: Path) -> None:
    text = (Path(recdata.__file__).parent / "prompts" / "templates" / "neutral@1.yaml").read_text(
        encoding="utf-8"
    )
    own = raw / "own.yaml"
    own.write_text(
        text.replace("name: neutral", "name: own").replace("Question:", "{{Q}}:"), encoding="utf-8"
    )
    manifest = write_prompts(task("none"), raw / "out.jsonl", load(own), "valid")
    assert prompts(raw / "out.jsonl")[0].startswith("{Q}:\nHow many")
    assert manifest["template"]["name"] == "own@1"
    assert manifest["template"]["sha256"] != load().sha256


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{input}", "{inputs}", r"question: \{inputs\} has no meaning here; expected \{input\}"),
        ("{input}", "{input!r}", "has no meaning here"),
        ("{input}", "{input", "braces themselves are written"),
        ("Options:", "{input}", r"options\.head: .*expected no places in braces"),
        ('tail: ""', 'tale: ""', "'tale'"),
        ("version: 1", "version: one", "is not of type integer"),
    ],
)
def test_templates_that_are_wrong(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (Path(recdata.__file__).parent / "prompts" / "templates" / "neutral@1.yaml").read_text(
        encoding="utf-8"
    )
    assert old in text
    (tmp_path / "bad.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        load(tmp_path / "bad.yaml")


def test_templates_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="there are neutral@1"):
        load("lamp")
    with pytest.raises(MissingError, match="no file"):
        load(tmp_path / "absent.yaml")
