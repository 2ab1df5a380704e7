"""Where the data files that ship with the package are: cards, protocols, JSON Schemas."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder of shipped data called ``name`` ("cards" or "protocols").

    In a wheel they are inside the package; in a checkout they stand at the top of the tree, where people review them.
    """
    shipped = _PACKAGE / "data" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name


def schema(document: str) -> Path:
    """Return the path of the JSON Schema of a kind of document ("card", "protocol", "manifest", "result")."""
    return _PACKAGE / "schema" / "json" / f"{document}.schema.json"
