"""Streams and mixtures: prefixes, ranges, shares, shapes."""

import hashlib

import numpy as np
import pytest

from recdata.errors import InputError
from recdata.synth.mixture import SHAPES, Component, draw
from recdata.synth.stream import choose, stream, uniform

EXTREMES = np.array([0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1], dtype=np.uint64)


def test_a_stream_is_what_its_docstring_says():
    digest = hashlib.shake_128("recdata.synth/3/näme".encode()).digest(24)
    expected = [int.from_bytes(digest[place : place + 8], "little") for place in (0, 8, 16)]
    assert stream(3, "näme", 3).tolist() == expected
    assert stream(3, "näme", 2).tolist() == expected[:2]
    assert stream(3, "näme", 0).tolist() == []


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize(("low", "high"), [(1, 1), (5, 6), (3, 1000), (1, 2**31 - 1)])
def test_shapes_stay_in_their_range(shape, low, high):
    values = SHAPES[shape](EXTREMES, low, high)
    assert values.dtype == np.int64
    assert values.min() == low
    assert values.max() <= high
    if shape != "power" and high < 2**18:
        assert values.max() == high


def test_uniform_is_uniform():
    values = uniform(stream(1, "uniform", 60_000), 0, 5)
    assert np.bincount(values).tolist() == pytest.approx([10_000] * 6, rel=0.05)


def test_choose_follows_the_weights():
    places = choose(stream(1, "choose", 60_000), [1, 0, 2, 3])
    assert np.bincount(places, minlength=4).tolist() == pytest.approx([10_000, 0, 20_000, 30_000], rel=0.05)


def test_power_halves_as_values_double():
    values = SHAPES["power"](stream(1, "power", 80_000), 10, 1_000_000)
    above = [np.mean(values >= 10 * 2**n) for n in range(5)]
    assert above == pytest.approx([1, 1 / 2, 1 / 4, 1 / 8, 1 / 16], rel=0.05)


def test_bell_is_narrower_than_uniform():
    values = SHAPES["bell"](stream(1, "bell", 10_000), 1, 1000)
    assert values.mean() == pytest.approx(500, rel=0.02)
    assert values.std() == pytest.approx(1000 / np.sqrt(48), rel=0.05)


def test_a_mixture_takes_its_components_by_weight():
    mixture = (Component(3, "uniform", 1, 10), Component(1, "uniform", 101, 110))
    values = draw(mixture, 1, "mixture", 40_000)
    assert np.mean(values > 100) == pytest.approx(0.25, rel=0.05)
    assert not np.any((values > 10) & (values < 101))


@pytest.mark.parametrize(
    "wrong",
    [(1, "normal", 1, 2), (0, "bell", 1, 2), (1, "bell", 0, 2), (1, "bell", 3, 2), (1, "power", 4, 2**30)],
)
def test_components_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(InputError):
        Component(*wrong)
