"""Built corpora in the store, and the tables that a card asks for. Imports no engine: what is there is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from recdata.errors import InputError
from recdata.schema.kinds import KINDS, SCHEMA_VERSION, Kind
from recdata.sources.cards import CARD, Card
from recdata.store.manifest import read_manifest
from recdata.store.paths import corpora


def open_corpus(card_name: str, version: str) -> Mapping[str, Any] | None:
    """Return the manifest of a built corpus, None where it is not built."""
    folder = corpora() / f"{card_name}@{version}"
    return read_manifest(folder) if (folder / "manifest.json").is_file() else None


def is_built(card: Card, folder: Path) -> bool:
    """Say whether ``folder`` holds the corpus of this very card: one outside the package may have been edited since."""
    kept = folder / CARD
    return (folder / "manifest.json").is_file() and (
        card.shipped or (kept.is_file() and kept.read_bytes() == card.source.read_bytes())
    )


def kind_of(card: Card, kind: str) -> Kind:
    """Return a record kind with the columns that the corpus adds to it. Raises InputError for an unknown kind."""
    if kind not in KINDS:
        raise InputError(f"card {card.name}: {kind!r} is not a record kind of schema {SCHEMA_VERSION}")
    extended = KINDS[kind].with_extra(card.extra_columns(kind))
    return replace(extended, key=card.key(kind) or extended.key)
