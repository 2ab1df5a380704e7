"""Download of one raw file: hashed while it streams, resumed, retried, checked, and only then given its name."""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recdata.errors import InputError, MismatchError, MissingError, ResourceError
from recdata.store.atomic import sync, write_json, writing
from recdata.store.lock import locked
from recdata.version import __version__

MAX_BYTES = 512 * 2**30
"""What is larger than this is not downloaded, whoever offers it."""
ATTEMPTS = 4
TIMEOUT = 20.0
_CHUNK = 1 << 18
_LONGEST_PAUSE = 60.0
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_HERE = ("127.0.0.1", "localhost")
_LOST = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT}


def download(
    url: str,
    target: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    attempts: int = ATTEMPTS,
    timeout: float = TIMEOUT,
    pause: float = 1.0,
    most: int = MAX_BYTES,
) -> None:
    """Download ``url`` to ``target``, unless it is there; ``<target>.json`` then records where from and its SHA-256.

    size, sha256: what is known of it; the bytes must agree. attempts: how often in a row it may fail to get any
    further; the pause between them starts at ``pause`` seconds and doubles. timeout: seconds without a byte.
    most: the largest size accepted, in bytes.

    The bytes gather in ``<target>.part``, which a later call resumes where the server can say that the file is
    still the same. Of several processes one downloads and the others wait for it. Where RECDATA_OFFLINE is set
    nothing is downloaded. Progress is shown on standard error where that is a terminal. Raises MissingError where
    the file cannot be had, MismatchError where it is not the one that was expected, InputError for an address that
    is not https (but for this machine's), ResourceError where the disk refuses or the file is too large.
    """
    _check_address(url)
    with locked(target), writing(target):
        if not target.is_file():
            if os.environ.get("RECDATA_OFFLINE"):
                raise MissingError(f"{url} is not downloaded: RECDATA_OFFLINE is set")
            _Transfer(url, target, size, sha256, timeout, most).run(attempts, pause)


