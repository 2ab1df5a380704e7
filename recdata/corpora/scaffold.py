"""A new corpus from a few answers: its card, a fixture with made-up rows, what must come of them, and a test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from recdata.corpora.expressions import UNITS
from recdata.corpora.layouts import DEFAULTS
from recdata.errors import InputError
from recdata.schema.documents import check
from recdata.store.atomic import atomic_file

_SOME_TIME = datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Answers:
    """What is asked of a new corpus, one delimited file of interactions.

    columns: the file's columns, in order; user, item, rating, time: which of them are those. epoch or time_format: how
    a time is written. licence: as in a card. citation: BibTeX, made from title and homepage where it is None.
    """

    name: str
    title: str
    homepage: str
    licence: Mapping[str, Any]
    file: str
    columns: Sequence[str]
    user: str
    item: str
    event: str
    description: str = ""
    format: str = "csv"
    delimiter: str | None = None
    encoding: str = "utf-8"
    header: bool = True
    rating: str | None = None
    time: str | None = None
    epoch: str | None = None
    time_format: str | None = None
    citation: str | None = None


def card_document(answers: Answers) -> dict[str, Any]:
    """Return the card. Raises InputError where it would not be one, or a column is not one of the file's."""
    for role in ("user", "item", "rating", "time"):
        column = getattr(answers, role)
        if column is not None and column not in answers.columns:
            raise InputError(f"--{role} {column}: the file's columns are {', '.join(answers.columns)}")
    if (answers.time is None) != (answers.epoch is None and answers.time_format is None):
        raise InputError("--time needs --epoch (s, ms, us) or --time-format, and they need --time")
    layout: dict[str, Any] = {
        "format": answers.format,
        "columns": {c: _type(c, answers) for c in answers.columns},
    }
    if answers.delimiter is not None:
        layout["delimiter"] = answers.delimiter
    if not answers.header:
        layout["header"] = False
    if answers.encoding != "utf-8":
        layout["encoding"] = answers.encoding
    columns: dict[str, Any] = {"user_id": answers.user, "item_id": answers.item}
    if answers.time is not None:
        how = {"epoch": answers.epoch} if answers.epoch else {"time": answers.time_format}
        columns["timestamp"] = {"column": answers.time, **how}
    if answers.rating is not None:
        columns["rating"] = answers.rating
    columns["event"] = {"constant": answers.event}
    document = {
        "name": answers.name,
        "version": "1.0.0",
        "title": answers.title,
        "description": answers.description or f"{answers.title}, as published at its homepage.",
        "homepage": answers.homepage,
        "family": "declared",
        "licence": dict(answers.licence),
        "citation": answers.citation or _citation(answers),
        "files": {"interactions": [f"{answers.name}/{answers.file}", answers.file]},
        "expected": {},
        "options": {
            "files": {"interactions": layout},
            "records": {"interactions": {"from": "interactions", "columns": columns}},
        },
    }
    check(document, "card", f"the card of {answers.name}")
    return document


def _type(column: str, answers: Answers) -> str:
    if column == answers.rating:
        return "float64"
    return "int64" if column == answers.time and answers.epoch else "string"


def _citation(answers: Answers) -> str:
    key = answers.name.replace("-", "")
    return f"@misc{{{key},\n  title = {{{answers.title}}},\n  url = {{{answers.homepage}}},\n  year = {{n.d.}}\n}}\n"


def fixture_text(answers: Answers) -> str:
    """Return a raw file with three made-up rows in the corpus's format."""
    delimiter = answers.delimiter or DEFAULTS[answers.format][0]
    lines = [delimiter.join(answers.columns)] if answers.header else []
    for place, (user, item, rating) in enumerate((("u1", "i1", "5"), ("u1", "i2", "3"), ("u2", "i1", "4"))):
        known = {answers.user: user, answers.item: item}
        if answers.rating is not None:
            known[answers.rating] = rating
        if answers.time is not None:
            known[answers.time] = _time(answers, place)
        lines.append(delimiter.join(known.get(column, "x") for column in answers.columns))
    return "\n".join(lines) + "\n"


def _time(answers: Answers, day: int) -> str:
    moment = _SOME_TIME.replace(day=_SOME_TIME.day + day)
    if answers.epoch is not None:
        return str(int(moment.timestamp()) * 1_000_000 // UNITS[answers.epoch])
    return moment.isoformat() if answers.time_format == "iso" else moment.strftime(str(answers.time_format))


def expected_rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a built corpus by record kind, without what is null, times in ISO 8601."""
    from recdata.corpora.corpus import Corpus

    corpus = Corpus.open(folder)
    return {
        kind: [
            {c: v.isoformat() if isinstance(v, datetime) else v for c, v in row.items() if v is not None}
            for row in corpus.to_arrow(kind).to_pylist()
        ]
        for kind in corpus.kinds
    }


def write_corpus(answers: Answers, folder: Path) -> list[Path]:
    """Write the files of a new corpus and return their paths.

    folder: a checkout of recdata, where the card goes to ``cards/`` and the fixture to the fixtures that one test runs
    through; or any other, where all goes into a folder of the corpus's name, a test with it. Raises InputError where a file
    is there already, or where the card does not read its own fixture.
    """
    checkout = (folder / "cards").is_dir() and (folder / "tests" / "corpora" / "fixtures").is_dir()
    if checkout:
        card = folder / "cards" / f"{answers.name}.yaml"
        fixture = folder / "tests" / "corpora" / "fixtures" / answers.name
    else:
        card, fixture = folder / answers.name / "card.yaml", folder / answers.name / "fixture"
    texts = {card: _yaml(card_document(answers)), fixture / answers.file: fixture_text(answers)}
    if not checkout:
        texts[folder / answers.name / f"test_{answers.name.replace('-', '_')}.py"] = _TEST
    for path in (*texts, fixture / "expected.json"):
        if path.exists():
            raise InputError(f"{path} is there already")
    texts[fixture / "expected.json"] = _expected(answers, texts[card], texts[fixture / answers.file])
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as work:
            work.write_text(text, encoding=answers.encoding if path.name == answers.file else "utf-8")
    return list(texts)


def _expected(answers: Answers, card: str, raw: str) -> str:
    """Build the fixture in a store that is thrown away, and return what came of it."""
    import tempfile

    from recdata.corpora.build import build
    from recdata.sources.cards import read_own_card

    with tempfile.TemporaryDirectory(prefix="recdata-new-") as scratch:
        path, file = Path(scratch) / "card.yaml", Path(scratch) / answers.file
        path.write_text(card, encoding="utf-8")
        file.write_text(raw, encoding=answers.encoding)
        folder = build(read_own_card(path), file, allow_partial=True, folder=Path(scratch) / "built")
        rows = expected_rows(folder)
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _yaml(document: Mapping[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as they are."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120))


_TEST = '''"""The corpus of card.yaml: what comes of the fixture's raw files is what expected.json says."""

import json
from pathlib import Path

from recdata.corpora.build import build
from recdata.corpora.scaffold import expected_rows
from recdata.sources.cards import read_own_card

HERE = Path(__file__).parent


def test_what_comes_of_the_fixture(tmp_path, monkeypatch):
    monkeypatch.setenv("RECDATA_HOME", str(tmp_path))
    folder = build(read_own_card(HERE / "card.yaml"), HERE / "fixture", allow_partial=True)
    assert expected_rows(folder) == json.loads((HERE / "fixture" / "expected.json").read_text(encoding="utf-8"))
'''
