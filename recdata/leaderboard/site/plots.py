"""Plots that are drawn when the site is built: bars as SVG, with the numbers as text for those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, GAP = 480, 140, 2


def bars(title: str, counts: Sequence[Sequence[Any]]) -> str:
    """Return an SVG bar chart of (label, count), labels thinned where they are many."""
    if not counts:
        return ""
    highest = max(int(count) for _, count in counts) or 1
    step = WIDTH / len(counts)
    every = -(-sum(len(str(label)) + 2 for label, _ in counts) * 8 // WIDTH)
    told = ", ".join(f"{label}: {count:,}" for label, count in counts[:40])
    parts = [
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT + 20}" role="img" aria-label="{escape(f"{title}. {told}")}">'
    ]
    for place, (label, count) in enumerate(counts):
        height = HEIGHT * int(count) / highest
        left = place * step
        parts.append(
            f'<rect x="{left + GAP / 2:.1f}" y="{HEIGHT - height:.1f}" width="{max(step - GAP, 1):.1f}" '
            f'height="{height:.1f}"><title>{escape(str(label))}: {int(count):,}</title></rect>'
        )
        if place % every == 0:
            middle = left + step / 2
            parts.append(
                f'<text x="{middle:.1f}" y="{HEIGHT + 14}" text-anchor="middle">{escape(str(label))}</text>'
            )
    return "".join([*parts, "</svg>"])
