"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


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
