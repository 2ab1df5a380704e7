"""Conventions against the libraries themselves, on random cases, to 1e-9; see scripts/bench/conventions.

A library that is neither installed beside recdata nor in an environment of its own (RECDATA_PEERS, by default .venv-peers)
is skipped with a reason; where RECDATA_REQUIRE has its name, the test fails instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

BENCH = Path(__file__).resolve().parents[2] / "scripts" / "bench" / "conventions"
sys.path.insert(0, str(BENCH))

from cases import cases, own_scores  # noqa: E402
from peers import NAMES, TIED, WHOLE, Peer, find  # noqa: E402


@pytest.fixture(scope="module", params=NAMES)
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    name = request.param
    python = find(name)
    if python is None:
        reason = f"{name} is not installed: python scripts/bench/conventions --install --only {name}"
        if name in os.environ.get("RECDATA_REQUIRE", "").replace(",", " ").split():
            pytest.fail(reason)
        pytest.skip(reason)
    process = Peer(name, python)
    yield process
    process.close()


def test_agreement(peer: Peer) -> None:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(ties=peer.name in TIED, repeats=peer.name == "replay", whole=peer.name in WHOLE))
    def agree(case: dict[str, Any]) -> None:
        theirs = peer.scores(case)
        if not theirs:  # nobody is left to be averaged over
            return
        assert own_scores(case, peer.name, list(theirs)) == pytest.approx(theirs, rel=0, abs=1e-9)

    agree()
