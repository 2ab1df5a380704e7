"""What each kind of page is given: plain values for the templates, JSON for the script."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from recdata.errors import RecdataError
from recdata.leaderboard.ledger import Entry
from recdata.leaderboard.overall import overall as over
from recdata.leaderboard.site import words
from recdata.leaderboard.site.boards import (
    APART,
    BOUND,
    REPORTED,
    TRIVIAL,
    VERIFIED,
    Board,
    Row,
    higher_is_better,
    slug,
)
from recdata.leaderboard.site.plots import bars

FIRST = 100
"""How many rows of a board stand in the page itself; the script shows the others."""
_SHOWN = 6

_EXAMPLES = "Tasks over examples"


def script_json(document: Any) -> str:
    """Return JSON that can stand inside a script element: no character in it ends the element or opens a comment."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def model_page(name: str) -> str:
    """Return the file name of a model's page."""
    return slug(name)


def number(value: float | None, digits: int = 4) -> str:
    """Return a mean as pages show it."""
    return "" if value is None else f"{value:.{digits}f}"


def index(boards: Sequence[Board], entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what the first page shows."""
    rows = []
    for board in boards:
        best = next(iter(board.section(VERIFIED)), None)
        popular = _line(board)
        rows.append(
            {
                "task": board.task,
                "slug": board.slug,
                "primary": board.primary,
                "population": f"{board.facts['counts']['population']:,}" if board.facts else "",
                "count": sum(len(row.entries) for row in board.rows),
                "popularity": number(popular.means[board.primary]) if popular else "",
                "best": best
                and {
                    "label": best.first.label,
                    "page": model_page(best.first.model["name"]),
                    "mean": number(best.means.get(board.primary)),
                },
            }
        )
    return {
        "boards": rows,
        "newest": [news(entry) for entry in entries[::-1][:10]],
        "corpora": [(name, slug(name)) for name in sorted({board.corpus for board in boards})],
        "protocols": [(name, slug(name)) for name in sorted({board.protocol for board in boards})],
    }


def news(entry: Entry) -> dict[str, str]:
    """Return what lists of new entries and the feed say of one."""
    metric = entry.primary or next(iter(entry.metrics))
    return {
        "id": entry.id,
        "label": entry.label,
        "page": model_page(entry.model["name"]),
        "task": entry.task,
        "slug": slug(entry.task),
        "metric": metric,
        "mean": number(entry.metrics[metric]["mean"]),
        "date": entry.document["submitted"],
        "status": entry.status,
    }


def task(board: Board) -> dict[str, Any]:
    """Return what a task's page shows."""
    verified, reported = board.section(VERIFIED), board.section(REPORTED)
    known = [*board.section(BOUND), *verified]
    shown = board.metrics[:_SHOWN]
    line = _line(board)
    names = list(dict.fromkeys(name for row in reported for name in row.means))
    candidates = (board.facts or {}).get("protocol", {}).get("candidates", {"full": {}})
    return {
        "board": board,
        "facts": board.facts,
        "corpus_page": slug(board.corpus),
        "protocol_page": slug(board.protocol),
        "partial": bool((board.facts or {}).get("corpus", {}).get("partial")),
        "sampled": not any(key.startswith("full") for key in candidates),
        "shown": shown,
        "line": line and {"name": line.first.model["name"], "mean": number(line.means[board.primary])},
        "trivial": [
            _cells(row, [board.primary]) for name in TRIVIAL for row in known if row.baseline == name
        ],
        "first": [_cells(row, shown) for row in verified[:FIRST]],
        "reported": [{**_cells(row, names), "source": row.first.document["source"]} for row in reported],
        "reported_metrics": names,
        "apart": [{**_cells(row, [board.primary]), "why": row.why} for row in board.section(APART)],
        "data": script_json(_board_data(board, verified, line)),
    }


def _cells(row: Row, metrics: Sequence[str]) -> dict[str, Any]:
    return {
        "id": row.first.id,
        "label": row.first.label,
        "page": model_page(row.first.model["name"]),
        "group": row.group,
        "cells": [number(row.means.get(name)) for name in metrics],
    }


def _line(board: Board) -> Row | None:
    """Return the trivial baseline that bars are held against: popularity, or of ratings the items' means."""
    trivial = {row.baseline: row for row in board.section(VERIFIED) if board.primary in row.means}
    return trivial.get("popularity") or trivial.get("item-mean")


def _board_data(board: Board, rows: Sequence[Row], line: Row | None) -> dict[str, Any]:
    return {
        "slug": board.slug,
        "metrics": board.metrics,
        "rising": [higher_is_better(name) for name in board.metrics],
        "line": None if line is None else line.means[board.primary],
        "rows": [
            {
                "id": row.first.id,
                "name": row.first.model["name"],
                "version": row.first.model["version"],
                "page": model_page(row.first.model["name"]),
                "group": row.group,
                "baseline": row.baseline,
                "status": row.first.status,
                "date": row.first.document["submitted"],
                "seeds": len(row.entries),
                "values": row.first.id in board.values,
                "means": [_short(row.means.get(name)) for name in board.metrics],
                "errors": [_short(row.errors.get(name)) for name in board.metrics],
                "spread": [_short(row.spread.get(name)) for name in board.metrics] if row.spread else None,
            }
            for row in rows
        ],
    }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def models(boards: Sequence[Board]) -> dict[str, dict[str, Any]]:
    """Return what the page of each model shows, by the page's file name."""
    results: dict[str, list[dict[str, Any]]] = defaultdict(list)
    names: dict[str, str] = {}
    for board in boards:
        ranks = {id(row): str(place) for place, row in enumerate(board.section(VERIFIED), start=1)}
        total = len(ranks)
        for row in board.rows:
            rank = ranks.get(id(row))
            for entry in row.entries:
                page = model_page(entry.model["name"])
                names[page] = entry.model["name"]
                results[page].append(_result(entry, board, f"{rank} of {total:,}" if rank else ""))
    return {page: {"name": names[page], "results": found} for page, found in results.items()}


def _result(entry: Entry, board: Board, rank: str) -> dict[str, Any]:
    metric = board.primary if board.primary in entry.metrics else next(iter(entry.metrics))
    status = entry.status if entry.withdrawn is None else "withdrawn"
    return {
        "id": entry.id,
        "task": entry.task,
        "slug": board.slug,
        "version": entry.model["version"],
        "status": status,
        "metric": metric,
        "mean": number(entry.metrics[metric]["mean"]),
        "rank": rank,
        "date": entry.document["submitted"],
        "notes": words.notes(entry),
        "card": words.card(entry),
        "command": words.command(entry),
        "metrics": [
            (name, number(each["mean"], 6), number(each["standard_error"], 6), each["population"] or "")
            for name, each in entry.metrics.items()
        ],
    }


def corpora(boards: Sequence[Board]) -> dict[str, dict[str, Any]]:
    """Return what the page of each corpus shows, by the page's file name."""
    from recdata.sources.cards import load_card

    found = {}
    for name in sorted({board.corpus for board in boards}):
        try:
            card = load_card(name.partition("@")[0])
        except RecdataError:
            card = None
        tasks = [
            {"task": board.task, "slug": board.slug, "facts": board.facts, "plots": _plots(board.facts or {})}
            for board in boards
            if board.corpus == name
        ]
        found[slug(name)] = {"name": name, "card": card, "tasks": tasks}
    return found


def _plots(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    plots = [
        ("Users by their number of rows", facts.get("activity")),
        ("Items by their number of rows", facts.get("popularity")),
        ("Rows by rating", facts.get("ratings")),
        ("Examples by entries shown", facts.get("shown")),
        ("Examples by expected answer", facts.get("targets")),
        ("Training rows by time", (facts.get("years") or {}).get("train")),
        ("Test rows by time", (facts.get("years") or {}).get("test")),
    ]
    return [(title, bars(title, counts)) for title, counts in plots if counts]


def protocols(boards: Sequence[Board]) -> dict[str, dict[str, Any]]:
    """Return what the page of each protocol shows, by the page's file name."""
    found: dict[str, dict[str, Any]] = {}
    for board in boards:
        page = slug(board.protocol)
        if page not in found:
            protocol = dict((board.facts or {}).get("protocol", {}))
            definition = json.dumps(protocol, indent=2, ensure_ascii=False)
            found[page] = {
                "name": board.protocol,
                "protocol": protocol,
                "definition": definition,
                "tasks": [],
            }
        found[page]["tasks"].append({"task": board.task, "slug": board.slug})
    return found


def compare(boards: Sequence[Board], slices: Sequence[str]) -> dict[str, Any]:
    """Return what the page that compares two models is given."""
    chosen = []
    for board in boards:
        shard = {entry: number for number, ids in enumerate(board.shards()) for entry in ids}
        rows = [
            (
                row.first.id,
                row.first.label + _seed(row),
                shard[row.first.id],
            )
            for row in board.section(VERIFIED)
            if row.first.id in board.values
        ]
        if len(rows) > 1:
            each = {"task": board.task, "slug": board.slug, "primary": board.primary}
            chosen.append({**each, "rising": board.rising, "rows": rows})
    return {"data": script_json({"boards": chosen, "slices": list(slices)})}


def _seed(row: Row) -> str:
    """Return what tells a row's values from those of other seeds; nothing where it has one, or the card says none."""
    return f", seed {row.first.model['seed']}" if row.spread and "seed" in row.first.model else ""


def overall(boards: Sequence[Board]) -> dict[str, Any]:
    """Return the orders of models over tasks: those over examples by their setting, rankings and ratings apart."""
    groups = []
    for title, chosen in _together(boards).items():
        found = over(chosen)
        if found is None:
            continue
        rows = [
            {
                **row._asdict(),
                "page": model_page(row.model),
                "mean": number(row.mean),
                "mean_rank": number(row.mean_rank, 2),
                "borda": number(row.borda, 3),
                "values": [number(found.values[row.model].get(board.task)) for board in found.boards],
            }
            for row in found.rows
        ]
        groups.append(
            {
                "title": title,
                "tasks": [(board.task, board.slug) for board in found.boards],
                "heads": [f"{board.corpus.partition('@')[0]}, {board.primary}" for board in found.boards],
                "each": title.startswith(_EXAMPLES),
                "rows": rows,
                "exact": found.exact,
                "disagree": found.disagree,
                "whole": sum(not row.missing for row in found.rows),
            }
        )
    return {"groups": groups}


def _together(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """Return the boards that are put in one order, by what they have in common."""
    groups: dict[str, list[Board]] = {"Ranking tasks": [], "Tasks with errors to be small": []}
    for board in boards:
        title = "Ranking tasks" if board.rising else "Tasks with errors to be small"
        if (board.facts or {}).get("protocol", {}).get("task") == "answers":
            title = f"{_EXAMPLES}, {board.protocol}"
        groups.setdefault(title, []).append(board)
    return groups
