"""The store is where RECDATA_HOME says, or where the platform keeps user data, or there is a clear error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recdata.errors import ResourceError
from recdata.store import paths


def test_the_environment_decides(home: Path) -> None:
    assert paths.home() == home
    assert not home.exists()
    assert (paths.corpora(), paths.tasks(), paths.archives()) == (
        home / "corpora",
        home / "tasks",
        home / "archives",
    )


def test_a_relative_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECDATA_HOME", "store")
    assert paths.home() == tmp_path / "store"


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a user whom the system knows no home folder of."""

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("RECDATA_HOME", "")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "home", staticmethod(nobody))
    monkeypatch.setattr(Path, "expanduser", lambda path: nobody())
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    return monkeypatch


def test_without_a_home_the_message_says_what_to_set(no_home: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResourceError, match="set RECDATA_HOME"):
        paths.home()


def test_a_data_folder_does_without_a_home(no_home: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_home.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert paths.home() == tmp_path / "recdata"


def test_a_tilde_without_a_home(no_home: pytest.MonkeyPatch) -> None:
    no_home.setenv("RECDATA_HOME", "~/store")
    with pytest.raises(ResourceError, match="write it in full"):
        paths.home()


def test_a_home_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RECDATA_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "gone"))
    with pytest.raises(ResourceError, match="no home folder"):
        paths.home()
