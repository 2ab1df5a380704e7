"""A server on this machine that answers as real ones do on bad days."""

from __future__ import annotations

import re
import socket
import struct
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Serves ``files``; ``plan`` holds answers for the next requests, after which it behaves."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.plan: deque[Answer] = deque()
        self.always: Answer | None = None
        self.requests: list[dict[str, str]] = []
        self.etag: str | None = '"one"'

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are part of the tests


class Handler(BaseHTTPRequestHandler):
    """Answers GET, with ranges, as a well-behaved server does."""

    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(dict(self.headers.items()))
        if self.server.plan:
            self.server.plan.popleft()(self)
        else:
            (self.server.always or serve)(self)

    @property
    def content(self) -> bytes:
        return self.server.files[self.path.strip("/")]

    def log_message(self, *_: Any) -> None:
        pass

    def start(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if self.server.etag:
            self.send_header("ETag", self.server.etag)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


def serve(handler: Handler, most: int | None = None) -> None:
    """Send the range that was asked for; with ``most``, hang up after so many bytes of it."""
    content, start = handler.content, 0
    match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    if match and handler.headers.get("If-Range", handler.server.etag) == handler.server.etag:
        start = int(match[1])
        if start >= len(content):
            handler.start(416, 0, Content_Range=f"bytes */{len(content)}")
            return
        ranged = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.start(206, len(content) - start, Content_Range=ranged)
    else:
        handler.start(200, len(content))
    handler.wfile.write(content[start:][:most])


def whole(handler: Handler, most: int | None = None) -> None:
    """Send the whole file, whatever range was asked for."""
    handler.start(200, len(handler.content))
    handler.wfile.write(handler.content[:most])


def cut(most: int, answer: Callable[..., None] = serve) -> Answer:
    return lambda handler: answer(handler, most)


def status(code: int, **headers: str) -> Answer:
    return lambda handler: handler.start(code, 0, **headers)


def reset(handler: Handler) -> None:
    """Send a little, then reset the connection."""
    handler.start(200, len(handler.content))
    handler.wfile.write(handler.content[:10])
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
