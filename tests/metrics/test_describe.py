"""Every metric is listed and explained, on the command line and for programs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from recdata.cli import cli
from recdata.errors import InputError
from recdata.metrics.definition import definitions
from recdata.metrics.describe import describe


def run(*arguments: str) -> str:
    outcome = CliRunner().invoke(cli, ["metrics", *arguments], catch_exceptions=False, standalone_mode=False)
    return outcome.stdout


def test_all_are_listed() -> None:
    lines = run().splitlines()
    assert lines[0].split()[:3] == ["metric", "family", "better"]
    assert {line.split("[")[0].split("@")[0].split()[0] for line in lines[1:]} == set(definitions())
    assert any(line.startswith("Precision@k ") for line in lines)
    documents = json.loads(run("--json"))
    assert [document["name"] for document in documents] == list(definitions())


def test_one_is_explained() -> None:
    shown = run("NDCG(gain=graded)@10")
    assert shown.startswith("nDCG(gain='graded')@10  (ranking; higher is better)")
    assert "gain = 'graded'  (or 'binary', 'exponential')" in shown
    assert ">>> ndcg(" in shown
    assert "Source: Järvelin" in shown
    assert "divided by: k, also where" in run("precision")
    assert json.loads(run("rbp", "--json"))["parameters"]["p"] == {"default": 0.8, "range": [0.0, 1.0]}
    with pytest.raises(InputError, match="did you mean nDCG"):
        run("ndgc")


def test_the_library_that_computes_it_is_said() -> None:
    pytest.importorskip("sacrebleu")
    assert "computed by: sacrebleu nrefs:1|" in run("bleu(tokenize=char)")
    assert "|tok:char|" in run("bleu(tokenize=char)")
    assert "pip install 'recdata[text]'" in run("rouge-l") or "computed by: rouge-score " in run("rouge-l")
    assert "computed by" not in run("accuracy")


def test_every_metric_has_a_title() -> None:
    for definition in definitions().values():
        assert 10 < len(describe(definition)["title"]) < 125, definition.name
