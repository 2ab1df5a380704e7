"""From judgements to a document: means by judge, agreement, preferences. Its kind keeps it apart from results."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from recdata.errors import InputError
from recdata.judgements.agreement import Level, Table, cohen_kappa, fleiss_kappa, krippendorff_alpha
from recdata.judgements.preferences import TOLERANCE, aggregate
from recdata.judgements.read import TIE, Judgements, Preference, Score
from recdata.metrics.kernel import summarise
from recdata.version import __version__

KIND = "judgements"
"""What tells such a document from a result; no ledger takes it."""

_MOST_PAIRS = 10_000
"""Of how many pairs of raters agreement is computed, those who judged the most together: with a crowd there are too many."""

_WEIGHTS = {"nominal": "none", "ordinal": "linear", "interval": "quadratic"}


def document_of(found: Judgements, level: Level | None = None) -> dict[str, Any]:
    """Return what the judgements of some files come to.

    level: of the scores, for alpha and weighted kappa; by default interval for numbers and nominal for labels and
    preferences. Raises InputError where labels are to be ordered.
    """
    labels = bool(found.preferences) or any(isinstance(one.score, str) for one in found.scores)
    level = level or ("nominal" if labels else "interval")
    if labels and level != "nominal":
        raise InputError(f"{level} agreement needs scores that are numbers; these are labels: take nominal")
    ratings = _ratings(found)
    document: dict[str, Any] = {
        "kind": KIND,
        "recdata": __version__,
        "files": found.files,
        "choices": {
            "level": level,
            "rater": "a judge's version",
            "unit": "an example, for each system or pair of systems, in the order shown",
            "mean": "over examples of the mean over judges; its standard error over examples",
            "ties": "half a win to both",
            "interval": "Wilson, 95 %",
            "bradley_terry": f"MM from equal strengths until no log strength changes by more than {TOLERANCE:g}",
        },
        "judges": [
            {"judge": judge, "version": version} for judge, version in sorted({rater for _, rater in ratings})
        ],
        "examples": len({unit[0] for unit, _ in ratings}),
    }
    if found.preferences:
        document["preferences"] = aggregate(found.preferences)
    elif not labels:
        document["scores"] = _means(found.scores)
    else:
        document["labels"] = _shares(found.scores)
    document["agreement"] = _agreement(ratings, level)
    return document


def _ratings(found: Judgements) -> dict[tuple[tuple[str, ...], tuple[str, str]], float | str]:
    """Return what each rater said of each unit."""
    ratings: dict[tuple[tuple[str, ...], tuple[str, str]], float | str] = {}
    for score in found.scores:
        ratings[(score.example, score.system), (score.judge, score.version)] = score.score
    for one in found.preferences:
        ratings[(one.example, one.first, one.second), (one.judge, one.version)] = _side(one)
    return ratings


def _side(one: Preference) -> str:
    return TIE if one.winner == TIE else ("first" if one.winner == one.first else "second")


def _agreement(
    ratings: dict[tuple[tuple[str, ...], tuple[str, str]], float | str], level: Level
) -> dict[str, Any]:
    raters = sorted({rater for _, rater in ratings})
    units = sorted({unit for unit, _ in ratings})
    values: list[Any] = sorted(set(ratings.values()))  # type: ignore[type-var]
    rows = {unit: place for place, unit in enumerate(units)}
    columns = {rater: place for place, rater in enumerate(raters)}
    codes = {value: place for place, value in enumerate(values)}
    table: Table = np.full((len(units), len(raters)), -1, dtype=np.int32)
    for (unit, rater), value in ratings.items():
        table[rows[unit], columns[rater]] = codes[value]
    shared = (table >= 0).sum(axis=1)
    names = [" ".join(rater).strip() for rater in raters]
    pairs, left_out = _pairs(table, names, len(values), level)
    return {
        "raters": len(raters),
        "units": len(units),
        "judged_by_two": int((shared > 1).sum()),
        "judged_by_all": int((shared == len(raters)).sum()),
        "values": len(values),
        "krippendorff_alpha": _rounded(krippendorff_alpha(table, values, level)),
        "fleiss_kappa": _rounded(fleiss_kappa(table, len(values))),
        "pairs": pairs,
        "pairs_left_out": left_out,
    }


def _pairs(table: Table, names: Sequence[str], values: int, level: Level) -> tuple[list[dict[str, Any]], int]:
    """Return the agreement of pairs of raters who judged something together, and of how many it is not computed."""
    judged = table >= 0
    together = [
        (int(both), a, b)
        for a in range(len(names))
        for b, both in enumerate(judged[judged[:, a], a + 1 :].sum(axis=0).tolist(), a + 1)
        if both
    ]
    kept = sorted(together, key=lambda pair: -pair[0])[:_MOST_PAIRS]
    weights: Any = _WEIGHTS[level]
    pairs = []
    for units, a, b in sorted(kept, key=lambda pair: pair[1:]):
        both = judged[:, a] & judged[:, b]
        first, second = table[both, a], table[both, b]
        pairs.append(
            {
                "judges": [names[a], names[b]],
                "units": units,
                "agree": float((first == second).mean()),
                "cohen_kappa": _rounded(cohen_kappa(first, second, values)),
                "weighted_kappa": _rounded(cohen_kappa(first, second, values, weights)),
                "weights": weights,
            }
        )
    return pairs, len(together) - len(kept)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 12)


def _means(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return, for each system, the mean over examples of the mean over judges, and each judge's own mean."""
    found: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for one in scores:
        found[one.system][" ".join((one.judge, one.version))][one.example].append(float(one.score))
    documents = []
    for system in sorted(found):
        examples: dict[str, list[float]] = defaultdict(list)
        judges = []
        for judge in sorted(found[system]):
            for example, given in found[system][judge].items():
                examples[example] += given
            judges.append(
                {
                    "judge": judge,
                    **_summary([value for given in found[system][judge].values() for value in given]),
                }
            )
        means = [math.fsum(given) / len(given) for given in examples.values()]
        documents.append({"system": system or None, **_summary(means), "judges": judges})
    return documents


def _summary(values: Sequence[float]) -> dict[str, Any]:
    summary = summarise(np.array(values))
    return {"mean": summary.mean, "standard_error": summary.standard_error, "examples": summary.population}


def _shares(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return how often each label was given, by system."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in scores:
        counts[one.system][str(one.score)] += 1
    documents = []
    for system, given in sorted(counts.items()):
        many = sum(given.values())
        shares = {label: count / many for label, count in sorted(given.items())}
        documents.append({"system": system or None, "shares": shares, "judgements": many})
    return documents
