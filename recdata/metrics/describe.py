"""Describing metrics: what each is, chooses and was taken from, for people and for programs."""

from __future__ import annotations

from typing import Any

from recdata.errors import MissingError
from recdata.metrics.definition import Definition
from recdata.metrics.spelling import Measure

_CUTOFFS = {"required": "@k", "optional": "[@k]", "none": ""}


def describe(definition: Definition) -> dict[str, Any]:
    """Return all there is to say of a metric, as a document."""
    return {
        "name": definition.name,
        "spelling": spelling(definition),
        "family": definition.family,
        "title": title(definition),
        "aliases": list(definition.aliases),
        "cutoff": definition.cutoff,
        "parameters": {
            name: {
                "default": default,
                **({"values": list(definition.words[name])} if name in definition.words else {}),
                **({"range": list(definition.ranges[name])} if name in definition.ranges else {}),
            }
            for name, default in definition.parameters.items()
        },
        "denominator": definition.denominator,
        "bounds": [definition.low if definition.low > float("-inf") else None, definition.high],
        "higher_is_better": definition.higher_is_better,
        "about": definition.about,
    }


def spelling(definition: Definition) -> str:
    """Return how a metric is written: ``Recall[@k]``, ``Precision@k``, ``RMSE``."""
    return definition.name + _CUTOFFS[definition.cutoff]


def title(definition: Definition) -> str:
    """Return the definition's first sentence, which says what is computed."""
    first = definition.about.partition("\n\n")[0]
    return " ".join(first.split()).rstrip(".")


def text(measure: Measure) -> str:
    """Return everything about a measure as plain text: what is computed, its choices, source and a worked example."""
    definition = measure.definition
    low = "no bound" if definition.low == float("-inf") else f"{definition.low:g}"
    high = "no bound" if definition.high is None else f"{definition.high:g}"
    lines = [
        f"{measure}  ({definition.family}; {'higher' if definition.higher_is_better else 'lower'} is better)",
        f"divided by: {measure.denominator}",
        f"bounds of the mean: {low} to {high}",
    ]
    if made := _made_by(measure):
        lines.append(f"computed by: {made}")
    if definition.aliases:
        lines.append(f"also spelled: {', '.join(definition.aliases)}")
    for name, default in definition.parameters.items():
        chosen = dict(measure.parameters).get(name, default)
        others = [word for word in definition.words.get(name, ()) if word != chosen]
        lines.append(f"{name} = {chosen!r}" + (f"  (or {', '.join(map(repr, others))})" if others else ""))
    return "\n".join([*lines, "", definition.about])


def _made_by(measure: Measure) -> str | None:
    """Return the library that computes a measure, or how to install it where it is not there."""
    try:
        return measure.tool
    except MissingError as error:
        return str(error)
