"""Metrics of texts in chunks: the same values from one process and from several, a bar that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from recdata.errors import InputError
from recdata.metrics import text_pool
from recdata.metrics.answers import Texts
from recdata.metrics.spelling import parse
from recdata.metrics.text_extra import UnfitError

MANY = 6000


def texts(workers: int | None, many: int = MANY) -> Texts:
    gold = [f"text {number} of {number % 7} and {number % 11}" for number in range(many)]
    answer = [f"text {number} of {number % 5} or {number % 11}" for number in range(many)]
    return Texts(pa.array(gold, pa.large_string()), pa.array(answer, pa.large_string()), workers)


@pytest.mark.parametrize("measure", ["TokenF1", "ROUGE-L"])
def test_the_number_of_processes_changes_nothing(measure: str) -> None:
    pytest.importorskip("rouge_score")
    alone = parse(measure).values(texts(1))
    assert len(alone) == MANY
    assert alone.tobytes() == parse(measure).values(texts(2)).tobytes()


def test_as_many_processes_as_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Counted(text_pool.Processes):
        def __init__(self, workers: int) -> None:
            asked.append(workers)
            super().__init__(1)

    monkeypatch.setattr(text_pool, "Processes", Counted)
    monkeypatch.setenv("RECDATA_THREADS", "3")
    parse("ExactMatch").values(texts(None))
    parse("ExactMatch").values(texts(None, 100))
    assert asked == [3, 1], "a hundred pairs are not worth a process"


def test_chunks_are_cut_by_rows_and_size() -> None:
    gold = ["x"] * 1000 + ["y" * (1 << 20)] * 2 + ["z"]
    spans = list(text_pool._spans(Texts.of(gold, [""] * len(gold))))
    assert [end - start for start, end in spans] == [512, 488, 1, 1, 1]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(gold)


def _refusing(gold: Sequence[str], answer: Sequence[str]) -> np.ndarray:
    if "text 5000 " in " ".join(gold):
        raise UnfitError("no", [text.startswith("text 5000 ") for text in gold].index(True))
    return np.zeros(len(gold))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_pair_that_is_refused_is_named(workers: int) -> None:
    given = texts(workers)
    with pytest.raises(InputError, match=r"^a metric of pair 5000: no$"):
        text_pool.run(given, "a metric", _refusing)
    named = replace(given, ids=pa.array([f"q{number}" for number in range(MANY)]))
    some = named.take(np.arange(4900, 5100))
    with pytest.raises(InputError, match=r"^a metric of example 'q5000': no$"):
        text_pool.run(some, "a metric", _refusing)


def test_no_texts() -> None:
    assert parse("TokenF1").values(Texts.of([], [])).tolist() == []


def test_a_bar_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    moved: list[int] = []

    class Bar:
        def __init__(self, what: str, total: int) -> None:
            seen.append((what, total))

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *error: object) -> None:
            return None

        def update(self, rows: int) -> None:
            moved.append(rows)

    monkeypatch.setattr("recdata.corpora.progress.bar", Bar)
    parse("TokenF1").values(texts(2))
    assert seen == [("TokenF1", MANY)]
    assert sum(moved) == MANY
    assert len(moved) > 1
