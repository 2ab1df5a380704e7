"""Baselines of tasks over examples: what each answers, on small LaMP-shaped sets, and their scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import recdata
from recdata import baselines
from recdata.baselines._answers import Answerer
from recdata.cli import cli
from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask

TAGS = [
    {"id": "a", "description": "a space ship lands far away today", "tag": "sci-fi", "date": "2020-01-01"},
    {"id": "b", "description": "two people fall in love slowly", "tag": "romance", "date": "2020-03-01"},
    {"id": "c", "description": "another space battle rages on", "tag": "sci-fi", "date": "2020-02-01"},
]
STARS = [{"id": "a", "text": "fine", "score": "4"}, {"id": "b", "text": "poor", "score": "1"}]
NEWS = [
    {"id": "a", "title": "Rain again", "text": "it rains in the north"},
    {"id": "b", "title": "Sun at last", "text": "it shines in the south"},
    {"id": "c", "title": "Snow", "text": "no change"},
]


def make(
    folder: Path, number: int, train: Any, dev: Any, split: str = "", setting: str = "full"
) -> AnswerTask:
    """Build a LaMP task from rows (input, profile, output)."""
    for part, rows in (("train", train), ("dev", dev)):
        questions = [
            {"id": f"{part}{place}", "input": asked, "profile": profile}
            for place, (asked, profile, _) in enumerate(rows)
        ]
        golds = [{"id": f"{part}{place}", "output": output} for place, (_, _, output) in enumerate(rows)]
        (folder / f"{part}_questions.json").write_text(json.dumps(questions))
        (folder / f"{part}_outputs.json").write_text(json.dumps({"task": f"LaMP_{number}", "golds": golds}))
    task = recdata.task(f"lamp-{number}{split}/profile-{setting}", from_path=folder, allow_partial=True)
    assert isinstance(task, AnswerTask)
    return task


def answers(name: str, task: AnswerTask, folder: Path, **options: Any) -> list[str]:
    out = folder / f"{name}.parquet"
    assert baselines.run(name, task, out, part="valid", **options) == task.rows("valid")
    table = pq.read_table(out)
    assert table.schema.names == ["example_id", "answer"]
    assert table.column("example_id").combine_chunks().cast(pa.string()) == task.ids("valid").cast(
        pa.string()
    )
    return table.column("answer").to_pylist()


@pytest.fixture
def tags(home: Path, tmp_path: Path) -> AnswerTask:
    train = [
        ("q", [], tag)
        for tag in ("comedy", "romance", "comedy", "romance", "classic", "unheard of", "unheard of")
    ]
    dev = [("description: a love story of two", TAGS, "romance"), ("description: space", [], "comedy")]
    return make(tmp_path, 2, train, [*dev, *dev, *dev], "-time")


def test_labels(tags: AnswerTask, tmp_path: Path) -> None:
    # Comedy and romance are equally frequent; comedy comes first among the task's labels.
    assert answers("majority", tags, tmp_path) == ["comedy"] * 6
    assert answers("user-majority", tags, tmp_path) == ["sci-fi", "comedy"] * 3
    assert answers("copy-recent", tags, tmp_path) == ["romance", "comedy"] * 3
    assert answers("copy-bm25", tags, tmp_path) == ["romance", "comedy"] * 3
    result = recdata.score(tags, tmp_path / "copy-bm25.parquet", part="valid")
    assert result["Accuracy"] == 1.0


def test_numbers(home: Path, tmp_path: Path) -> None:
    train = [("q", [], "5"), ("q", [], "4"), ("q", [], "4"), ("q", [], "2")]
    dev = [("q", STARS, "4"), ("q", [], "1")]
    task = make(tmp_path, 3, train, dev)
    assert answers("mean-number", task, tmp_path) == ["3.75"] * 2
    assert answers("user-mean-number", task, tmp_path) == ["2.5", "3.75"]
    assert answers("majority", task, tmp_path) == ["4", "4"]
    assert answers("user-majority", task, tmp_path) == ["1", "4"]
    assert answers("copy-recent", task, tmp_path) == ["1", "4"]
    assert recdata.score(task, tmp_path / "user-mean-number.parquet", part="valid")["MAE"] == (1.5 + 2.75) / 2


def test_texts(home: Path, tmp_path: Path) -> None:
    question = "Generate a headline for the following article: it shines and shines: in the south of here"
    train = [("q: a", [], "one two three"), ("q: b", [], "one two three four"), ("q: c", [], "one")]
    task = make(tmp_path, 4, train, [(question, NEWS, "Sun"), ("no colon here", [], "x")])
    assert answers("copy-recent", task, tmp_path) == ["Snow", ""]
    assert answers("copy-bm25", task, tmp_path) == ["Sun at last", ""]
    assert answers("lead-words", task, tmp_path) == ["it shines and", "no colon here"]
    assert answers("lead-words", task, tmp_path, words=2) == ["it shines", "no colon"]
    assert recdata.score(task, tmp_path / "copy-bm25.parquet", part="valid")["ROUGE-1"] > 0
    with pytest.raises(InputError, match="words is -1"):
        answers("lead-words", task, tmp_path, words=-1)


def test_entries_without_a_title_are_copied_whole(home: Path, tmp_path: Path) -> None:
    task = make(tmp_path, 7, [("q", [], "x")], [("q", [{"id": "a", "text": "my words"}], "x")])
    assert answers("copy-recent", task, tmp_path) == ["my words"]


def test_copies_see_what_the_setting_shows(home: Path, tmp_path: Path) -> None:
    task = make(tmp_path, 4, [("q", [], "x")], [("q: shines", NEWS, "Sun")], setting="none")
    assert answers("copy-recent", task, tmp_path) == [""]


def test_nothing_to_learn_from(home: Path, tmp_path: Path) -> None:
    task = make(tmp_path, 3, [("q", [], "none")], [("q", [], "1")])
    with pytest.raises(InputError, match="no number in the training part"):
        answers("mean-number", task, tmp_path)
    with pytest.raises(InputError, match="no answer in the training part"):
        answers("majority", task, tmp_path)
    assert answers("copy-recent", task, tmp_path) == ["1"], "the lowest number"


def test_a_baseline_for_another_kind_is_refused(tags: AnswerTask, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="answers task of type label; made for it: copy-bm25, copy-recent, majority,"
    ):
        baselines.run("popularity", tags, tmp_path / "out.parquet")
    with pytest.raises(InputError, match="baseline lead-words is for answers tasks"):
        baselines.run("lead-words", tags, tmp_path / "out.parquet")
    with pytest.raises(InputError, match="has no option 'words'; it has none"):
        baselines.run("majority", tags, tmp_path / "out.parquet", words=3)
    with pytest.raises(InputError, match=r"ends with \.parquet"):
        baselines.run("majority", tags, tmp_path / "out.csv")
    news = make(tmp_path, 4, [("q", [], "x")], [("q: shines", NEWS, "Sun")])
    for value in ("x", True, 2.5):
        with pytest.raises(InputError, match=r"option words is .*expected a value of type int"):
            baselines.fit_answers("lead-words", news, words=value)
    assert all(issubclass(baselines.find(name), Answerer) for name in baselines.suited(tags))


def test_the_command_writes_answers_and_a_card(tags: AnswerTask, tmp_path: Path) -> None:
    out, card = tmp_path / "out.parquet", tmp_path / "card.json"
    arguments = ["baseline", "majority", tags.name, "-o", str(out), "--part", "valid", "--card", str(card)]
    outcome = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert "6 predictions of majority" in outcome.output
    assert pq.read_table(out).num_rows == 6
    assert json.loads(card.read_text())["baseline"] == "majority"
