"""Self-consistency: what must hold between the metrics of one result, whatever the model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from recdata.errors import RecdataError
from recdata.metrics.spelling import Measure, parse

EXACT = 1e-12
"""How far means that were computed may be from what must hold: a few roundings."""
ROUNDED = 1.01e-3
"""The same for numbers that were copied from a page, with three decimals or more."""

_ONE = ("HR", "Recall", "Precision", "MRR", "nDCG", "MAP")
"""What is the same number at cutoff 1 where items are relevant or not (Recall: with one relevant item each)."""
_RISING = ("Recall", "HR", "MRR")
_BELOW_HR = ("Recall", "MRR", "nDCG", "MAP", "Precision")


def faults(
    metrics: Mapping[str, Mapping[str, Any]], one_relevant: bool = False, tolerance: float = EXACT
) -> list[str]:
    """Return what does not hold between ``metrics`` (of each its mean, standard error, population), in words.

    one_relevant: every user of the population has exactly one relevant item.

    >>> number = {"standard_error": None, "population": None}
    >>> faults({"Recall@5": {"mean": 0.3, **number}, "Recall@10": {"mean": 0.2, **number}})
    ['Recall@10 is 0.2, less than Recall@5, which is 0.3']
    """
    measures: list[tuple[Measure, float]] = []
    found: list[str] = []
    for name, entry in metrics.items():
        try:
            measures.append((parse(name), float(entry["mean"])))
        except RecdataError as error:
            found.append(str(error))
    found += _bounds(measures, metrics, tolerance)
    table: dict[str, dict[int | None, float]] = defaultdict(dict)
    for measure, mean in measures:
        if not measure.parameters:
            table[measure.definition.name][measure.cutoff] = mean
    found += _rises(table, one_relevant, tolerance)
    found += _ones(table, one_relevant, tolerance)
    found += _between(table, one_relevant, tolerance)
    return found


def _bounds(
    measures: list[tuple[Measure, float]], metrics: Mapping[str, Mapping[str, Any]], tolerance: float
) -> Iterator[str]:
    for measure, mean in measures:
        low, high = measure.definition.low, measure.definition.high
        if mean < low - tolerance or (high is not None and mean > high + tolerance):
            yield f"{measure} is {mean}, outside of {low:g} to {'infinity' if high is None else f'{high:g}'}"
            continue
        entry = metrics.get(str(measure), {})
        error, n = entry.get("standard_error"), entry.get("population")
        if error is not None and n is not None and n > 1 and (low, high) == (0.0, 1.0):
            largest = (mean * (1 - mean) / (n - 1)) ** 0.5 if 0 <= mean <= 1 else 0.0
            if error > largest + 1e-9:
                yield f"{measure} has a standard error of {error}; with this mean it is at most {largest}"
    of_lists, sizes = set[int](), set[int]()
    for measure, _ in measures:
        population = metrics.get(str(measure), {}).get("population")
        if population is not None:
            (of_lists if measure.definition.family == "beyond" else sizes).add(population)
    # What a list is made of is not averaged over users whose list is empty, who count 0 elsewhere.
    if sizes and of_lists and max(of_lists) > max(sizes):
        sizes |= of_lists
    if len(sizes) > 1:
        yield f"the metrics are means over different populations: {', '.join(map(str, sorted(sizes)))}"


def _rises(
    table: Mapping[str, Mapping[int | None, float]], one_relevant: bool, tolerance: float
) -> Iterator[str]:
    for name in (*_RISING, *(("nDCG", "MAP") if one_relevant else ())):
        cuts = sorted(table.get(name, {}).items(), key=lambda cut: float("inf") if cut[0] is None else cut[0])
        for (small, less), (large, more) in pairwise(cuts):
            if more < less - tolerance:
                yield f"{_spell(name, large)} is {more}, less than {_spell(name, small)}, which is {less}"


def _ones(
    table: Mapping[str, Mapping[int | None, float]], one_relevant: bool, tolerance: float
) -> Iterator[str]:
    names = [name for name in _ONE if 1 in table.get(name, {}) and (name != "Recall" or one_relevant)]
    for name in names[1:]:
        if abs(table[name][1] - table[names[0]][1]) > tolerance:
            yield f"{name}@1 is {table[name][1]} and {names[0]}@1 is {table[names[0]][1]}; they are the same at 1"


def _between(
    table: Mapping[str, Mapping[int | None, float]], one_relevant: bool, tolerance: float
) -> Iterator[str]:
    for cut, rate in table.get("HR", {}).items():
        for name in _BELOW_HR:
            mean = table.get(name, {}).get(cut)
            if mean is not None and mean > rate + tolerance:
                yield f"{_spell(name, cut)} is {mean}, more than {_spell('HR', cut)}, which is {rate}"
        first = table.get("MRR", {}).get(cut)
        if cut is not None and first is not None and first < rate / cut - tolerance:
            yield f"{_spell('MRR', cut)} is {first}, less than {_spell('HR', cut)} / {cut}, which is {rate / cut}"
        if one_relevant:
            same = table.get("Recall", {}).get(cut)
            if same is not None and abs(same - rate) > tolerance:
                yield f"{_spell('Recall', cut)} is {same} and {_spell('HR', cut)} {rate}; with one relevant item they agree"
    squared, absolute = table.get("RMSE", {}).get(None), table.get("MAE", {}).get(None)
    if squared is not None and absolute is not None and squared < absolute - tolerance:
        yield f"RMSE is {squared}, less than MAE, which is {absolute}"


def _spell(name: str, cut: int | None) -> str:
    return name if cut is None else f"{name}@{cut}"
