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


@contextmanager
def within_depth(metric: str) -> Iterator[None]:
    """Tell by InputError what a library's recursion does not reach the end of: older Porter stemmers, a word of y alone."""
    try:
        yield
    except RecursionError:
        raise InputError(
            f"{metric}: a text has a word that the stemmer does not take; shorten it, or install a newer nltk"
        ) from None
