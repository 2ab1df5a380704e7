"""Exact sums in parts: integers, which add up to the same in any order, and round to the very bits of ``math.fsum``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_DIGITS = 53
"""Binary digits of a float64."""
_LEAST = 1126
"""A sum is a whole number of 2**-1126: the last digit of the smallest float64, once its digits are made 53."""
_HALF = 27
"""Digits are added as an upper and a lower part, so that 2**36 of them stay within 64 bits."""


@dataclass(frozen=True)
class ExactSum:
    """The exact sum of some float64: their finite part as an integer, and how many are not finite.

    Addition is that of integers, so that it does not matter how values are shared out and in which order sums are added.

    >>> float(ExactSum.of(np.array([1e100, 1.0])) + ExactSum.of(np.array([-1e100])))
    1.0
    """

    whole: int = 0
    up: int = 0
    down: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> ExactSum:
        """Return the sum of ``values``."""
        finite = np.isfinite(values)
        up = down = unknown = 0
        if not finite.all():
            up, down = int((values == np.inf).sum()), int((values == -np.inf).sum())
            unknown = int(np.isnan(values).sum())
            values = values[finite]
        if not len(values):
            return cls(0, up, down, unknown)
        part, exponent = np.frexp(values)
        digits = np.ldexp(part, _DIGITS).astype(np.int64)
        # Values of one exponent are added as integers; 16 bits are sorted by counting.
        order = np.argsort(exponent.astype(np.int16), kind="stable")
        exponent, digits = exponent[order], digits[order]
        starts = np.flatnonzero(np.append(True, exponent[1:] != exponent[:-1]))
        upper = np.add.reduceat(digits >> _HALF, starts).tolist()
        lower = np.add.reduceat(digits & ((1 << _HALF) - 1), starts).tolist()
        shifts = (exponent[starts] - _DIGITS + _LEAST).tolist()
        whole = sum(
            ((high << _HALF) + low) << shift for high, low, shift in zip(upper, lower, shifts, strict=True)
        )
        return cls(whole, up, down, unknown)

    @classmethod
    def read(cls, text: str) -> ExactSum:
        """Return the sum that ``str`` wrote."""
        whole, up, down, unknown = text.split()
        return cls(int(whole, 16), int(up), int(down), int(unknown))

    def __str__(self) -> str:
        """Write it as text that ``read`` reads."""
        return f"{self.whole:x} {self.up} {self.down} {self.unknown}"

    def __add__(self, other: ExactSum) -> ExactSum:
        """Return the sum of both."""
        return ExactSum(
            self.whole + other.whole,
            self.up + other.up,
            self.down + other.down,
            self.unknown + other.unknown,
        )

    def __float__(self) -> float:
        """Return the sum rounded once, as ``math.fsum`` does.

        Raises ValueError where both infinities are in it, OverflowError where it is beyond the largest float64.
        """
        if self.unknown or self.up or self.down:
            return math.fsum(
                [math.nan] * bool(self.unknown) + [math.inf] * bool(self.up) + [-math.inf] * bool(self.down)
            )
        # Python divides integers with correct rounding, whatever their size.
        return self.whole / (1 << _LEAST)


def total(sums: Iterable[ExactSum]) -> ExactSum:
    """Return the sum of sums."""
    return sum(sums, ExactSum())
