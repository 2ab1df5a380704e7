"""Mixtures of distributions over whole numbers, drawn without a floating-point operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recdata.errors import InputError
from recdata.synth.stream import Draws, Numbers, choose, stream, uniform, upper


def _bell(draws: Draws, low: int, high: int) -> Numbers:
    """Irwin-Hall: the sum of the four 16-bit parts of a draw, scaled to [low, high]."""
    parts = [(draws >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    total: Numbers = (parts[0] + parts[1] + parts[2] + parts[3]).view(np.int64)
    return low + (total * (high - low + 1) >> 18)


def _power(draws: Draws, low: int, high: int) -> Numbers:
    """Bounded Pareto of exponent 1 by inversion: low high / (high - u (high - low)), u uniform in [0, 1)."""
    return ((low * high) << 32) // ((high << 32) - upper(draws) * (high - low))


Shape = Callable[[Draws, int, int], Numbers]

SHAPES: Mapping[str, Shape] = {"uniform": uniform, "bell": _bell, "power": _power}
"""What a mixture is made of: each turns draws into whole numbers in [low, high], one for one."""


@dataclass(frozen=True)
class Component:
    """One distribution of a mixture: its weight (a whole number), its shape and its range, ends included.

    Shapes: "uniform"; "bell" (the sum of four uniforms); "power" (bounded Pareto of exponent 1, a long tail).
    Raises InputError for a shape that is not known and for a range that 64-bit integers cannot serve.
    """

    weight: int
    shape: str
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise InputError(f"a component's shape is one of {', '.join(SHAPES)}, not {self.shape!r}")
        if self.weight < 1 or not 1 <= self.low <= self.high:
            raise InputError(f"{self}: expected weight >= 1 and 1 <= low <= high")
        if self.low * self.high >= 2**31:
            raise InputError(f"{self}: expected low * high below 2^31")


Mixture = tuple[Component, ...]


def draw(mixture: Mixture, seed: int, name: str, n: int) -> Numbers:
    """Return ``n`` whole numbers of ``mixture``, int64[n]: each of a component chosen by weight."""
    which = choose(stream(seed, f"{name}/component", n), [component.weight for component in mixture])
    draws = stream(seed, f"{name}/value", n)
    values = np.empty(n, dtype=np.int64)
    for place, component in enumerate(mixture):
        here = which == place
        values[here] = SHAPES[component.shape](draws[here], component.low, component.high)
    return values
