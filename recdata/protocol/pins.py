"""Pinned fingerprints: what the canonical tasks were when they were published, kept in ``protocols/fingerprints``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata import resources

BUCKET_DIGITS = 8
"""How many hex digits of each bucket's digest are pinned: enough to say where a difference is."""


def pin_file(corpus: str) -> Path:
    """Return the file with the pins of a corpus (``name@version``)."""
    return resources.folder("protocols") / "fingerprints" / f"{corpus}.json"


def pinned(corpus: str, edition: str | None) -> Mapping[str, Any] | None:
    """Return the pins of a corpus's edition: its ``fingerprint`` and its ``tasks`` by protocol; None where none are."""
    path = pin_file(corpus)
    if not path.is_file():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    pins: Mapping[str, Any] | None = document["editions"].get(edition or "")
    return pins


def pinned_task(corpus: str, edition: str | None, protocol: str) -> Mapping[str, Any] | None:
    """Return the pin of a task, its ``fingerprint`` and ``buckets``; None where none is. protocol: ``name@version``."""
    pins = pinned(corpus, edition)
    found: Mapping[str, Any] | None = pins["tasks"].get(protocol) if pins else None
    return found


def pin(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is pinned of a built task: its fingerprint, and the beginning of each bucket's digest."""
    short = [bucket[:BUCKET_DIGITS] for bucket in manifest["buckets"]]
    return {"fingerprint": manifest["fingerprint"], "buckets": " ".join(short)}
