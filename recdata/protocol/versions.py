"""Superseded versions: what the store still has of them stays loadable, with a warning that says what took their place."""

from __future__ import annotations

import warnings
from pathlib import Path

from recdata.protocol.names import Name
from recdata.store.paths import corpora


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare.

    >>> numbers("1.10.0") > numbers("1.9.2")
    True
    """
    return tuple(int(part) for part in version.split("+")[0].split(".") if part.isdigit())


def older_build(name: Name) -> Path | None:
    """Return the folder of the store that has the version a name asks for, where the corpus's card is at another one.

    Warns that it is superseded, in the words of the card's ``changes``. None where the card's own version is asked
    for, or where the store has not the one asked for.
    """
    from recdata.sources.cards import load_card

    if name.corpus_version is None:
        return None
    folder = corpora() / f"{name.corpus}@{name.corpus_version}"
    card = load_card(name.corpus)
    if name.corpus_version == card.version or not (folder / "manifest.json").is_file():
        return None
    if numbers(name.corpus_version) < numbers(card.version):
        newer = [c for c in card.changes if numbers(c["version"]) > numbers(name.corpus_version)]
        why = "; ".join(f"{change['version']}: {change['what'].strip()}" for change in newer)
        warnings.warn(
            f"{name.corpus}@{name.corpus_version} is superseded by {card.version}"
            + (f" ({why})" if why else ""),
            stacklevel=3,
        )
    return folder
