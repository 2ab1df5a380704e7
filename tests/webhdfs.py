"""A file system on this machine that Hadoop's own client reads and writes over HTTP: WebHDFS, backed by a folder.

What is asked and answered is in Hadoop's documentation, "WebHDFS REST API". Here is what Spark asks for: status, listing,
reading from an offset, writing by redirect, folders, renaming, deleting. As on HDFS a file is there, and grows, from the
moment in which it is created; a rename is one step, never over what is there already.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

PREFIX = "/webhdfs/v1"
BLOCK = 1 << 27
EXCEPTIONS = {
    "FileNotFoundException": (404, "java.io.FileNotFoundException"),
    "FileAlreadyExistsException": (403, "org.apache.hadoop.fs.FileAlreadyExistsException"),
    "PathIsNotEmptyDirectoryException": (403, "org.apache.hadoop.fs.PathIsNotEmptyDirectoryException"),
    "ParentNotDirectoryException": (403, "org.apache.hadoop.fs.ParentNotDirectoryException"),
    "AccessControlException": (403, "org.apache.hadoop.security.AccessControlException"),
    "UnsupportedOperationException": (400, "java.lang.UnsupportedOperationException"),
}
"""What is told of each exception: the status of the response, and Java's class."""


class RefusedError(Exception):
    """An exception that the client is to raise. kind: one of EXCEPTIONS."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class FileSystem(ThreadingHTTPServer):
    """The server. asked: (operation, path) of each request but the redirected ones. refuse: may raise RefusedError."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[tuple[str, str]] = []
        self.refuse: Callable[[str, str], None] = lambda operation, path: None
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        """The URI of its root, without a slash at the end."""
        return f"webhdfs://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that left."""


