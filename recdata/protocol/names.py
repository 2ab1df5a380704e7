"""The names of corpora and tasks, taken apart: ``movielens-100k@1.0.0/loo-last@1#3f9a0c...``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recdata.errors import InputError, MissingError

if TYPE_CHECKING:
    from recdata.sources.cards import Card

_NAME = re.compile(
    r"(?P<corpus>[a-z0-9][a-z0-9._-]*)(@(?P<corpus_version>[0-9][0-9a-z.+-]*))?"
    r"(/(?P<protocol>[a-z0-9][a-z0-9-]*)(@(?P<protocol_version>[1-9][0-9]*))?)?(#(?P<fingerprint>[0-9a-f]{6,64}))?"
)


class Name(NamedTuple):
    """A name taken apart: ``movielens-100k@1.0.0/loo-last@1#3f9a0c...``; what is left out is None."""

    corpus: str
    corpus_version: str | None
    protocol: str | None
    protocol_version: str | None
    fingerprint: str | None


def parse_name(text: str) -> Name:
    """Take the name of a corpus or task apart.

    >>> parse_name("movielens-100k/loo-last@1").protocol_version
    '1'

    Raises InputError for anything that is not such a name.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is not a name like movielens-100k or movielens-100k@1.0.0/loo-last@1")
    return Name(**{field: match[field] for field in Name._fields})


def card_of(name: Name) -> Card:
    """Return the card of a name's corpus. Raises MissingError for an unknown corpus or version."""
    from recdata.sources.cards import load_card

    card = load_card(name.corpus)
    if name.corpus_version not in (None, card.version):
        raise MissingError(
            f"{name.corpus} is at version {card.version}; version {name.corpus_version} is not known here"
        )
    return card


def find_card(text: str) -> Card:
    """Return the card that a person means: by the path of a file ending in .yaml, else by the name of its corpus.

    Raises MissingError where there is none, InputError where the card is wrong.
    """
    from recdata.sources.cards import read_own_card

    if text.endswith((".yaml", ".yml")):
        return read_own_card(Path(text))
    return card_of(parse_name(text))
