"""The README says what the cards and the protocols say."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_tables_are_those_of_cards_and_protocols() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    made = runpy.run_path(str(ROOT / "scripts" / "readme"), run_name="readme")["written"](text)
    assert made == text, "run scripts/readme"
