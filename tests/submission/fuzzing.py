"""What fuzzing of predictions and of answers has in common: how files are damaged, and what must come of each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from seeds import TOKENS

from recdata.metrics.spelling import parse
from recdata.protocol.answers import AnyTask
from recdata.scoring.score import score
from recdata.submission.examine import validate
from recdata.submission.finding import RejectedError

FUZZ = settings(
    max_examples=int(os.environ.get("RECDATA_FUZZ", "60")),
    deadline=None,
    derandomize="RECDATA_FUZZ" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def try_file(task: AnyTask, path: Path, content: bytes) -> None:
    """Validate and score: the two must agree, no error but recdata's own may come out, and a mean is within its bounds."""
    path.write_bytes(content)
    findings = validate(task, path)
    assert all(str(found).isprintable() for found in findings.shown())
    if findings.total("error"):
        with pytest.raises(RejectedError) as rejected:
            score(task, path)
        assert rejected.value.findings.counts == findings.counts
    else:
        for name, mean in score(task, path).metrics.items():
            metric = parse(name).definition
            assert metric.low <= mean <= (metric.high or mean)


@st.composite
def damaged(draw: st.DrawFn, seed: bytes) -> bytes:
    """Return ``seed`` after a few cuts, flips, insertions and repetitions."""
    content = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(("cut", "flip", "insert", "repeat", "drop")))
        if kind == "cut":
            del content[place:]
        elif kind == "flip" and content:
            content[place] ^= draw(st.integers(1, 255))
        elif kind == "insert":
            content[place:place] = draw(st.sampled_from(TOKENS) | st.binary(max_size=8))
        elif kind == "repeat":
            content[place:place] = content[place : place + draw(st.integers(1, 64))]
        else:
            del content[place : place + draw(st.integers(1, 16))]
    return bytes(content)
