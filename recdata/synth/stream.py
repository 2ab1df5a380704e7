"""Named streams of random integers: the same bits on every machine, in every version of every library.

A stream is the output of SHAKE-128 (FIPS 202) on the UTF-8 bytes of ``recdata.synth/<seed>/<name>``, read
eight bytes at a time as little-endian unsigned integers. Everything drawn from one uses integer arithmetic
and comparisons only, so no generator of numpy, no libm and no rounding has a say.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Draws = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]


def stream(seed: int, name: str, n: int) -> Draws:
    """Return the first ``n`` integers of a stream, uint64[n], each uniform in [0, 2^64).

    A longer stream of the same name begins with a shorter one.

    >>> [hex(draw) for draw in stream(1, "example", 2)]
    ['0x9938d11afb3811e3', '0xdd61d599d6199586']
    """
    source = hashlib.shake_128(f"recdata.synth/{seed}/{name}".encode())
    return np.frombuffer(source.digest(8 * n), dtype="<u8").astype(np.uint64)


def upper(draws: Draws) -> Numbers:
    """Return the upper 32 bits of ``draws``, int64."""
    high: Numbers = (draws >> np.uint64(32)).view(np.int64)
    return high


def uniform(draws: Draws, low: int, high: int) -> Numbers:
    """Return integers uniform in [low, high], int64; the range may span 2^31 at most."""
    return low + (upper(draws) * (high - low + 1) >> 32)


def choose(draws: Draws, weights: npt.ArrayLike) -> Numbers:
    """Return places in ``weights``, int64, each with a probability proportional to its integer weight.

    The sum of the weights must be below 2^31.
    """
    until = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(until, uniform(draws, 0, int(until[-1]) - 1), side="right")
