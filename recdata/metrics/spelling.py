"""How metrics are spelled: parsed in any case, printed one way, as ir_measures does (``nDCG@10``)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.definition import Definition, find
from recdata.metrics.kernel import Summary, summarise

NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_FORM = re.compile(r"\s*([A-Za-z][\w-]*)\s*(?:\(([^()]*)\))?\s*(?:@\s*([0-9]+))?\s*", re.ASCII)
_COMMA = re.compile(r",(?![^(]*\))")
_MAX_CUTOFF = 10**9


@dataclass(frozen=True)
class Measure:
    """A metric with its cutoff (None: the whole list) and the parameters that differ from their defaults."""

    definition: Definition
    cutoff: int | None = None
    parameters: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Print it the one way: ``nDCG@10``, ``RBP(p=0.8)@10``."""
        inside = ", ".join(f"{name}={value!r}" for name, value in self.parameters)
        cut = "" if self.cutoff is None else f"@{self.cutoff}"
        return self.definition.name + (f"({inside})" if inside else "") + cut

    @property
    def denominator(self) -> str:
        """What is divided by, in words, as the parameters say it."""
        said = self.definition.denominators
        found = [said[name][value] for name, value in self.parameters if value in said.get(name, ())]
        return found[-1] if found else self.definition.denominator

    @property
    def tool(self) -> str | None:
        """The library that computes it, with version and settings; None where recdata does."""
        made = self.definition.tool
        return None if made is None else made(**{**self.definition.parameters, **dict(self.parameters)})

    def values(self, evidence: Any) -> npt.NDArray[np.float64]:
        """Return one value per user, row or example, or one for all of them, from what the metric's family reads."""
        arguments = dict(self.parameters)
        if self.definition.cutoff == "none":
            return self.definition.function(evidence, **arguments)
        return self.definition.function(evidence, self.cutoff, **arguments)


def parse(text: str) -> Measure:
    """Return the measure that ``text`` spells.

    >>> str(parse("NDCG@10")), str(parse("p@5")), str(parse("mrr"))
    ('nDCG@10', 'Precision@5', 'MRR')

    Raises InputError for an unknown name or parameter, a cutoff that is missing, or one that the metric
    cannot have.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise InputError(
            f"{text!r} is not how a metric is spelled: name, parameters in brackets, cutoff; as in nDCG@10"
        )
    name, inside, cut = match.groups()
    definition = find(name)
    cutoff = None if cut is None else int(cut)
    if cutoff is None and definition.cutoff == "required":
        raise InputError(f"{text!r} needs a cutoff: {definition.name}@10, for example")
    if cutoff is not None and definition.cutoff == "none":
        raise InputError(f"{text!r}: {definition.name} has no cutoff; write {definition.name}")
    if cutoff is not None and not 1 <= cutoff <= _MAX_CUTOFF:
        raise InputError(f"{text!r}: a cutoff is a whole number from 1 to {_MAX_CUTOFF}, not {cutoff}")
    return Measure(definition, cutoff, _parameters(text, definition, inside or ""))


def parse_list(text: str | Iterable[str]) -> list[Measure]:
    """Return the measures of a list, or of a text like ``"ndcg@10,recall@20"``. Repeats drop out.

    Raises InputError as ``parse`` does, and where there are none.
    """
    parts = [part for part in _COMMA.split(text) if part.strip()] if isinstance(text, str) else list(text)
    measures = list(dict.fromkeys(str(parse(part)) for part in parts))
    if not measures:
        raise InputError("no metrics are named; write them as in nDCG@10,Recall@20")
    return [parse(measure) for measure in measures]


def summary_of(measure: Measure, values: npt.NDArray[np.float64], units: int) -> Summary:
    """Return the mean of what ``measure`` gave; where that is one number for all ``units`` together, it without an error.

    Raises InputError where it is no finite number: predictions near the largest float have no squares.
    """
    try:
        if measure.definition.over == "all":
            found = Summary(float(values[0]), None, units)
        else:
            found = summarise(values, measure.definition.root)
    except OverflowError:
        found = Summary(math.inf, None, units)
    return finite(measure, found)


def finite(measure: Measure, found: Summary) -> Summary:
    """Return what was found for ``measure``. Raises InputError where it is no finite number; see ``summary_of``."""
    if not (math.isfinite(found.mean) and math.isfinite(found.standard_error or 0.0)):
        raise InputError(
            f"{measure} of these predictions is beyond the largest number of 64 bits; among them are some that are far too "
            "large, as 1e200 is"
        )
    return found


def expand(names: Iterable[str], cutoffs: Iterable[int]) -> list[Measure]:
    """Return a protocol's measures: a metric without a cutoff stands for one at each of ``cutoffs``.

    >>> [str(measure) for measure in expand(["nDCG", "MRR", "Recall@50"], [5, 10])]
    ['nDCG@5', 'nDCG@10', 'MRR@5', 'MRR@10', 'Recall@50']
    """
    spelled: list[str] = []
    cuts = list(cutoffs)
    for name in names:
        match = _FORM.fullmatch(name)
        open_ended = match is not None and match[3] is None and find(match[1]).cutoff != "none"
        spelled += [f"{name}@{cut}" for cut in cuts] if open_ended and cuts else [name]
    return parse_list(spelled)


def largest_cutoff(measures: Iterable[Measure]) -> int | None:
    """Return the largest cutoff, None where no measure has one."""
    return max((measure.cutoff for measure in measures if measure.cutoff is not None), default=None)


def _parameters(text: str, definition: Definition, inside: str) -> tuple[tuple[str, Any], ...]:
    given: dict[str, Any] = {}
    if not inside.strip():
        return ()
    import ast

    for part in filter(str.strip, inside.split(",")):
        name, _, written = (side.strip() for side in part.partition("="))
        if name not in definition.parameters:
            known = ", ".join(definition.parameters) or "none"
            raise InputError(f"{text!r}: {definition.name} has no parameter {name!r}; it has {known}")
        default = definition.parameters[name]
        try:
            value = ast.literal_eval(written)
            value = float(value) if type(value) is int and isinstance(default, float) else value
        except (ValueError, SyntaxError):
            value = written
        if type(value) is not type(default):
            raise InputError(f"{text!r}: {name} is {written!r}; expected something like {default!r}")
        low, high = definition.ranges.get(name, (value, value))
        if not low <= value <= high:
            raise InputError(f"{text!r}: {name} is {written}; expected {low:g} to {high:g}")
        allowed = definition.words.get(name)
        if allowed and value not in allowed:
            raise InputError(f"{text!r}: {name} is {written!r}; expected {' or '.join(map(repr, allowed))}")
        given[name] = value
    changed = ((name, given[name]) for name in definition.parameters if name in given)
    return tuple((name, value) for name, value in changed if value != definition.parameters[name])
