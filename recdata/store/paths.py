"""Where the store is: RECDATA_HOME, or the platform's folder for user data."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from recdata.errors import ResourceError


def home() -> Path:
    """Return the store's folder as an absolute path; it need not exist yet.

    It is ``RECDATA_HOME`` where that is set, and otherwise the platform's folder for user data (on Linux
    ``~/.local/share/recdata``). Raises ResourceError where neither is known, as for a user without a home.
    """
    if chosen := os.environ.get("RECDATA_HOME"):
        try:
            return Path(chosen).expanduser().absolute()
        except RuntimeError:
            raise ResourceError(
                f"RECDATA_HOME is {chosen!r}, but no home is known: write it in full"
            ) from None
    from platformdirs import user_data_path

    with suppress(RuntimeError):  # which platformdirs raises rather than return a path from ~
        folder = user_data_path("recdata")
        if folder.is_absolute() and not _is_gone(folder):
            return folder
    raise ResourceError("there is no home folder to keep the store in: set RECDATA_HOME to another folder")


def _is_gone(folder: Path) -> bool:
    """Say whether ``folder`` would stand in a home folder that does not exist, as system users have."""
    try:
        user = Path.home()
    except RuntimeError:
        return False
    return folder.is_relative_to(user) and not user.is_dir()


def corpora() -> Path:
    """Return the folder of built corpora."""
    return home() / "corpora"


def tasks() -> Path:
    """Return the folder of built tasks."""
    return home() / "tasks"


def archives() -> Path:
    """Return the folder of downloaded and unpacked raw files."""
    return home() / "archives"
