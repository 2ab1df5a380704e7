"""Serving a built site on this machine, for looking at it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from recdata.errors import ResourceError


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def serve(folder: Path, port: int, ready: Callable[[str], None]) -> None:
    """Serve ``folder`` at 127.0.0.1 until interrupted; ``ready`` is told the address. Port 0: any that is free.

    Raises ResourceError where the port is taken.
    """
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        raise ResourceError(f"port {port} cannot be used: {error.strerror}") from None
    with server:
        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        server.serve_forever()
