"""Plots of a corpus's statistics: bars in SVG, for a page of its own or a picture beside a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, FOOT = 360, 120, 16
_GAP, _HEAD = 32, 22

_STYLE = """
rect { fill: #2f6f9f; } text { fill: #666; font: 10px system-ui, sans-serif; } text.title { fill: #1a1a1a; font-size: 13px; }
.ground { fill: #fff; }
@media (prefers-color-scheme: dark) {
  rect { fill: #6fb1e0; } text { fill: #a0a0a0; } text.title { fill: #e8e8e8; } .ground { fill: #161616; }
}
"""

Chart = tuple[str, Sequence[Sequence[Any]]]


def charts(stats: Mapping[str, Any]) -> Iterator[Chart]:
    """Yield what there is to plot of a corpus, by its statistics (stats.py): a title, and [label, number] of each bar."""
    of = stats["interactions"]
    if of:
        if of["time"]:
            yield "rows by month", of["time"]["months"]
        if of["ratings"]:
            yield "rows by rating", [(f"{value:g}", rows) for value, rows in of["ratings"]["values"]]
        if len(of["events"]) > 1:
            yield "rows by event", of["events"]
        for what, about in (("activity", "rows a user"), ("popularity", "rows an item")):
            yield f"{about}, by percentile", _percentiles(of[what])
    if stats["sessions"]:
        yield "sessions by locale", stats["sessions"]["locales"]
        yield "items a session, by percentile", _percentiles(stats["sessions"]["lengths"])
    if stats["examples"]:
        yield "examples by task", stats["examples"]["tasks"]
        yield "entries a profile, by percentile", _percentiles(stats["examples"]["profiles"])


def told(chart: Chart) -> str:
    """Return a chart in words, for those who cannot see it."""
    title, counts = chart
    return f"{title}: " + ", ".join(f"{label} {number:,}" for label, number in counts)


def bars(chart: Chart) -> str:
    """Return the bars of a chart and their labels, some of them where they are many, as elements of an SVG."""
    _, counts = chart
    highest = max((number for _, number in counts), default=0) or 1
    step = WIDTH / max(len(counts), 1)
    every = -(-len(counts) // 9)
    parts = []
    for place, (label, number) in enumerate(counts):
        height, left = HEIGHT * number / highest, place * step
        shown = escape(str(label))
        parts.append(
            f'<rect x="{left + 0.5:.1f}" y="{HEIGHT - height:.1f}" width="{max(step - 1, 0.5):.1f}" '
            f'height="{height:.1f}"><title>{shown}: {number:,}</title></rect>'
        )
        if place % every == 0:
            parts.append(
                f'<text x="{left + step / 2:.1f}" y="{HEIGHT + 12}" text-anchor="middle">{shown[:12]}</text>'
            )
    return "".join(parts)


def picture(drawn: Sequence[Chart]) -> str:
    """Return an SVG file of charts, two in a row, each under its title."""
    high = _HEAD + HEIGHT + FOOT + _GAP
    width, height = 2 * WIDTH + 3 * _GAP, -(-len(drawn) // 2) * high + _GAP
    parts = []
    for place, chart in enumerate(drawn):
        left, top = _GAP + place % 2 * (WIDTH + _GAP), _GAP + place // 2 * high
        parts.append(
            f'<g transform="translate({left} {top})" role="img" aria-label="{escape(told(chart))}">'
            f'<text class="title" y="10">{escape(chart[0])}</text><g transform="translate(0 {_HEAD})">{bars(chart)}</g></g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<style>{_STYLE}</style><rect class="ground" width="{width}" height="{height}"/>{"".join(parts)}</svg>\n'
    )


def _percentiles(distribution: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(f"{percent}%", number) for percent, number in distribution["percentiles"]]
