"""PersonaFeedback: which of two answers suits a person better, JSON Lines by track and tier, and the personas.

A row has a question, the answer that people chose and the one that they rejected; the person is a line of the file of
personas, counted from 1. The publisher gives rows no ids and answers no order: an example is called by track, tier and its
place in the file, from 1, and the chosen answer stands first where the MD5 of that id begins with an even hex digit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from recdata.corpora.choices import ENTRIES, objects, text_of
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, MissingError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

TRACKS = ("general", "specific")
TIERS = ("easy", "medium", "hard")

_EXAMPLES = pa.schema(
    [
        *((column, pa.string()) for column in ("example_id", "user_id", "task", "input", "target")),
        *((column, pa.string()) for column in ("part", "track", "tier")),
        ("options", pa.list_(pa.string())),
        ("profile", ENTRIES),
    ]
)


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the tiers that are there; return the SELECT of the examples.

    Raises InputError with the line of what is wrong in them, MissingError where none is there.
    """
    personas = [_entries(where, persona) for where, persona in objects(raw.path("personas"))]
    rows = [
        row
        for track in TRACKS
        for tier in TIERS
        if raw.has(f"{track}.{tier}")
        for row in _examples(raw.path(f"{track}.{tier}"), track, tier, personas)
    ]
    if not rows:
        raise MissingError(f"{card.name}: none of its tiers is there")
    engine.add("choices", pa.Table.from_pylist(rows, _EXAMPLES))
    return {"examples": "SELECT * FROM choices"}


def _examples(
    path: Path, track: str, tier: str, personas: list[list[dict[str, str]]]
) -> Iterator[dict[str, Any]]:
    for place, (where, row) in enumerate(objects(path), 1):
        user = str(row.get("user_id", "")).strip()
        if not user.isdecimal() or not 1 <= int(user) <= len(personas):
            raise InputError(f"{where}: user_id is {user!r}; there are the personas 1 to {len(personas):,}")
        chosen = text_of(row.get("chosen"), "chosen", where)
        rejected = text_of(row.get("reject", row.get("rejected")), "reject", where)
        name = f"{track}-{tier}-{place}"
        first = int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[0], 16) % 2 == 0
        yield {
            "example_id": name,
            "user_id": user,
            "task": "personafeedback",
            "input": text_of(row.get("question"), "question", where),
            "target": "a" if first else "b",
            "part": "test",
            "track": track,
            "tier": tier,
            "options": [chosen, rejected] if first else [rejected, chosen],
            "profile": personas[int(user) - 1],
        }


def _entries(where: str, persona: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a persona as entries of a profile, one for each text in it, called by the keys that lead to it."""
    entries: list[dict[str, str]] = []

    def walk(keys: tuple[str, ...], value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk((*keys, str(key)), inner)
        elif isinstance(value, list) and any(isinstance(inner, (Mapping, list)) for inner in value):
            for place, inner in enumerate(value):
                walk((*keys, str(place)), inner)
        elif value is not None:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            name = ".".join(keys)
            entries.append({"id": name, "title": name, "text": text_of(shown, name, where)})

    walk((), persona)
    return entries
