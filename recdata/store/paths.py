"""Where the store is: RECDATA_HOME, or the platform's folder for user data."""

from __future__ import annotations

import os
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

    folder = user_data_path("recdata")
    try:
        user = Path.home()
    except RuntimeError:
        user = None
    if not folder.is_absolute() or (user is not None and folder.is_relative_to(user) and not user.is_dir()):
        raise ResourceError(
            f"there is no home folder to keep the store in ({folder}): set RECDATA_HOME to another"
        )
    return folder


def corpora() -> Path:
    """Return the folder of built corpora."""
    return home() / "corpora"


def tasks() -> Path:
    """Return the folder of built tasks."""
    return home() / "tasks"


def archives() -> Path:
    """Return the folder of downloaded and unpacked raw files."""
    return home() / "archives"
