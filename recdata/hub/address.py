"""Addresses of published corpora and tasks: ``hf://datasets/ORG/NAME@v1.0.0/loo-last@1#3f9a0c...``."""

from __future__ import annotations

import re
from typing import NamedTuple

from recdata.errors import InputError

SCHEME = "hf://datasets/"
_ADDRESS = re.compile(
    re.escape(SCHEME) + r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.+-]+))?"
    r"(/(?P<protocol>[a-z0-9][a-z0-9-]*)(@(?P<protocol_version>[1-9][0-9]*))?)?(#(?P<fingerprint>[0-9a-f]{6,64}))?"
)


class Address(NamedTuple):
    """An address taken apart. revision: a tag, a branch or a commit, "main" where none is named; the rest may be None."""

    repo: str
    revision: str
    protocol: str | None
    protocol_version: str | None
    fingerprint: str | None


def is_address(text: str) -> bool:
    """Say whether ``text`` names something on the Hub rather than in the store."""
    return text.startswith("hf://")


def parse_address(text: str) -> Address:
    """Take an address apart.

    >>> parse_address("hf://datasets/org/recdata-movielens-100k@v1.0.0/loo-last").revision
    'v1.0.0'

    Raises InputError for anything that is not such an address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise InputError(
            f"{text!r} is not an address like {SCHEME}ORG/NAME@v1.0.0 or {SCHEME}ORG/NAME@v1.0.0/loo-last"
        )
    fields = match.groupdict() | {"revision": match["revision"] or "main"}
    return Address(**fields)
