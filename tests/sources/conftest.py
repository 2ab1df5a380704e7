"""Fixtures for tests of raw files and how they are got."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from badserver import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()
