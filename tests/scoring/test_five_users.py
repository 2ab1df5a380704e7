"""One file of five users, whose nDCG@5 is from .284 to .509 as the convention has it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "bench" / "conventions"))

from five_users import results


def test_from_284_to_509() -> None:
    found = {result.document["choices"]["convention"]: result["nDCG@5"] for result in results()}
    assert round(min(found.values()), 3) == 0.284
    assert round(max(found.values()), 3) == 0.509
    assert round(found["recdata"], 4) == 0.3895
    assert round(found["rectools"], 4) == 0.3085
    assert round(found["lenskit"], 4) == 0.4369
    assert len({round(value, 6) for value in found.values()}) == 7
