"""The pool: the same values from one process and from several, errors and deaths told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recdata.errors import InputError, ResourceError
from recdata.metrics import text_pool
from recdata.metrics.answers import Texts
from recdata.metrics.spelling import parse

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


def test_processes_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def spread(*arguments: Any) -> None:
        asked.append(len(arguments[2]))
        spread_before(*arguments)

    spread_before = text_pool._spread
    monkeypatch.setattr(text_pool, "_spread", spread)
    monkeypatch.setenv("RECDATA_THREADS", "3")
    parse("ExactMatch").values(texts(None))
    assert asked == [3]
    parse("ExactMatch").values(texts(None, 100))
    assert asked == [3], "a hundred pairs are not worth a process"


def test_an_error_in_a_process_is_raised_here() -> None:
    with pytest.raises(InputError, match="this is refused"):
        text_pool.run(texts(2), "refusing", refuse)


def refuse(gold: Sequence[str], answer: Sequence[str]) -> np.ndarray[Any, Any]:
    raise InputError("this is refused")


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(ResourceError, match="RECDATA_THREADS=1"):
        text_pool.run(texts(2), "dying", die)


def die(gold: Sequence[str], answer: Sequence[str]) -> np.ndarray[Any, Any]:
    os._exit(3)


def test_where_no_process_starts_this_one_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_pool.sys, "executable", "/no/such/python")
    assert len(parse("TokenF1").values(texts(2))) == MANY


def test_chunks_are_cut_by_rows_and_size() -> None:
    gold = ["x"] * 1000 + ["y" * (1 << 20)] * 2 + ["z"]
    spans = list(text_pool._chunks(Texts.of(gold, [""] * len(gold))))
    assert [end - start for start, end in spans] == [512, 488, 1, 1, 1]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(gold)


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
