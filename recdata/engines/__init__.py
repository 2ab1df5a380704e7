"""Engines: the relational work behind one small interface. They know nothing of recommenders."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.engines.base import Engine

ENGINES = ("duckdb", "spark")


class Spark(NamedTuple):
    """Spark as a choice of engine that starts nothing yet: its master, and settings besides Spark's own configuration."""

    master: str | None = None
    conf: Mapping[str, str] = {}


def open_engine(engine: str | Any = None, *, threads: int | None = None) -> Engine:
    """Open an engine; use it as a context manager, so that what it spilled to disk is removed.

    engine: a name, ``Spark`` with a master and settings, or a SparkSession to work in; by default what RECDATA_ENGINE
    names, and without it DuckDB. threads: how many; RECDATA_THREADS or the machine's number where None. Raises InputError
    for a name that is not an engine's or a limit that is none, ResourceError where the engine cannot be started.
    """
    if is_spark(engine):
        from recdata.engines.spark import SparkEngine

        if isinstance(engine, Spark):
            return SparkEngine(master=engine.master, conf=engine.conf, threads=threads)
        return SparkEngine(None if isinstance(engine, str | None) else engine, threads=threads)
    from recdata.engines.duck import DuckEngine

    return DuckEngine(threads=threads)


def is_spark(engine: str | Any = None) -> bool:
    """Say whether ``engine``, as ``open_engine`` takes it, is Spark; imports nothing. Raises InputError as that does."""
    if engine is None:
        engine = os.environ.get("RECDATA_ENGINE") or "duckdb"
    if isinstance(engine, str):
        if engine not in ENGINES:
            raise InputError(f"no engine is called {engine!r}; there are {', '.join(ENGINES)}")
        return engine == "spark"
    if isinstance(engine, Spark) or any(
        kind.__module__.startswith("pyspark.sql.") for kind in type(engine).__mro__
    ):
        return True
    raise InputError(f"an engine is one of {', '.join(ENGINES)}, or a SparkSession; not {engine!r}")


def choose(engine: str | None, master: str | None, settings: Sequence[str]) -> str | Spark | None:
    """Return the engine that a command line asks for, as ``open_engine`` takes it; settings are KEY=VALUE.

    Raises InputError where a setting is none, or something is said of Spark and another engine is chosen.
    """
    if not is_spark(engine):
        if master or settings:
            raise InputError("a master and settings of Spark need the engine spark: --engine spark")
        return engine
    conf = dict(setting.partition("=")[::2] for setting in settings)
    if wrong := [setting for setting in settings if not setting.partition("=")[2] or setting.startswith("=")]:
        raise InputError(
            f"a setting of Spark is KEY=VALUE, for example spark.executor.memory=8g; not {wrong[0]!r}"
        )
    return Spark(master, conf)
