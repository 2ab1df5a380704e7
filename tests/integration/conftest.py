"""What the tests of the Hub share: the stand-in, clients of it, and the oldest clients that are supported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hubclient import OLD, Client
from hubserver import Hub
from overlays import overlay


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.fixture
def run(hub: Hub, tmp_path: Path) -> Client:
    return Client(hub, tmp_path)


@pytest.fixture(scope="session")
def old_clients() -> Path:
    return overlay(".venv-datasets36", OLD, required=True)
