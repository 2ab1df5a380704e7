"""What a convention is, as data: which choices make a score the one that a library would have given."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Literal

from recdata.errors import InputError
from recdata.metrics.spelling import Measure, parse
from recdata.submission.asked import Asked, Order, Seen

Population = Literal["truth", "both"]
Ties = Literal["order", "worst"]
ALL = "all"


@dataclass(frozen=True)
class Rule:
    """How a library computes one metric.

    measure: the metric as it is spelled here, without a cutoff ("nDCG(ideal='all')"). free: parameters that may be
    asked for besides, since the library has them too. cutoff: whether it has one there: always, never, or either.
    population, order, single: where the library treats this metric unlike its others. repeats: a relevant pair that
    is repeated in the part counts each time in R.
    """

    measure: str
    free: tuple[str, ...] = ()
    cutoff: Literal["either", "always", "never"] = "either"
    population: Population | None = None
    order: Order | None = None
    single: bool | None = None
    repeats: bool = False


@dataclass(frozen=True)
class Convention:
    """The choices of one library, named.

    name: as ``--convention`` takes it. library, version: what was read or run. metrics: its own, by their names here;
    "MRR@" is for MRR at a cutoff, where that is another.
    population: whom it averages over, "truth": every user with something relevant, missing ones counting 0, or
    "both": those of them who have a list. unit: "users", or "pairs": each relevant pair by itself. order, single: how
    equal scores are ordered (in float32 first: "single"); ties: "worst": against the model. seen: what items that the
    user already has count as. cold: "drop": items that training does not have leave lists and truth, users that it does
    not have are left out. grades: "above": rating - threshold + 1. notes: what else is to be known, in words.
    """

    name: str
    library: str
    version: str
    metrics: Mapping[str, Rule]
    population: Population = "truth"
    unit: Literal["users", "pairs"] = "users"
    order: Order = "md5"
    single: bool = False
    ties: Ties = "order"
    seen: Seen = "keep"
    cold: Literal["keep", "drop"] = "keep"
    grades: Literal["rating", "above"] = "rating"
    notes: str = ""

    @property
    def canonical(self) -> bool:
        """Whether these are recdata's own choices."""
        return self.name == CANONICAL.name

    def rule(self, measure: Measure) -> Rule:
        """Return how ``measure`` is computed. Raises InputError where the library does not have it so."""
        if self.canonical:
            return Rule(measure.definition.name, tuple(name for name, _ in measure.parameters))
        name = measure.definition.name
        rule = (self.metrics.get(f"{name}@") if measure.cutoff else None) or self.metrics.get(name)
        if rule is None:
            raise InputError(
                f"{self.library} has no {name}; convention {self.name} has {', '.join(self.metrics)}"
            )
        for parameter, _ in measure.parameters:
            if parameter not in rule.free:
                raise InputError(f"{self.library} has no {measure}: its {name} has no {parameter}")
        if rule.cutoff == "always" and measure.cutoff is None:
            raise InputError(f"{self.library} has {name} at a cutoff alone: {name}@10, for example")
        if rule.cutoff == "never" and measure.cutoff is not None:
            raise InputError(f"{self.library} has {name} without a cutoff alone: {name}")
        return rule

    def has(self, measure: Measure) -> bool:
        """Say whether the library computes ``measure``."""
        try:
            self.rule(measure)
        except InputError:
            return False
        return True

    def applied(self, measure: Measure) -> Measure:
        """Return what is computed here where ``measure`` is asked for, with the library's parameters."""
        rule = self.rule(measure)
        base = _parsed(rule.measure)
        parameters = {**dict(base.parameters), **dict(measure.parameters)}
        ordered = tuple((name, parameters[name]) for name in base.definition.parameters if name in parameters)
        return Measure(base.definition, measure.cutoff, ordered)

    def asked(self, measure: Measure) -> Asked:
        """Return what ``measure`` asks of the reading of predictions."""
        rule = self.rule(measure)
        return Asked(
            order=rule.order or self.order,
            single=self.single if rule.single is None else rule.single,
            seen=self.seen,
            cold="remove" if self.cold == "drop" else "keep",
            groups=self.ties == "worst",
        )


CANONICAL = Convention("recdata", "recdata", "", {}, seen="miss", notes="the canonical choices")
_PLACEHOLDER = 1


@cache
def _parsed(text: str) -> Measure:
    """Return the measure that a rule spells without a cutoff, which may be required."""
    return replace(parse(f"{text}@{_PLACEHOLDER}"), cutoff=None) if not _uncut(text) else parse(text)


def _uncut(text: str) -> bool:
    from recdata.metrics.definition import find

    return find(text.partition("(")[0]).cutoff == "none"


@cache
def conventions() -> Mapping[str, Convention]:
    """Return all conventions by name, the canonical first: what the modules beside this one have at their top level."""
    package = import_module("recdata.scoring.conventions")
    known = {CANONICAL.name: CANONICAL}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            for value in vars(import_module(f"{package.__name__}.{module.name}")).values():
                if isinstance(value, Convention):
                    known[value.name] = value
    return MappingProxyType(known)


def find_convention(name: str | None) -> Convention:
    """Return the convention of that name, in any case; None is the canonical one. Raises InputError otherwise."""
    if name is None:
        return CANONICAL
    known = conventions()
    if found := known.get(name.strip().lower()):
        return found
    import difflib

    near = difflib.get_close_matches(name.strip().lower(), known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
    raise InputError(f"there is no convention {name!r}; {hint}")


def find_conventions(names: str) -> list[Convention]:
    """Return the conventions of a list of names with commas; "all" is every one. Raises InputError for a wrong name."""
    if names.strip().lower() == ALL:
        return list(conventions().values())
    found = [find_convention(name) for name in names.split(",") if name.strip()]
    return list({convention.name: convention for convention in found}.values())
