"""Downloads over bad networks: what arrives is whole and right, or there is a clear error."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from badserver import Answer, Handler, Server, cut, reset, serve, status, whole

from recdata.errors import InputError, MismatchError, MissingError, RecdataError, ResourceError
from recdata.sources import download as module
from recdata.sources.download import download, record

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def url(server: Server) -> str:
    server.files["ml.zip"] = CONTENT
    return server.url("ml.zip")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "archives" / "ml.zip"


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if not path.name.endswith(".lock"))


def fetch(url: str, target: Path, **options: Any) -> None:
    download(url, target, **{"pause": 0.001, "timeout": 5.0} | options)


def ranges(server: Server) -> list[str]:
    return [headers.get("Range", "") for headers in server.requests]


def test_a_file_arrives_with_a_record(server: Server, url: str, target: Path) -> None:
    fetch(url, target, size=len(CONTENT), sha256=SHA256)
    assert target.read_bytes() == CONTENT
    assert names(target) == ["ml.zip", "ml.zip.json"]
    found = record(target)
    assert found.pop("downloaded")
    assert found == {"name": "ml.zip", "url": url, "size": len(CONTENT), "sha256": SHA256}
    fetch(url, target)
    assert len(server.requests) == 1


def test_nothing_is_known_of_what_was_not_recorded(target: Path) -> None:
    assert record(target) == {}
    target.parent.mkdir()
    target.with_name("ml.zip.json").write_text("[1]")
    assert record(target) == {}


@pytest.mark.parametrize("etag", ['"one"', None, 'W/"weak"'])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "plan",
    [
        [cut(1000)],
        [cut(1000), cut(0), cut(5000)],
        [reset],
        [status(503), status(429, Retry_After="0"), status(500)],
        [cut(1000), status(502), whole],
        [cut(300_000, whole), cut(700_000, whole)],
        [cut(1000), status(416)],
    ],
    ids=["cut", "cuts", "reset", "busy", "cut-busy-no-range", "no-range", "no-such-range"],
)
def test_what_is_cut_is_taken_up_again(
    plan: list[Answer], known: bool, etag: str | None, server: Server, url: str, target: Path
) -> None:
    server.plan.extend(plan)
    server.etag = etag
    fetch(url, target, **{"size": len(CONTENT), "sha256": SHA256} if known else {})
    assert target.read_bytes() == CONTENT
    assert names(target) == ["ml.zip", "ml.zip.json"]
    assert not server.plan


def test_only_the_rest_is_asked_for(server: Server, url: str, target: Path) -> None:
    server.plan.append(cut(300_000))
    fetch(url, target)
    assert ranges(server) == ["", "bytes=300000-"]
    assert server.requests[1]["If-Range"] == '"one"'


def test_a_file_that_changes_on_the_way_starts_over(server: Server, url: str, target: Path) -> None:
    def change(handler: Handler) -> None:
        cut(300_000)(handler)
        server.files["ml.zip"], server.etag = CONTENT[::-1], '"two"'

    server.plan.append(change)
    fetch(url, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_pieces_that_do_not_fit_are_thrown_away(server: Server, url: str, target: Path) -> None:
    server.etag = None  # nothing to tell that the first piece came from another file
    server.files["ml.zip"] = bytes(len(CONTENT))

    def change(handler: Handler) -> None:
        cut(300_000)(handler)
        server.files["ml.zip"] = CONTENT

    server.plan.append(change)
    fetch(url, target, sha256=SHA256)
    assert target.read_bytes() == CONTENT
    assert ranges(server) == ["", "bytes=300000-", ""]


def another_range(handler: Handler) -> None:
    handler.start(206, 10, Content_Range="bytes 0-9/1024000")
    handler.wfile.write(CONTENT[:10])


def test_another_range_than_was_asked_for(server: Server, url: str, target: Path) -> None:
    server.plan.extend([cut(300_000), another_range])
    fetch(url, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "answer", [cut(0), cut(1000, whole), status(503), reset], ids=["empty", "cut", "503", "reset"]
)
def test_patience_ends(answer: Answer, server: Server, url: str, target: Path) -> None:
    server.always = answer
    with pytest.raises(MissingError, match=r"could not be downloaded.*\(3 times\)"):
        fetch(url, target, attempts=3)
    assert len(server.requests) in (3, 4)  # the first piece is progress
    assert "ml.zip" not in names(target)


def test_a_server_that_says_nothing(server: Server, url: str, target: Path) -> None:
    release = threading.Event()

    def silent(_: Handler) -> None:
        release.wait(10)

    server.plan.extend([silent, silent])
    try:
        with pytest.raises(MissingError, match=r"no answer.*\(2 times\)"):
            fetch(url, target, attempts=2, timeout=0.1)
    finally:
        release.set()


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_refusal_is_final(code: int, server: Server, url: str, target: Path) -> None:
    server.always = status(code)
    with pytest.raises(MissingError, match=f"the server answers {code}"):
        fetch(url, target)
    assert len(server.requests) == 1


def test_no_server_at_all(target: Path) -> None:
    with pytest.raises(MissingError, match="could not be downloaded"):
        fetch("http://127.0.0.1:9/ml.zip", target)


def test_no_network_is_said_in_words(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(MissingError, match="is there a network"):
        fetch("https://files.example.org/ml.zip", target)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sha256": "0" * 64}, f"SHA-256 is {SHA256}, expected {'0' * 64}"),
        ({"size": 10}, "has 1,024,000 bytes; expected 10"),
        ({"size": 2_000_000, "sha256": SHA256}, "expected 2,000,000"),
    ],
)
def test_a_wrong_file_is_not_kept(
    options: dict[str, Any], words: str, server: Server, url: str, target: Path
) -> None:
    with pytest.raises(MismatchError, match=words):
        fetch(url, target, **options)
    assert "ml.zip" not in names(target)
    fetch(url, target, sha256=SHA256)  # and does not stand in the way of the right one
    assert target.read_bytes() == CONTENT


def unmeasured(handler: Handler) -> None:
    handler.start(200, None)
    handler.wfile.write(handler.content)


def test_an_answer_without_a_length(server: Server, url: str, target: Path) -> None:
    server.plan.append(unmeasured)
    fetch(url, target)
    assert target.read_bytes() == CONTENT
    target.unlink()
    server.plan.append(unmeasured)
    with pytest.raises(MismatchError, match="expected 1,000"):
        fetch(url, target, size=1000)


@pytest.mark.parametrize("answer", [serve, unmeasured])
def test_more_than_is_allowed(answer: Answer, server: Server, url: str, target: Path) -> None:
    server.plan.append(answer)
    with pytest.raises(ResourceError, match="more than 1,000"):
        fetch(url, target, most=1000)
    assert "ml.zip" not in names(target)


def test_an_empty_file(server: Server, target: Path) -> None:
    server.files["empty"] = b""
    fetch(server.url("empty"), target)
    assert target.read_bytes() == b""


def test_a_packed_answer_is_refused(server: Server, url: str, target: Path) -> None:
    server.plan.append(status(200, Content_Encoding="gzip"))
    with pytest.raises(MissingError, match="packed as gzip"):
        fetch(url, target)


def test_redirects(server: Server, url: str, target: Path) -> None:
    server.plan.extend([status(302, Location="/ml.zip"), cut(1000), status(302, Location="/ml.zip")])
    fetch(url, target)
    assert target.read_bytes() == CONTENT
    assert record(target)["url"] == url


@pytest.mark.parametrize("address", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd"])
def test_addresses_that_are_refused(address: str, server: Server, url: str, target: Path) -> None:
    with pytest.raises(InputError, match="https addresses only"):
        fetch(address, target)
    server.plan.append(status(302, Location=address))
    with pytest.raises(RecdataError):
        fetch(url, target)
    assert not target.exists()


SCRIPT = """
import sys
from pathlib import Path
from recdata.sources.download import download
print("begun", flush=True)
download(sys.argv[1], Path(sys.argv[2]), sha256=sys.argv[3] or None)
"""


def start(url: str, target: Path, sha256: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, url, str(target), sha256], stdout=subprocess.PIPE)


def test_two_processes_download_once(server: Server, url: str, target: Path) -> None:
    both_wait = threading.Event()

    def slow(handler: Handler) -> None:
        both_wait.wait(20)
        serve(handler)

    server.always = slow
    processes = [start(url, target) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    both_wait.set()
    assert [process.communicate() and process.returncode for process in processes] == [0, 0]
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 1


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("etag", ['"one"', None])
def test_a_killed_download_leaves_a_part_and_is_resumed(
    etag: str | None, server: Server, url: str, target: Path
) -> None:
    server.etag = etag
    killed = threading.Event()

    def half(handler: Handler) -> None:
        handler.start(200, len(CONTENT))
        handler.wfile.write(CONTENT[:600_000])
        handler.wfile.flush()
        killed.wait(20)

    server.plan.append(half)
    process = start(url, target)
    part = target.with_name("ml.zip.part")
    while not (part.exists() and part.stat().st_size > 100_000):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed.set()
    assert not target.exists()
    fetch(url, target)
    assert target.read_bytes() == CONTENT
    # Without a validator and without a checksum nothing says that the part is of this file.
    assert ranges(server)[1].startswith("bytes=") == (etag is not None)


def test_a_part_that_is_whole_needs_no_request(server: Server, url: str, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("ml.zip.part").write_bytes(CONTENT)
    target.with_name("ml.zip.part.json").write_text(json.dumps({"url": url, "validator": '"one"'}))
    fetch(url, target, size=len(CONTENT), sha256=SHA256)
    assert server.requests == []
    target.rename(target.with_name("ml.zip.part"))
    target.with_name("ml.zip.part.json").write_text(json.dumps({"url": url, "validator": '"one"'}))
    fetch(url, target)
    assert ranges(server) == ["bytes=1024000-"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("note", [None, "", "[]", '{"url": "https://else.where/", "validator": "x"}'])
def test_a_part_of_something_else_is_dropped(note: str | None, url: str, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("ml.zip.part").write_bytes(b"something else")
    if note is not None:
        target.with_name("ml.zip.part.json").write_text(note)
    fetch(url, target)
    assert target.read_bytes() == CONTENT


def test_a_full_disk_is_said(url: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "sync", full)
    with pytest.raises(ResourceError, match="the disk is full"):
        fetch(url, target)
    assert not target.exists()
