"""What a card says of a corpus, as a JSON document: before it is built, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recdata.corpora.built import kind_of, open_corpus
from recdata.schema.kinds import KINDS
from recdata.sources.cards import Card


def facts(card: Card) -> dict[str, Any]:
    """Return what there is to know of a corpus without its rows; ``built`` is None where the store has it not."""
    licence = card.licence
    return {
        "name": card.name,
        "version": card.version,
        "title": card.title,
        "description": card.description,
        "homepage": card.homepage,
        "licence": {
            "spdx": licence.spdx,
            "name": licence.name,
            "link": licence.link,
            "may_redistribute": licence.may_redistribute,
            "note": licence.note,
        },
        "citation": card.citation,
        "obtain": card.obtain,
        "archives": [
            {"name": a.name, "url": a.url, "size": a.size, "sha256": a.sha256, "note": a.note}
            for a in card.archives
        ],
        "editions": [{"name": edition, "expected": dict(counts)} for edition, counts in card.editions()],
        "tables": {kind: _columns(card, kind) for kind in KINDS if kind in _spoken(card)},
        "answers": None if card.answers is None else dict(card.answers),
        "built": _built(open_corpus(card.name, card.version)),
    }


def _spoken(card: Card) -> set[str]:
    """Return the record kinds that a card speaks of."""
    counted = {kind for _, counts in card.editions() for kind in counts}
    return {*card.tables, *card.options.get("records", ()), *counted}


def _columns(card: Card, kind: str) -> list[dict[str, Any]]:
    return [
        {"name": c.name, "type": c.type, "nullable": c.nullable, "about": c.about}
        for c in kind_of(card, kind).columns
    ]


def _built(manifest: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if manifest is None:
        return None
    return {
        key: manifest[key]
        for key in ("fingerprint", "edition", "partial", "counts", "notes", "created", "recdata")
    }
