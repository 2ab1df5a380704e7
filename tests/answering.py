"""Corpora of examples written by hand, as LaMP's files or as a card of one's own, and the tasks that are made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import recdata
from recdata.corpora.build import build
from recdata.protocol.answers import AnswerTask
from recdata.sources.cards import load_card, read_own_card

FIELDS = {
    1: ("title", "abstract"),
    2: ("description", "tag"),
    3: ("text", "score"),
    4: ("title", "text"),
    5: ("title", "abstract"),
    6: ("title", "text"),
    7: ("text",),
}
"""The fields of a profile in each of LaMP's tasks."""


def question(number: int, key: str, entries: int = 3, **more: str) -> dict[str, Any]:
    """Return a question of LaMP-``number`` whose profile has so many entries."""
    profile = [
        {"id": f"{key}-{place}", **{field: f"{field} {place}" for field in FIELDS[number]}, **more}
        for place in range(entries)
    ]
    return {"id": key, "input": f"question {key}", "profile": profile}


def write_part(
    folder: Path, number: int, part: str, questions: Sequence[Any], answers: Sequence[str] | None
) -> None:
    """Write a part of LaMP-``number`` as its publisher does; without answers there is no file of them."""
    folder.mkdir(exist_ok=True)
    (folder / f"{part}_questions.json").write_text(json.dumps(questions))
    if answers is not None:
        golds = [{"id": q["id"], "output": a} for q, a in zip(questions, answers, strict=True)]
        (folder / f"{part}_outputs.json").write_text(json.dumps({"task": f"LaMP_{number}", "golds": golds}))


def lamp_task(
    folder: Path, number: int, answers: Sequence[str], setting: str = "none", entries: int = 3
) -> AnswerTask:
    """Build LaMP-``number`` with examples q0, q1, ... for validation, and two for the test whose targets are hidden."""
    questions = [question(number, f"q{place}", entries) for place in range(len(answers))]
    write_part(folder, number, "train", questions[:1], answers[:1])
    write_part(folder, number, "dev", questions, answers)
    write_part(folder, number, "test", [question(number, "t0"), question(number, "t1")], None)
    build(load_card(f"lamp-{number}"), folder, allow_partial=True, rebuild=True)
    made = recdata.task(f"lamp-{number}/profile-{setting}", from_path=folder, allow_partial=True)
    assert isinstance(made, AnswerTask)
    return made


def golds(path: Path, number: int, answers: Mapping[str, Any]) -> Path:
    """Write answers in LaMP's layout."""
    rows = [{"id": key, "output": answer} for key, answer in answers.items()]
    path.write_text(json.dumps({"task": f"LaMP_{number}", "golds": rows}))
    return path


CARD = """
name: own-choices
version: 1.0.0
title: Choices of one's own
description: Questions with options.
homepage: https://example.org/
family: declared
licence: {spdx: CC0-1.0, may_redistribute: true}
citation: "@misc{own, title = {Own}}"
files:
  questions: [questions.jsonl]
expected: {}
answers:
  type: choice
  groups: [kind]
tables:
  examples:
    columns:
      - {name: part, type: string, about: the part}
      - {name: options, type: "list<string>", about: what is to be chosen from}
      - {name: kind, type: string, about: the kind of question}
options:
  files:
    questions:
      format: jsonl
      columns:
        id: string
        user: string
        text: string
        options: "list<string>"
        right: string
        kind: string
        profile: "list<struct<id: string, title: string, text: string, label: string, timestamp: timestamp>>"
  records:
    examples:
      from: questions
      columns:
        example_id: id
        user_id: user
        task: {constant: choices}
        input: text
        profile: profile
        target: right
        part: {constant: test}
        options: options
        kind: kind
"""


def choices_card(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write a card for multiple choice and its raw file to ``folder``; return the card's path."""
    folder.mkdir(exist_ok=True)
    whole = {
        "user": "u",
        "text": "which?",
        "options": ["one", "two", "three"],
        "kind": "plain",
        "profile": [],
    }
    lines = [json.dumps({**whole, **row}) for row in rows]
    (folder / "questions.jsonl").write_text("\n".join([*lines, ""]))
    (folder / "card.yaml").write_text(CARD)
    return folder / "card.yaml"


def choices_task(folder: Path, rows: Sequence[Mapping[str, Any]]) -> AnswerTask:
    """Build multiple choice from a card of one's own."""
    build(read_own_card(choices_card(folder, rows)), folder, allow_partial=True)
    made = recdata.task("own-choices/profile-none")
    assert isinstance(made, AnswerTask)
    return made