def record(target: Path) -> dict[str, Any]:
    """Return what was recorded of a downloaded file: name, url, size, sha256, downloaded. Empty if nothing was."""
    try:
        found = json.loads(_beside(target, ".json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise InputError(f"{url}: raw files are downloaded from https addresses only")


class _TryAgain(Exception):  # noqa: N818
    """A fault that may pass: a lost connection, a busy server."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to addresses that might have been asked for in the first place."""

    def redirect_request(self, *args: Any) -> urllib.request.Request | None:
        _check_address(args[-1])
        return super().redirect_request(*args)


class _Transfer:
    """One file on its way: the bytes so far are in ``part``, their hash in ``hash``, their number in ``place``."""

    def __init__(
        self, url: str, target: Path, size: int | None, sha256: str | None, timeout: float, most: int
    ) -> None:
        self.url, self.target, self.timeout, self.most = url, target, timeout, most
        self.size, self.sha256 = size, sha256
        self.part, self.note = _beside(target, ".part"), _beside(target, ".part.json")
        self.place, self.hash, self.spliced = 0, hashlib.sha256(), False
        self.validator: str | None = None

    def run(self, attempts: int, pause: float) -> None:
        """Bring all bytes in, check them, and give the file its name."""
        self._take_up()
        if self.size is None or self.place < self.size:
            self._persist(attempts, pause)
        if self.spliced and self._fault():
            self._restart()  # the pieces do not fit together: once more, in one
            self._persist(attempts, pause)
        if fault := self._fault():
            self._restart()
            raise MismatchError(
                f"{self.url} is not the file that was expected: {fault}. If the publisher replaced it, the card "
                "needs a new version; if something on the way changed it, try another network."
            )
        self._finish()

    def _take_up(self) -> None:
        """Go on from a part that an earlier process left, where it is known to be of this very file."""
        try:
            note = json.loads(self.note.read_bytes())
            known = note["url"] == self.url and (note["validator"] or self.sha256)
            have = self.part.stat().st_size
        except (OSError, ValueError, TypeError, KeyError):
            known, have = False, 0
        if not known or have > (self.size or self.most):
            self._restart()
            return
        self.validator, self.spliced = note["validator"], True
        with self.part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self.hash.update(chunk)
                self.place += len(chunk)

    def _restart(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)
        self.place, self.hash, self.spliced, self.validator = 0, hashlib.sha256(), False, None

    def _persist(self, attempts: int, pause: float) -> None:
        """Stream until all is there, trying again as long as that gets further."""
        furthest, failures = self.place, 0
        while True:
            try:
                self._stream()
                return
            except _TryAgain as error:
                failures = 1 if self.place > furthest else failures + 1
                furthest = max(furthest, self.place)
                if failures >= attempts:
                    raise MissingError(
                        f"{self.url} could not be downloaded: {error} ({failures} times)"
                    ) from None
                time.sleep(min(max(pause * 2 ** (failures - 1), error.wait), _LONGEST_PAUSE))

    def _stream(self) -> None:
        """Ask for what is missing and take what comes. Raises _TryAgain where the connection is lost."""
        from tqdm import tqdm

        try:
            with self._open() as response:
                total = self._agree(response)
                if total is not None and self.place == total:
                    return
                with (
                    self.part.open("ab") as file,
                    tqdm(
                        desc=self.target.name,
                        total=total,
                        initial=self.place,
                        unit="B",
                        unit_scale=True,
                        file=sys.stderr,
                        disable=None,
                    ) as bar,
                ):
                    while chunk := _read(response):
                        file.write(chunk)
                        self.hash.update(chunk)
                        self.place += len(chunk)
                        bar.update(len(chunk))
                        if self.size is not None and self.place > self.size:
                            return  # too long already, as ``_fault`` will say
                        if self.place > self.most:
                            raise ResourceError(
                                f"{self.url} has more than {self.most:,} bytes: not downloaded"
                            )
        except urllib.error.URLError as error:
            raise _judge(self.url, error.reason) from None
        whole = self.size if total is None else total
        if whole is not None and self.place < whole:
            raise _TryAgain(f"the connection ended at byte {self.place:,} of {whole:,}")

    def _open(self) -> Any:
        headers = {"User-Agent": f"recdata/{__version__}", "Accept-Encoding": "identity"}
        if self.place:
            headers["Range"] = f"bytes={self.place}-"
            if self.validator:
                headers["If-Range"] = self.validator
        handlers: list[Any] = [_Redirects()]
        if urlsplit(self.url).hostname in _HERE:
            handlers.append(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(self.url, headers=headers)
        try:
            return urllib.request.build_opener(*handlers).open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416 and self.place:
                    if error.headers.get("Content-Range", "").strip() == f"bytes */{self.place}":
                        return _Nothing(self.place)
                    self._restart()
                    raise _TryAgain("the server has fewer bytes than were received before") from None
                if error.code in _TRY_AGAIN:
                    wait = error.headers.get("Retry-After", "")
                    raise _TryAgain(
                        f"the server answers {error.code} {error.reason}",
                        float(wait) if wait.isdigit() else 0.0,
                    ) from None
                raise MissingError(
                    f"{self.url} could not be downloaded: the server answers {error.code} {error.reason}"
                ) from None
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.URLError):
                raise
            raise _judge(self.url, error) from None

    def _agree(self, response: Any) -> int | None:
        """Make the part fit the server's answer; return how many bytes there will be in all, None if unknown."""
        if isinstance(response, _Nothing):
            return response.total
        headers: Mapping[str, str] = response.headers
        if headers.get("Content-Encoding", "identity") != "identity":
            raise MissingError(f"{self.url}: the server sends it packed as {headers['Content-Encoding']}")
        if response.status == 206:
            match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip())
            if match is None or int(match[1]) != self.place:
                self._restart()
                raise _TryAgain("the server sent another range than was asked for")
            self.spliced = True
            total = int(match[2]) if match[2] != "*" else None
        else:  # the whole file: the server takes no ranges, or the file is not the same as before
            self._restart()
            length = headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
        if self.size is not None and total is not None and total != self.size:
            raise MismatchError(f"{self.url} has {total:,} bytes; expected {self.size:,}")
        if (total or 0) > self.most:
            raise ResourceError(f"{self.url} has {total:,} bytes, more than {self.most:,}: not downloaded")
        etag = headers.get("ETag", "")
        validator = etag if etag.startswith('"') else headers.get("Last-Modified")
        if validator != self.validator or not self.note.is_file():
            self.validator = validator
            write_json(self.note, {"url": self.url, "validator": validator})
        return total

    def _fault(self) -> str | None:
        """Say how the bytes differ from what was promised."""
        if self.size is not None and self.place != self.size:
            return f"it has {self.place:,} bytes, expected {self.size:,}"
        if self.sha256 is not None and self.hash.hexdigest() != self.sha256:
            return f"its SHA-256 is {self.hash.hexdigest()}, expected {self.sha256}"
        return None

    def _finish(self) -> None:
        """Record the file, then give it its name: what has the name is whole and has a record."""
        self.part.touch()  # an empty file has no part yet
        sync(self.part)
        write_json(
            _beside(self.target, ".json"),
            {
                "name": self.target.name,
                "url": self.url,
                "size": self.place,
                "sha256": self.hash.hexdigest(),
                "downloaded": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            },
        )
        self.part.replace(self.target)
        if os.name == "posix":
            sync(self.target.parent)
        with suppress(FileNotFoundError):
            self.note.unlink()


class _Nothing:
    """The answer of a server that has no more bytes than are here already."""

    def __init__(self, total: int) -> None:
        self.total = total

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def _read(response: Any) -> bytes:
    """Return the next bytes, none at the end. Raises _TryAgain where the connection is lost."""
    try:
        return response.read1(_CHUNK)  # type: ignore[no-any-return]
    except http.client.IncompleteRead:
        raise _TryAgain("the connection ended before the file did") from None
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgain(f"the connection was lost: {error or type(error).__name__}") from None


def _judge(url: str, error: Any) -> Exception:
    """Tell a fault that may pass from one that will not, such as a name that nobody knows."""
    passing = isinstance(error, TimeoutError | socket.timeout | http.client.HTTPException | ssl.SSLEOFError)
    if passing or getattr(error, "errno", None) in _LOST:
        return _TryAgain(f"no answer from the server: {error or type(error).__name__}")
    why = (
        "the server's name is not known; is there a network?" if isinstance(error, socket.gaierror) else error
    )
    return MissingError(f"{url} could not be downloaded: {why}")
