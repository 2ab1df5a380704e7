"""Scores of texts: every metric in one result, with the library, version and settings that computed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import recdata
from recdata.cli import cli
from recdata.errors import InputError, MissingError
from recdata.protocol.answers import AnswerTask
from recdata.scoring.score import score

GOLD = ["Rain in the north", "A sunny day", "Snow"]
ANSWERS = ["rain falls in the north", "a rainy day", "Snow "]
METRICS = "ROUGE-1,ROUGE-2,ROUGE-L,ROUGE-Lsum,BLEU,SentenceBLEU,chrF,SentenceChrF,METEOR,ExactMatch,TokenF1"


@pytest.fixture
def task(home: Path, tmp_path: Path) -> AnswerTask:
    questions = [{"id": str(place), "input": f"q: {place}", "profile": []} for place in range(3)]
    golds = [{"id": str(place), "output": text} for place, text in enumerate(GOLD)]
    (tmp_path / "dev_questions.json").write_text(json.dumps(questions))
    (tmp_path / "dev_outputs.json").write_text(json.dumps({"task": "LaMP_4", "golds": golds}))
    made = recdata.task("lamp-4/profile-none", from_path=tmp_path, allow_partial=True)
    assert isinstance(made, AnswerTask)
    return made


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    table = pa.table({"example_id": ["0", "1", "2"], "answer": ANSWERS})
    pq.write_table(table, tmp_path / "answers.parquet")
    return tmp_path / "answers.parquet"


def embed(texts: Sequence[str]) -> list[np.ndarray]:
    return [np.array([[len(word), word.count("n"), 1.0] for word in text.split()]) for text in texts]


def test_every_metric_stands_in_the_result_with_its_tool(task: AnswerTask, answers: Path) -> None:
    result = score(task, answers, metrics=METRICS, part="valid")
    assert list(result.metrics) == METRICS.split(",")
    tools = result.document["choices"]["tools"]
    assert set(METRICS.split(",")) - set(tools) == {"ExactMatch", "TokenF1"}
    assert "no stemming" in tools["ROUGE-L"]
    assert tools["BLEU"].startswith("sacrebleu nrefs:1|case:mixed|")
    assert result["ExactMatch"] == pytest.approx(1 / 3)
    values = result.per_user()
    assert "BLEU" not in values.column_names, "one number for all has no value of each example"
    assert values.column("SentenceBLEU").to_pylist()[2] == 100.0


def test_bert_score_of_embeddings_that_are_given(task: AnswerTask, answers: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="loads no model by itself"):
        score(task, answers, metrics="BERTScore", part="valid")
    result = score(task, answers, metrics="BERTScore", part="valid", embeddings=embed)
    assert result.document["choices"]["tools"] == {"BERTScore": "embeddings by a function of the caller"}
    assert result.per_user().column("BERTScore").to_pylist()[2] == 1.0

    texts = sorted({text.strip() for text in GOLD + ANSWERS})
    stored = pa.table({"text": texts, "embedding": [matrix.tolist() for matrix in embed(texts)]})
    pq.write_table(stored, tmp_path / "embeddings.parquet")
    arguments = ["score", task.name, str(answers), "--part", "valid", "--metrics", "BERTScore", "--json"]
    outcome = CliRunner().invoke(
        cli, [*arguments, "--embeddings", str(tmp_path / "embeddings.parquet")], catch_exceptions=False
    )
    document = json.loads(outcome.stdout)
    assert document["metrics"]["BERTScore"]["mean"] == result["BERTScore"]
    assert document["choices"]["tools"]["BERTScore"].startswith("embeddings of SHA-256 ")


def test_embeddings_are_for_tasks_over_examples(home: Path, tmp_path: Path) -> None:
    other = recdata.task("synth-small/loo-last")
    with pytest.raises(InputError, match="no metric of it reads embeddings"):
        score(other, tmp_path / "x", embeddings=embed)


def test_an_example_that_is_refused_is_named(
    task: AnswerTask, answers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recdata.metrics.text_extra.CELLS", 16)
    with pytest.raises(InputError, match="METEOR of example '0': 4 words are expected and 5 answered"):
        score(task, answers, metrics="METEOR", part="valid")
