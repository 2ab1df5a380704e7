"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Place(click.Path):
    """A path or, where Spark reads and writes, a URI, which stays the text that it is: a path would lose a slash."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a Path, or the text of a URI."""
        from recdata.engines.spark_places import is_uri

        return value if isinstance(value, str) and is_uri(value) else super().convert(value, param, ctx)


def raw_files(command: Command) -> Command:
    """Add ``--from`` and ``--allow-partial``: where raw files come from, and whether a sample will do."""
    command = click.option(
        "--allow-partial", is_flag=True, help="Accept a sample of the raw files; the manifest says so."
    )(command)
    return click.option(
        "--from",
        "from_path",
        type=click.Path(exists=True, path_type=Path),
        help="Folder or archive with the raw files (else RECDATA_ARCHIVES, then a download).",
    )(command)


def as_json(command: Command) -> Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def predicted_part(command: Command) -> Command:
    """Add ``--part``: test, or valid."""
    choice = click.Choice(["test", "valid"])
    return click.option("--part", type=choice, default="test", show_default=True, help="What is predicted.")(
        command
    )


def max_errors(command: Command) -> Command:
    """Add ``--max-errors``."""
    return click.option(
        "--max-errors",
        type=click.IntRange(1),
        default=20,
        show_default=True,
        help="How many findings to show.",
    )(command)


def engines(command: Command) -> Command:
    """Add ``--engine``, ``--spark-master``, ``--spark-conf``; the command gets ``engine``, as ``open_engine`` takes it."""

    @wraps(command)
    def chosen(*args: Any, engine: str | None, master: str | None, conf: tuple[str, ...], **more: Any) -> Any:
        from recdata.engines import choose

        return command(*args, engine=choose(engine, master, conf), **more)

    options = (
        click.option(
            "--engine", metavar="NAME", help="duckdb (else RECDATA_ENGINE, else this one) or spark."
        ),
        click.option(
            "--spark-master", "master", metavar="URL", help="local[4], spark://HOST:7077, yarn, k8s://..."
        ),
        click.option(
            "--spark-conf", "conf", multiple=True, metavar="KEY=VALUE", help="A setting of Spark; repeatable."
        ),
    )
    for option in reversed(options):
        chosen = option(chosen)
    return chosen  # type: ignore[return-value]
