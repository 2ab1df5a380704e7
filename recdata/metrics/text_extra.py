"""The libraries of the extra ``recdata[text]``, imported where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from typing import Any

from recdata.errors import InputError, MissingError


def extra(module: str) -> Any:
    """Import a module of the extra. Raises MissingError that says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingError(
            f"metrics of texts need {error.name or module}: install it with pip install 'recdata[text]'"
        ) from None


def version(distribution: str) -> str:
    """Return the version of a distribution of the extra. Raises MissingError where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise MissingError(
            f"metrics of texts need {distribution}: install it with pip install 'recdata[text]'"
        ) from None


class UnfitError(InputError):
    """Two texts that a metric cannot be computed of. place: which of the pairs that were given they are, from 0."""

    def __init__(self, reason: str, place: int) -> None:
        super().__init__(reason, place)
        self.reason, self.place = reason, place

    def __str__(self) -> str:
        """Say why."""
        return self.reason


@contextmanager
def within_depth(place: int) -> Iterator[None]:
    """Tell by UnfitError what a library's recursion does not reach the end of: older Porter stemmers, a word of y alone."""
    try:
        yield
    except RecursionError:
        reason = "a text has a word that the stemmer does not take; shorten it, or install a newer nltk"
        raise UnfitError(reason, place) from None


CELLS = 1 << 24
"""Up to how many pairs of words are compared one by one."""


def check_size(expected: int, answered: int, place: int) -> None:
    """Raise UnfitError where texts of so many words have more than CELLS pairs of them."""
    if expected * answered > CELLS:
        raise UnfitError(
            f"{expected:,} words are expected and {answered:,} answered, beyond the {CELLS:,} pairs that are compared; "
            "answer with a shorter text",
            place,
        )
