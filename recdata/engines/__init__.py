"""Engines: the relational work behind one small interface. They know nothing of recommenders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.engines.base import Engine


def open_engine(name: str = "duckdb", *, threads: int | None = None) -> Engine:
    """Open an engine by name; use it as a context manager, so that what it spilled to disk is removed.

    threads: how many; the machine's number where None. Raises InputError for a name that is not an engine's.
    """
    if name == "duckdb":
        from recdata.engines.duck import DuckEngine

        return DuckEngine(threads=threads)
    raise InputError(f"no engine is called {name!r}; there is: duckdb")
