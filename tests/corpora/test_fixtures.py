"""Every corpus with a fixture, raw files made by hand beside what must come of them: one test for all.

A fixture is a folder of the corpus's name with an expected.json: for each record kind its rows in canonical order, without
the columns that are null.
"""

from __future__ import annotations

import json
import random
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.sources.cards import load_card, plain_card_names

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.parent.name for path in FIXTURES.glob("*/expected.json"))
DECLARED = [name for name in NAMES if load_card(name).family == "declared"]
"""Those whose cards say what a row of a raw file is."""


def built(name: str, folder: Path) -> Corpus:
    return Corpus.open(build(load_card(name), folder, allow_partial=True, rebuild=True))


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_of_the_raw_files(home: Path, name: str) -> None:
    corpus = built(name, FIXTURES / name)
    rows = {
        kind: [
            {column: plain(value) for column, value in row.items() if value is not None}
            for row in corpus.to_arrow(kind).to_pylist()
        ]
        for kind in corpus.kinds
    }
    assert rows == json.loads((FIXTURES / name / "expected.json").read_text(encoding="utf-8"))
    assert corpus.manifest["partial"]


@pytest.mark.parametrize("name", DECLARED)
def test_the_order_of_raw_rows_changes_nothing(home: Path, tmp_path: Path, name: str) -> None:
    card = load_card(name)
    layouts = {
        pattern: card.options["files"][file]
        for file, wanted in card.files.items()
        for pattern in wanted.accept
    }
    folder = tmp_path / name
    shutil.copytree(FIXTURES / name, folder)
    for path in folder.rglob("*.*"):
        layout = next((each for pattern, each in layouts.items() if path.match(pattern)), None)
        if layout is not None and layout["format"] in ("csv", "tsv", "jsonl"):
            if path.read_bytes().startswith(b"["):
                objects = json.loads(path.read_bytes())
                random.Random(1).shuffle(objects)
                path.write_text(json.dumps(objects, indent=2), encoding="utf-8")
                continue
            lines = path.read_bytes().splitlines(keepends=True)
            first = 1 if layout["format"] != "jsonl" and layout.get("header", True) else 0
            rest = lines[first:]
            random.Random(1).shuffle(rest)
            path.write_bytes(b"".join(lines[:first] + rest))
    assert built(name, folder).fingerprint == built(name, FIXTURES / name).fingerprint


def test_every_declared_corpus_has_a_fixture() -> None:
    declared = {name for name in plain_card_names() if load_card(name).family == "declared"}
    assert declared <= set(DECLARED)