@contextmanager
def serving(folder: Path) -> Iterator[FileSystem]:
    """Serve ``folder``, which is made, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileSystem(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FileSystem
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        self.path_asked = unquote(address.path.removeprefix(PREFIX)) or "/"
        self.options = {key.lower(): values[-1] for key, values in parse_qs(address.query).items()}
        operation = self.options["op"].upper()
        self.data = operation in ("OPEN", "CREATE") and "data" in self.options
        try:
            found = getattr(self, f"_{operation.lower()}", None)
            if found is None:
                raise RefusedError("UnsupportedOperationException", f"{operation} is not there")
            if not self.data:
                self.server.asked.append((operation, self.path_asked))
                self.server.refuse(operation, self.path_asked)
                if operation in ("OPEN", "CREATE"):
                    self._redirect(operation)
                    return
            found()
        except RefusedError as refused:
            status, java = EXCEPTIONS[refused.kind]
            told = {"exception": refused.kind, "javaClassName": java, "message": str(refused)}
            self.close_connection = self.close_connection or self.command == "PUT"
            self._json({"RemoteException": told}, status)

    def _local(self, path: str) -> Path:
        return self.server.folder / path.strip("/")

    @property
    def _place(self) -> Path:
        return self._local(self.path_asked)

    def _existing(self) -> Path:
        if not self._place.exists():
            raise RefusedError("FileNotFoundException", f"File does not exist: {self.path_asked}")
        return self._place

    def _redirect(self, operation: str) -> None:
        """Send the client to where the data is: here, for reading what is there and writing what may be."""
        if operation == "OPEN" and self._existing().is_dir():
            raise RefusedError("FileNotFoundException", f"Path is not a file: {self.path_asked}")
        if operation == "CREATE":
            self._create_empty()
        host = f"127.0.0.1:{self.server.server_port}"
        query = f"{urlsplit(self.path).query}&data=true"
        self.send_response(307)
        self.send_header("Location", f"http://{host}{PREFIX}{quote(self.path_asked)}?{query}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, document: Any, status: int = 200) -> None:
        text = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        # Without a type: to tell one the client that PySpark ships needs a class that is not shipped (Jersey's, shaded).
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _status(self, place: Path, suffix: str) -> dict[str, Any]:
        found = place.stat()
        folder = place.is_dir()
        moment = int(found.st_mtime * 1000)
        return {
            "accessTime": moment,
            "blockSize": 0 if folder else BLOCK,
            "childrenNum": len(list(place.iterdir())) if folder else 0,
            "fileId": found.st_ino,
            "group": "group",
            "length": 0 if folder else found.st_size,
            "modificationTime": moment,
            "owner": "owner",
            "pathSuffix": suffix,
            "permission": "755" if folder else "644",
            "replication": 0 if folder else 1,
            "storagePolicy": 0,
            "type": "DIRECTORY" if folder else "FILE",
        }

    def _statuses(self) -> list[dict[str, Any]]:
        place = self._existing()
        if place.is_file():
            return [self._status(place, "")]
        return [self._status(inside, inside.name) for inside in sorted(place.iterdir())]

    def _getfilestatus(self) -> None:
        self._json({"FileStatus": self._status(self._existing(), "")})

    def _liststatus(self) -> None:
        self._json({"FileStatuses": {"FileStatus": self._statuses()}})

    def _liststatus_batch(self) -> None:
        statuses = {"FileStatuses": {"FileStatus": self._statuses()}}
        self._json({"DirectoryListing": {"partialListing": statuses, "remainingEntries": 0}})

    def _getcontentsummary(self) -> None:
        place = self._existing()
        inside = [place, *place.rglob("*")]
        length = sum(file.stat().st_size for file in inside if file.is_file())
        summary = {
            "directoryCount": sum(each.is_dir() for each in inside),
            "fileCount": sum(each.is_file() for each in inside),
            "length": length,
            "quota": -1,
            "spaceConsumed": length,
            "spaceQuota": -1,
        }
        self._json({"ContentSummary": summary})

    def _getfileblocklocations(self) -> None:
        length = self._existing().stat().st_size
        block = {
            "cachedHosts": [],
            "corrupt": False,
            "hosts": ["127.0.0.1"],
            "length": length,
            "names": ["127.0.0.1:0"],
            "offset": 0,
            "storageTypes": ["DISK"],
            "topologyPaths": ["/default-rack/127.0.0.1:0"],
        }
        self._json({"BlockLocations": {"BlockLocation": [block]}})

    def _gethomedirectory(self) -> None:
        self._json({"Path": "/user/owner"})

    def _open(self) -> None:
        place = self._existing()
        with place.open("rb") as file:
            offset = int(self.options.get("offset", 0))
            size = place.stat().st_size
            length = min(int(self.options.get("length", size)), max(size - offset, 0))
            file.seek(offset)
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(length))
            self.end_headers()
            while length and (piece := file.read(min(length, 1 << 20))):
                self.wfile.write(piece)
                length -= len(piece)

    def _create_empty(self) -> None:
        place = self._place
        if place.is_dir() or (place.exists() and self.options.get("overwrite", "false") != "true"):
            raise RefusedError("FileAlreadyExistsException", f"{self.path_asked} already exists")
        self._make_folder(place.parent)
        place.write_bytes(b"")

    def _create(self) -> None:
        with self._place.open("wb") as file:
            for piece in self._body():
                file.write(piece)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            left = int(self.headers.get("Content-Length", 0))
            while left and (piece := self.rfile.read(min(left, 1 << 20))):
                left -= len(piece)
                yield piece
            return
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _make_folder(self, place: Path) -> None:
        try:
            place.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise RefusedError("ParentNotDirectoryException", f"{place.name} is not a directory") from None

    def _mkdirs(self) -> None:
        self._make_folder(self._place)
        self._json({"boolean": True})

    def _rename(self) -> None:
        """Move a file or folder; into a folder that is there; not over a file, and to no folder that is not there."""
        with self.server.lock:
            source, target = self._place, self._local(self.options["destination"])
            if target.is_dir():
                target = target / source.name
            inside = source == target or source in target.parents
            moved = source.exists() and not target.exists() and target.parent.is_dir() and not inside
            if moved:
                source.rename(target)
        self._json({"boolean": moved})

    def _delete(self) -> None:
        place = self._place
        there = place.exists()
        if place.is_dir():
            if self.options.get("recursive", "false") != "true" and any(place.iterdir()):
                raise RefusedError("PathIsNotEmptyDirectoryException", f"{self.path_asked} is non empty")
            shutil.rmtree(place)
        elif there:
            place.unlink()
        self._json({"boolean": there})

    def _setpermission(self) -> None:
        self._existing()
        self._json(None)

    _settimes = _setowner = _setpermission
