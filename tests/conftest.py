"""Fixtures that all tests share: the real raw files, a store of one's own, no network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A slow machine is no fault of what is tested; everything else stays as Hypothesis chose it here.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")

collect_ignore = ["without_torch.py"]
"""It stands in for a library wherever it is imported, and looking for doctests would import it here."""

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real raw files: RECDATA_TEST_DATA, or ../shared/data beside the checkout.

    Where it is absent the test is skipped, or fails if RECDATA_REQUIRE (a list of words) has the word "data".
    """
    folder = Path(os.environ.get("RECDATA_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        reason = f"no real raw files: there is no folder {folder} (set RECDATA_TEST_DATA)"
        if "data" in os.environ.get("RECDATA_REQUIRE", "").replace(",", " ").split():
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, empty: RECDATA_HOME points to it, and RECDATA_ARCHIVES to nothing."""
    folder = tmp_path / "home"
    monkeypatch.setenv("RECDATA_HOME", str(folder))
    monkeypatch.delenv("RECDATA_ARCHIVES", raising=False)
    return folder


@pytest.fixture(autouse=True, scope="session")
def _no_store_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let a test that forgets ``home`` build into a folder of the run's own, never into the user's store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECDATA_HOME", str(tmp_path_factory.mktemp("store")))
        patch.delenv("RECDATA_ARCHIVES", raising=False)
        yield


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process connect to this machine alone; child processes are told so in the Hub's words."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        remote = self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL
        if remote:
            pytest.fail(f"a test tried to reach {address[0]}: tests need no network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Spark session on this machine with two cores, one for the whole run: starting one takes seconds.

    Where PySpark or Java is absent the test is skipped, or fails if RECDATA_REQUIRE has the word "spark".
    """
    from recdata.engines.spark_session import session
    from recdata.errors import ResourceError

    # Java's second compiler takes longer than the small tasks of tests would save; without it Java takes so little room
    # for compiled code that it soon looks for some to throw away most of the time.
    java = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m -XX:MetaspaceSize=512m -XX:+UseSerialGC"
    conf = {"spark.driver.memory": "2g", "spark.driver.extraJavaOptions": java}
    conf["spark.sql.codegen.cache.maxEntries"] = "10000"
    conf["spark.sql.warehouse.dir"] = str(tmp_path_factory.mktemp("warehouse"))
    try:
        return session("local[2]", {"spark.sql.shuffle.partitions": "2", **conf})
    except ResourceError as error:
        if "spark" in os.environ.get("RECDATA_REQUIRE", "").replace(",", " ").split():
            pytest.fail(str(error))
        pytest.skip(str(error))
