"""Scores of answers: equal to LaMP's official evaluation, whose rules are written again here in plain Python."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answering import choices_task, golds, lamp_task

import recdata
from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask
from recdata.sources.cards import load_card

TAGS = load_card("lamp-2").answers or {}
WORDS = ["wine", "Wines", "a", "the", "red", "it's", "Straße", "2020", "-", "running"]


def official_labels(answers: Sequence[str], gold: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Accuracy and macro F1 over the known labels; an unknown answer is a label of its own that is not averaged."""
    codes = [
        [labels.index(each.strip()) if each.strip() in labels else -1 for each in side]
        for side in (answers, gold)
    ]
    pairs = list(zip(*codes, strict=True))
    f1 = []
    for label in range(len(labels)):
        true = sum(predicted == label == right for predicted, right in pairs)
        precise = sum(predicted == label for predicted, _ in pairs)
        recalled = sum(right == label for _, right in pairs)
        precision, recall = (true / n if n else 0.0 for n in (precise, recalled))
        f1.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    accuracy = sum(predicted == right for predicted, right in pairs) / len(pairs)
    return {"Accuracy": accuracy, "MacroF1": sum(f1) / len(f1)}


def official_numbers(answers: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    """MAE and RMSE; what float does not take becomes whichever of 1 and 5 is farther from the gold."""
    errors = []
    for answer, right in zip(answers, map(float, gold), strict=True):
        try:
            number = float(answer)
        except ValueError:
            number = 1.0 if abs(1 - right) > abs(5 - right) else 5.0
        errors.append(number - right)
    return {
        "MAE": sum(map(abs, errors)) / len(errors),
        "RMSE": math.sqrt(sum(error * error for error in errors) / len(errors)),
    }


def official_texts(answers: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    """ROUGE-1 and ROUGE-L, F-measure, no stemming, by rouge-score itself."""
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(
        ["rouge1", "rougeL"], use_stemmer=False
    )
    found = [scorer.score(right.strip(), answer.strip()) for answer, right in zip(answers, gold, strict=True)]
    return {
        name: sum(each[kind].fmeasure for each in found) / len(found)
        for name, kind in (("ROUGE-1", "rouge1"), ("ROUGE-L", "rougeL"))
    }


def plain_texts(answers: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    """The same from the formulas: shared words, and the longest common subsequence by its table."""

    def words(text: str) -> list[str]:
        kept = "".join(
            letter if letter in "abcdefghijklmnopqrstuvwxyz0123456789" else " " for letter in text.lower()
        )
        return kept.split()

    def measure(shared: int, answered: int, expected: int) -> float:
        return 2 * shared / (answered + expected) if shared else 0.0

    totals = Counter({"ROUGE-1": 0.0, "ROUGE-L": 0.0})
    for answer, right in zip(answers, gold, strict=True):
        one, other = words(answer), words(right)
        shared = sum((Counter(one) & Counter(other)).values())
        table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
        for row, column in itertools.product(range(len(one)), range(len(other))):
            table[row + 1][column + 1] = (
                table[row][column] + 1
                if one[row] == other[column]
                else max(table[row][column + 1], table[row + 1][column])
            )
        totals["ROUGE-1"] += measure(shared, len(one), len(other))
        totals["ROUGE-L"] += measure(table[-1][-1], len(one), len(other))
    return {name: total / len(gold) for name, total in totals.items()}


def sentences(seed: int, many: int) -> list[str]:
    drawn = random.Random(seed)
    return [" ".join(drawn.choices(WORDS, k=drawn.randrange(1, 9))) for _ in range(many)]


def case(number: int) -> tuple[list[str], list[str], Callable[[list[str], list[str]], dict[str, float]]]:
    """Return gold, answers with everything that may go wrong in them, and the official scorer."""
    drawn = random.Random(number)
    if number in (1, 2):
        labels = list(load_card(f"lamp-{number}").answers["labels"])  # type: ignore[index]
        gold = drawn.choices(labels[:-1], k=60)
        strange = ["", "[3]", labels[0].upper() + "!", f"  {labels[0]}\n", "x"]
        answers = [drawn.choice([right, drawn.choice(labels), drawn.choice(strange)]) for right in gold]
        return gold, answers, lambda a, g: official_labels(a, g, labels)
    if number == 3:
        gold = drawn.choices("12345", k=60)
        strange = ["", "five", "4.5", " 3\n", "1e0", "-2", "100", "3 stars", "٤", "1_0"]
        return gold, [drawn.choice([right, *strange]) for right in gold], official_numbers
    gold = sentences(number, 60)
    answers = [
        drawn.choice([right, other, f" {other} ", "", "…"])
        for right, other in zip(gold, sentences(9, 60), strict=True)
    ]
    return gold, answers, official_texts


@pytest.mark.parametrize("number", range(1, 8))
def test_scores_are_those_of_lamp(home: Path, tmp_path: Path, number: int) -> None:
    gold, answers, official = case(number)
    task = lamp_task(tmp_path / "raw", number, gold)
    path = golds(tmp_path / "p.json", number, {f"q{place}": answer for place, answer in enumerate(answers)})
    result = recdata.score(task, path, part="valid")
    expected = official(answers, gold)
    assert result.metrics.keys() == expected.keys()
    for name, value in expected.items():
        assert result[name] == pytest.approx(value, abs=1e-9, rel=0)
    if number > 3:
        for name, value in plain_texts(answers, gold).items():
            assert result[name] == pytest.approx(value, abs=1e-9, rel=0)
        assert "rouge-score" in result.document["choices"]["tools"]["ROUGE-1"]
        assert "no stemming" in result.document["choices"]["tools"]["ROUGE-L"]
    else:
        wrong = sum(
            official([each], [right])[task.primary] == 0 for each, right in zip(answers, gold, strict=True)
        )
        assert 0 < result.document["counts"]["unparsable"] < wrong + len(answers)
        assert "could not be read" in str(result)
    assert result.document["counts"]["population"] == 60


def test_a_second_opinion_by_scikit_learn(home: Path, tmp_path: Path) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    gold, answers, _ = case(2)
    labels = list(TAGS["labels"])
    codes = [
        [labels.index(each.strip()) if each.strip() in labels else -1 for each in side]
        for side in (gold, answers)
    ]
    expected = metrics.f1_score(*codes, labels=range(len(labels)), average="macro")
    task = lamp_task(tmp_path / "raw", 2, gold)
    path = golds(tmp_path / "p.json", 2, {f"q{place}": answer for place, answer in enumerate(answers)})
    assert recdata.score(task, path, part="valid")["MacroF1"] == pytest.approx(expected, abs=1e-12)


def every_format(folder: Path, answers: dict[str, str]) -> list[Any]:
    frame = pd.DataFrame({"example_id": list(answers), "answer": list(answers.values())})
    frame.to_csv(folder / "a.csv", index=False)
    frame.iloc[::-1].to_csv(folder / "a.tsv.gz", index=False, sep="\t")
    frame.rename(columns={"example_id": "id", "answer": "output"}).to_json(
        folder / "a.jsonl", orient="records", lines=True
    )
    frame.iloc[::-1].to_parquet(folder / "a.parquet")
    table = pa.table(
        {"example_id": list(answers), "answer": pa.array(list(answers.values())).dictionary_encode()}
    )
    pq.write_table(table, folder / "b.parquet", row_group_size=2)
    (folder / "a.json").write_text(
        json.dumps(
            {"golds": [{"output": a, "id": k} for k, a in answers.items()], "task": "LaMP_7"}, indent=2
        )
    )
    names = ["a.csv", "a.tsv.gz", "a.jsonl", "a.parquet", "b.parquet", "a.json"]
    return [*(folder / name for name in names), frame, table, answers, frame.to_dict("list")]


def test_every_format_gives_the_same_bits(home: Path, tmp_path: Path) -> None:
    gold = sentences(1, 12)
    answers = [
        "plain",
        'quoted "words", with\na line break',
        "tab\tinside",
        "שלום \u202e right to left",
        "",
        *sentences(2, 7),
    ]
    task = lamp_task(tmp_path / "raw", 7, gold)
    given = {f"q{place}": answer for place, answer in enumerate(answers)}
    results = [recdata.score(task, each, part="valid") for each in every_format(tmp_path, given)]
    assert {json.dumps(result.document["metrics"]) for result in results} == {
        json.dumps(results[0].document["metrics"])
    }
    tables = [result.per_user() for result in results]
    assert all(table.equals(tables[0]) for table in tables)
    formats = [result.document["predictions"]["format"] for result in results]
    assert formats == [
        "csv",
        "tsv+gz",
        "jsonl",
        "parquet",
        "parquet",
        "lamp",
        "table",
        "table",
        "table",
        "table",
    ]
    assert len({result.document["predictions"]["sha256"] for result in results[6:]}) == 1
    assert {result.document["counts"]["empty"] for result in results} == {1}


def test_values_of_each_example(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, ["1", "2", "5", "4"])
    answers = {"q3": "1", "q2": "4", "q1": "2", "q0": "x"}
    result = recdata.score(task, answers, part="valid", per_user=tmp_path / "v.parquet")
    assert pq.read_table(tmp_path / "v.parquet").to_pydict() == {
        "example_id": ["q0", "q1", "q2", "q3"],
        "MAE": [4, 0, 1, 3],
        "RMSE": [4, 0, 1, 3],
    }
    assert result["mae"] == 2
    assert result["RMSE"] == math.sqrt(26 / 4)
    result.save(tmp_path / "result.json")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_without_a_square_are_refused(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, ["1", "5"])
    answers = {"q0": "1e308", "q1": "1e308"}
    for metric in ("MAE", "RMSE"):
        with pytest.raises(InputError, match=f"{metric} of these predictions is beyond the largest number"):
            recdata.score(task, answers, part="valid", metrics=metric)


def test_choices_and_their_groups(home: Path, tmp_path: Path) -> None:
    rows = [
        {"id": "1", "right": "(a)", "kind": "recall", "user": "x"},
        {"id": "2", "right": "B", "kind": "recall", "user": "y"},
        {"id": "3", "right": "c", "kind": "update", "user": "x"},
        {"id": "4", "right": "a", "kind": "update", "options": ["yes", "no"], "user": "y"},
    ]
    task = choices_task(tmp_path / "raw", rows)
    # The last example has two options: c is none of them.
    result = recdata.score(task, {"1": "A", "2": "(b).", "3": "I think c", "4": "c"}, by="all,user_id")
    assert result.metrics == {"Accuracy": 0.5}
    assert result.document["counts"]["unparsable"] == 2
    found = {each["name"]: each["metrics"]["Accuracy"]["mean"] for each in result.document["slices"]}
    assert found == {"kind=recall": 1.0, "kind=update": 0.0, "user_id=x": 0.5, "user_id=y": 0.5}
    assert [each["units"] for each in result.document["slices"]] == [2, 2, 2, 2]
    assert result.findings.counts == {"unparsable-answer": 2}
    result.save(tmp_path / "result.json")
    whole = recdata.score(
        task, {"1": "A", "2": "(b).", "3": "I think c", "4": "c"}, metrics="MacroF1", by="kind"
    )
    # Of the letters a, b and c, which is all that there are, a (2/3) and b (1) are found.
    assert whole["MacroF1"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert [each["metrics"]["MacroF1"]["population"] for each in whole.document["slices"]] == [2, 2]


def test_what_cannot_be_scored(home: Path, tmp_path: Path) -> None:
    task = lamp_task(tmp_path / "raw", 3, ["1", "2"])
    answers = {"q0": "1", "q1": "1"}
    for words, options in (
        ("keeps the targets of 2 of the 2 examples.*recdata submission", {}),
        ("nDCG@10 is a ranking metric", {"part": "valid", "metrics": "nDCG@10"}),
        ("ROUGE-1 is a text metric.*type number", {"part": "valid", "metrics": "ROUGE-1"}),
        ("no conventions to choose from", {"part": "valid", "convention": "ranx"}),
        ("no column 'colour' to slice by", {"part": "valid", "by": "colour"}),
        ("no slices are named.*no groups", {"part": "valid", "by": "all"}),
        ("test or valid, not 'train'", {"part": "train"}),
    ):
        with pytest.raises(InputError, match=words):
            recdata.score(task, answers, **options)
    ranked = recdata.task("synth-small/loo-last")
    with pytest.raises(InputError, match="Accuracy is a label metric"):
        recdata.score(ranked, answers, metrics="Accuracy")


def test_targets_that_the_card_does_not_know(home: Path, tmp_path: Path) -> None:
    for number, gold, words in ((1, "[7]", "none of the card's labels"), (3, "many", "is no number")):
        task = lamp_task(tmp_path / f"raw{number}", number, [gold])
        assert isinstance(task, AnswerTask)
        with pytest.raises(InputError, match=words):
            recdata.score(task, {"q0": "1"}, part="valid")
