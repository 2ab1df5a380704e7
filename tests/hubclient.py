"""Clients of the Hub stand-in: Python code, or ``recdata``, each in a process of its own.

huggingface_hub reads its settings when it is imported, so that a client needs a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubserver import TOKEN, Hub

OLD = [
    "datasets==3.6.0",
    "fsspec==2025.3.0",
    "dill==0.3.8",
    "multiprocess==0.70.16",
    "huggingface-hub==0.36.0",
]
"""The oldest ``datasets`` that is supported, with a ``huggingface_hub`` of its time."""

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Client:
    """Who runs code against ``hub``, with stores and caches in ``folder``; what is said is kept in ``hub.seen``."""

    hub: Hub
    folder: Path

    def environment(
        self, home: str = "one", token: str | None = TOKEN, path: Path | None = None, **more: str
    ) -> dict[str, str]:
        """Return the variables of a client. home: whose store and cache. path: packages before those of this environment."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "RECDATA_HOME"))}
        return {
            **kept,
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.folder / home / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_ETAG_TIMEOUT": "300",
            "HF_HUB_DOWNLOAD_TIMEOUT": "300",
            "RECDATA_HOME": str(self.folder / home / "store"),
            **({"HF_TOKEN": token} if token else {}),
            **({"PYTHONPATH": str(path)} if path else {}),
            **more,
        }

    def start(self, what: str | list[str], **environment: Any) -> subprocess.Popen[str]:
        """Start Python code, or ``recdata`` with these words."""
        words = ["-c", what] if isinstance(what, str) else ["-m", "recdata", *what]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.environment(**environment),
            stdout=pipe,
            stderr=pipe,
            text=True,
            cwd=self.folder,
        )

    def finish(self, process: subprocess.Popen[str]) -> Done:
        """Wait for what was started, and keep what it said."""
        out, err = process.communicate()
        self.hub.seen += [out, err]
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def __call__(self, what: str | list[str], *, ok: bool | None = True, **environment: Any) -> Done:
        """Run Python code, or ``recdata`` with these words. ok: whether it has to succeed, or to fail; None: either."""
        done = self.finish(self.start(what, **environment))
        if ok is not None:
            assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done


def answer(done: Done) -> Any:
    """Return what a client printed last, as JSON."""
    return json.loads(done.stdout.splitlines()[-1])
