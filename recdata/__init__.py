"""recdata: recommendation results that can be compared. Everything heavy is imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recdata.version import __version__

if TYPE_CHECKING:
    from recdata.api import load, score, task

__all__ = ["__version__", "load", "score", "task"]


def __getattr__(name: str) -> Any:
    if name in {"load", "score", "task"}:
        from recdata import api

        return getattr(api, name)
    raise AttributeError(f"module 'recdata' has no attribute {name!r}")
