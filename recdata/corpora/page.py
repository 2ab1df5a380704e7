"""A corpus as a page: its card and its statistics with small plots, one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from recdata.corpora.plots import FOOT, HEIGHT, WIDTH, Chart, bars, charts, told

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --soft: #666; --line: #ddd; --bar: #2f6f9f; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --soft: #a0a0a0; --line: #444; --bar: #6fb1e0; --ground: #161616; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } pre { overflow-x: auto; } code, pre { font-size: .9em; }
.plots { margin-top: 2rem; display: flex; flex-wrap: wrap; gap: 2rem; }
figure { margin: 0; } figcaption { color: var(--soft); }
svg { max-width: 100%; height: auto; } rect { fill: var(--bar); } text { fill: var(--soft); font-size: 10px; }
"""


def page(facts: Mapping[str, Any], stats: Mapping[str, Any] | None) -> str:
    """Return the HTML of a corpus from its facts (recdata/corpora/facts.py) and statistics (stats.py), if there are any."""
    parts = [*_head(facts), *_tables(facts)]
    if stats is not None:
        parts += _numbers(stats)
    parts += _sources(facts)
    title = escape(f"{facts['title']} ({facts['name']}@{facts['version']})")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _head(facts: Mapping[str, Any]) -> Iterator[str]:
    licence, built = facts["licence"], facts["built"]
    yield f"<h1>{escape(facts['title'])}</h1>"
    yield f"<p><code>{escape(facts['name'])}@{escape(facts['version'])}</code></p><p>{escape(facts['description'])}</p>"
    named = licence["spdx"] or licence["name"]
    link = licence["link"] or f"https://spdx.org/licenses/{licence['spdx']}.html"
    rows = [
        ("homepage", _link(facts["homepage"], facts["homepage"])),
        ("licence", f"{_link(named, link)} {escape(licence['note'] or '')}"),
        ("rows may be passed on", "yes" if licence["may_redistribute"] else "no"),
    ]
    if built:
        rows.append(("fingerprint", f"<code>{escape(built['fingerprint'])}</code>"))
        if built["partial"]:
            rows.append(("partial", escape("; ".join(built["notes"]))))
    yield _table((), rows)


def _tables(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Tables</h2>"
    for kind, columns in facts["tables"].items():
        yield f"<h3>{escape(kind)}</h3>"
        rows = [
            (f"<code>{escape(c['name'])}</code>", f"<code>{escape(c['type'])}</code>", escape(c["about"]))
            for c in columns
        ]
        yield _table(("column", "type", "what it is"), rows)


def _numbers(stats: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Numbers</h2>"
    rows = [(f"rows of {kind}", f"{rows:,}") for kind, rows in stats["rows"].items()]
    of = stats["interactions"]
    if of:
        rows += [(what, f"{of[what]:,}") for what in ("users", "items", "pairs")]
        rows += [("density", f"{of['density']:.3%}"), ("rows that repeat a pair", f"{of['repeated']:.3%}")]
        rows += [(f"Gini of {what}", f"{value:.3f}") for what, value in of["gini"].items()]
        if of["time"]:
            time = of["time"]
            rows += [("first", time["first"]), ("last", time["last"]), ("days", f"{time['days']:,.1f}")]
        for what, cold in (of["cold"] or {}).items():
            rows.append((f"{what} of the last tenth of time never met before", f"{cold['share']:.1%}"))
    yield _table((), [(escape(what), escape(value)) for what, value in rows], numbers=(1,))
    plots = [_figure(chart) for chart in charts(stats)]
    if plots:
        yield '<div class="plots">' + "".join(plots) + "</div>"


def _figure(chart: Chart) -> str:
    """Return a chart as a figure; the numbers are told to those who cannot see it."""
    box = f'viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" width="{WIDTH}"'
    drawn = f'<svg {box} role="img" aria-label="{escape(told(chart))}">{bars(chart)}</svg>'
    return f"<figure>{drawn}<figcaption>{escape(chart[0])}</figcaption></figure>"


def _sources(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Where it comes from</h2>"
    if facts["obtain"]:
        yield f"<p>{escape(facts['obtain'])}</p>"
    rows = [
        (
            _link(a["name"], a["url"]) if a["url"] else escape(a["name"]),
            f"{a['size']:,}" if a["size"] else "",
            f"<code>{escape(a['sha256'])}</code>" if a["sha256"] else escape(a["note"] or ""),
        )
        for a in facts["archives"]
    ]
    if rows:
        yield _table(("archive", "bytes", "SHA-256"), rows, numbers=(1,))
    yield f"<h2>To be cited</h2><pre>{escape(facts['citation'].strip())}</pre>"


def _link(text: str, address: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Return a table of cells that are HTML already."""
    head = f"<tr>{''.join(f'<th>{cell}</th>' for cell in header)}</tr>" if header else ""
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=number' if place in numbers else ''}>{cell}</td>" for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table>{head}{body}</table></div>'
