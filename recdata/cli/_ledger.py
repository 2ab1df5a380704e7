"""Options and helpers that the verbs about baselines and the ledger share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recdata.errors import InputError, MissingError

if TYPE_CHECKING:
    from recdata.leaderboard.ledger import Ledger
    from recdata.protocol.answers import AnyTask

Command = TypeVar("Command", bound=Callable[..., Any])

ledger_folder = click.option(
    "--ledger",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The ledger's folder.  [default: the one of a checkout of recdata]",
)


def settings(command: Command) -> Command:
    """Add ``--option`` and ``--tuned``: settings of a baseline."""
    command = click.option(
        "--tuned", type=click.Path(exists=True, path_type=Path), help="Settings that recdata tune wrote."
    )(command)
    return click.option(
        "--option", multiple=True, metavar="NAME=VALUE", help="A setting of the baseline; may be repeated."
    )(command)


def read_settings(
    name: str, option: tuple[str, ...], tuned: Path | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the options of baseline ``name``, and how they were tuned. Raises InputError where they are not so."""
    import json

    options: dict[str, Any] = {}
    tuning = None
    if tuned is not None:
        from recdata.leaderboard.ledger import read

        document = read(tuned)
        if document.get("baseline") != name:
            raise InputError(f"{tuned} has settings of baseline {document.get('baseline')!r}, not of {name}")
        options, tuning = dict(document["parameters"]), document["tuning"]
    for each in option:
        key, equals, text = each.partition("=")
        if not equals:
            raise InputError(f"--option is written NAME=VALUE, not {each!r}")
        try:
            options[key] = json.loads(text)
        except ValueError:
            options[key] = text
    return options, tuning


def open_ledger(folder: Path | None, begun: bool = True) -> Ledger:
    """Return the ledger in ``folder``, or the one that comes with recdata. begun: whether it has to be there already.

    Raises MissingError where it has to be and is not, and where none comes with this installation.
    """
    from recdata.leaderboard.ledger import Ledger

    ledger = Ledger(folder)
    if not ledger.folder.is_dir():
        if folder is None:
            raise MissingError("no ledger comes with this installation of recdata; name one: --ledger FOLDER")
        if begun:
            raise MissingError(f"there is no ledger {folder}; recdata submit begins one")
    return ledger


def loader(allow_partial: bool = False, raw: Mapping[str, Path] | None = None) -> Callable[[str], AnyTask]:
    """Return a function that gives a task by its name, each loaded once.

    allow_partial: samples of raw files will do, for where a fingerprint says whether they are the same ones. raw: where
    the raw files of a corpus are, by its name; those of others are looked for at the usual places.
    """
    from functools import cache

    from recdata.api import task
    from recdata.protocol.names import parse_name

    @cache
    def load(name: str) -> AnyTask:
        where = (raw or {}).get(parse_name(name).corpus)
        return task(name, from_path=where, allow_partial=allow_partial)

    return load


def read_places(raw: tuple[str, ...]) -> dict[str, Path]:
    """Return the paths of ``CORPUS=PATH`` options by corpus. Raises InputError where one is not so, or is not there."""
    places = {}
    for each in raw:
        corpus, equals, path = each.partition("=")
        if not equals or not corpus:
            raise InputError(f"--raw is written CORPUS=PATH, not {each!r}")
        if not Path(path).exists():
            raise InputError(f"--raw {corpus}: {path} is not there")
        places[corpus] = Path(path)
    return places
