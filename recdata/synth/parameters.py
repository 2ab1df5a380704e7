"""What a generated corpus is made from: sizes, communities, and three mixtures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from recdata.errors import InputError
from recdata.synth.mixture import Component, Mixture

DAY = 86_400
"""Seconds in a day."""


@dataclass(frozen=True)
class Parameters:
    """Parameters of a generated corpus; the defaults are those of ``synth-small``.

    users, items, communities: how many.
    affinity: how many times likelier the own community's items are than others of the same popularity.
    shared: of 100 items, how many may belong to a second community as well.
    popularity: mixture of the items' weights.
    engagement: mixture of the users' numbers of interactions.
    start, days: the first second (UTC, since 1970) and how long the corpus lasts.
    window: mixture of the numbers of days that users are active.
    seed: another seed is another corpus.

    Raises InputError where the parameters contradict each other.
    """

    users: int = 1_000
    items: int = 1_500
    communities: int = 8
    affinity: int = 20
    shared: int = 30
    popularity: Mixture = (
        Component(7, "power", 5, 5_000),
        Component(2, "bell", 10, 60),
        Component(1, "uniform", 1, 20),
    )
    engagement: Mixture = (
        Component(6, "power", 8, 400),
        Component(3, "bell", 20, 100),
        Component(1, "uniform", 60, 200),
    )
    start: int = 1_640_995_200  # 2022-01-01T00:00:00Z
    days: int = 730
    window: Mixture = (Component(5, "power", 2, 700), Component(5, "bell", 60, 700))
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.users, self.items, self.communities, self.affinity, self.days) < 1:
            raise InputError("users, items, communities, affinity and days are at least 1")
        if not 0 <= self.shared <= 100:
            raise InputError(f"shared is a percentage from 0 to 100, not {self.shared}")
        if self.days > 20_000:
            # Seconds are multiplied with 32-bit draws in 64 bits.
            raise InputError(f"a corpus lasts at most 20,000 days, not {self.days}")
        if _highest(self.window) > self.days:
            raise InputError(f"window goes up to {_highest(self.window)} days: the corpus lasts {self.days}")
        if 2 * _highest(self.engagement) > self.items:
            # More than half of the catalogue would have to be drawn by refusing what the user has already.
            most = _highest(self.engagement)
            raise InputError(f"engagement goes up to {most}: expected half of {self.items} items at most")
        if self.items * self.affinity * _highest(self.popularity) >= 2**31:
            raise InputError(
                "items * affinity * the highest popularity: expected below 2^31; lower one of them"
            )


def parameters(options: Mapping[str, Any], where: str) -> Parameters:
    """Return the parameters that a document writes as numbers, and mixtures as lists of mappings.

    What is left out has its default. Raises InputError, naming ``where``, for what is not a parameter or
    not of its kind.
    """
    defaults = {field.name: field.default for field in fields(Parameters)}
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in defaults:
            raise InputError(f"{where}: there is no parameter {name!r}; there are: {', '.join(defaults)}")
        if isinstance(defaults[name], tuple):
            values[name] = tuple(
                _component(each, f"{where}.{name}")
                for each in (value if isinstance(value, list) else [value])
            )
        elif type(value) is int:
            values[name] = value
        else:
            raise InputError(f"{where}.{name}: expected a whole number, not {value!r}")
    return Parameters(**values)


def _component(document: Any, where: str) -> Component:
    """Return one distribution of a mixture from its mapping."""
    names = [field.name for field in fields(Component)]
    if not isinstance(document, Mapping) or sorted(document) != sorted(names):
        raise InputError(f"{where}: expected a mapping of {', '.join(names)}, not {document!r}")
    return Component(**document)


def _highest(mixture: Mixture) -> int:
    """Return the highest number that a mixture can give."""
    return max(component.high for component in mixture)
