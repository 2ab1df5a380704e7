"""What a metric is: its name and choices beside its function, found by scanning the modules here."""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from inspect import Parameter, cleandoc, signature
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError

Function = Callable[..., npt.NDArray[np.float64]]
F = TypeVar("F", bound=Function)
Cutoff = Literal["required", "optional", "none"]


class UndefinedError(InputError):
    """A metric that has no value for what it was given."""


@dataclass(frozen=True)
class Sums:
    """How a metric of all rows together follows from exactly rounded sums, so that these can be made in parts.

    terms: one function a round; ``terms(evidence, sums, **parameters)`` gives by name the values to be summed, ``sums``
    being those of the rounds before and "rows", the number of rows. A term may have any number of values. finish:
    ``finish(sums, **parameters)`` is the metric's value.
    """

    terms: tuple[Callable[..., Mapping[str, npt.NDArray[np.float64]]], ...]
    finish: Callable[..., float]

    def of(self, evidence: Any, **parameters: Any) -> npt.NDArray[np.float64]:
        """Return the value as an array of one."""
        sums = {"rows": float(len(evidence))}
        for terms in self.terms:
            found = terms(evidence, sums, **parameters)
            sums |= {name: math.fsum(values.tolist()) for name, values in found.items()}
        return np.array([self.finish(sums, **parameters)])


@dataclass(frozen=True)
class Definition:
    """One metric.

    name: as it is printed. family: the kind of evidence it reads ("ranking": Hits, "beyond": Lists, "rating": Ratings,
    "label": Labels, "text": Texts). function: ``function(evidence, cutoff, **parameters)`` (without ``cutoff`` where that
    is "none"; parameters are those with defaults, a Literal where a few words are allowed) gives one float64 per user, per
    row of a rating task, or per example. denominator: what is divided by, in words. low, high: bounds of the mean. root:
    the mean's square root is what is reported. over: "all" where the function gives one number for all users, rows or
    examples together, which has no standard error; "users" where a rating metric gives one for each user. reads: what the
    metric needs besides, found only where it is asked for ("judged": ranks of items known to be not relevant;
    "embeddings": those of tokens). ranges: lowest and highest value of numeric parameters. sums: how a metric over "all"
    follows from sums. denominators: by parameter and its value, what is divided by then. tool: given the parameters, the
    name, version and settings of the library that computes it, as a result states them.
    """

    name: str
    family: str
    function: Function
    denominator: str
    aliases: tuple[str, ...] = ()
    cutoff: Cutoff = "optional"
    low: float = 0.0
    high: float | None = 1.0
    higher_is_better: bool = True
    root: bool = False
    over: Literal["units", "users", "all"] = "units"
    reads: frozenset[str] = frozenset()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    denominators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sums: Sums | None = None
    tool: Callable[..., str] | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters' names with their defaults, as the function has them."""
        return {name: parameter.default for name, parameter in self._signature() if name != "cutoff"}

    @property
    def words(self) -> Mapping[str, tuple[Any, ...]]:
        """The parameters that take one of a few words, with those words."""
        hints = get_type_hints(self.function)
        return {
            name: get_args(hints[name]) for name in self.parameters if get_origin(hints.get(name)) is Literal
        }

    def _signature(self) -> list[tuple[str, Parameter]]:
        found = signature(self.function).parameters.items()
        return [(name, one) for name, one in found if one.default is not Parameter.empty]

    @property
    def about(self) -> str:
        """The definition in full: the function's docstring."""
        return cleandoc(self.function.__doc__ or "")


_registered: dict[str, Definition] = {}


def metric(name: str, family: str, *, denominator: str, **choices: Any) -> Callable[[F], F]:
    """Declare the function below as the metric ``name``; ``choices`` are the further fields of Definition."""

    def register(function: F) -> F:
        _registered[name] = Definition(name, family, function, denominator, **choices)
        return function

    return register


def definitions() -> Mapping[str, Definition]:
    """Return every metric by name: what the modules of this package declare, in the order they declare it."""
    _scan()
    return MappingProxyType(_registered)


@cache
def _scan() -> None:
    package = import_module("recdata.metrics")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"recdata.metrics.{module.name}")


@cache
def _spellings() -> dict[str, Definition]:
    known: dict[str, Definition] = {}
    for definition in definitions().values():
        for spelling in (definition.name, *definition.aliases):
            if known.setdefault(spelling.lower(), definition) is not definition:
                raise ValueError(f"two metrics are spelled {spelling!r}")
    return known


def find(spelling: str) -> Definition:
    """Return the metric of that name or alias, in any case. Raises InputError that names what comes near."""
    known = _spellings()
    if definition := known.get(spelling.lower()):
        return definition
    import difflib

    near = [known[match].name for match in difflib.get_close_matches(spelling.lower(), known, n=3)]
    hint = (
        f"did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else f"known are {', '.join(definitions())}"
    )
    raise InputError(f"there is no metric {spelling!r}; {hint}")
