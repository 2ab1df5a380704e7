"""Small corpora for tests of protocols, written as the publisher of a declared layout would, built the ordinary way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recdata.corpora.build import build
from recdata.protocol.build import build_task
from recdata.protocol.document import load_protocol
from recdata.protocol.task import Task
from recdata.sources.cards import load_card, read_card

Row = tuple[str, str, float, int]


def build_small(folder: Path, rows: Iterable[Row], threads: int | None = None) -> Path:
    """Build (user, item, rating, seconds) rows as a partial movielens-10m; return the corpus's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{user}::{item}::{rating}::{seconds}\n" for user, item, rating, seconds in rows]
    (folder / "ratings.dat").write_text("".join(lines))
    return build(load_card("movielens-10m"), folder, allow_partial=True, rebuild=True, threads=threads)


def make_task(
    corpus: Path, folder: Path, protocol: str = "loo-last", threads: int | None = None, **changes: object
) -> Task:
    """Make a task of ``protocol`` with some of its entries changed."""
    document = {**load_protocol(protocol), **changes}
    return build_task(corpus, document, folder, rebuild=True, threads=threads)


def parts(task: Task) -> dict[str, list[tuple[str, str]]]:
    """Return (user, item) ids of each part, in the task's order."""
    found = {}
    for part in task.parts:
        rows = task.rows(part)
        users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
        found[part] = [(users[u], items[i]) for u, i in zip(rows.user, rows.item, strict=True)]
    return found


def sets(task: Task) -> dict[str, set[str]]:
    """Return the ids of each user's fixed candidates."""
    pairs = task.candidates()
    assert pairs is not None
    users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
    found: dict[str, set[str]] = {}
    for user, item in zip(pairs.user, pairs.item, strict=True):
        found.setdefault(users[user], set()).add(items[item])
    return found


_CARD = """
name: {name}
version: 1.0.0
title: A small corpus
description: Written by a test.
homepage: https://example.org/
family: declared
licence: {{spdx: CC0-1.0, may_redistribute: true}}
citation: |
  @misc{{small,
    title = {{Small}}
  }}
files:
  events: [events.jsonl]
  items: {{accept: [items.jsonl], required: false}}
tables:
  interactions:
    columns:
      - {{name: session_id, type: string, nullable: true, about: "of the session"}}
      - {{name: locale, type: string, nullable: true, about: "of the shop"}}
      - {{name: weight, type: float64, nullable: true, about: "how often"}}
      - {{name: split, type: string, nullable: true, about: "part"}}
      - {{name: listed, type: list<string>, nullable: true, about: "what it is ranked among"}}
  items:
    columns:
      - {{name: kind, type: string, nullable: true, about: "category"}}
      - {{name: genres, type: list<string>, nullable: true, about: "categories, from general to special"}}
expected: {{interactions: 1}}
options:
  files:
    events:
      format: jsonl
      columns:
        user: string
        item: string
        seconds: int64
        rating: float64
        session_id: string
        locale: string
        weight: float64
        split: string
        listed: list<string>
    items: {{format: jsonl, columns: {{item: string, kind: string, genres: list<string>}}}}
  records:
    interactions:
      from: events
      columns:
        user_id: user
        item_id: item
        timestamp: {{column: seconds, epoch: s}}
        rating: rating
        event: {{constant: view}}
        session_id: session_id
        locale: locale
        weight: weight
        split: split
        listed: listed
    items: {{from: items, columns: {{item_id: item, kind: kind, genres: genres}}}}
"""
_EVENT = ("user", "item", "seconds", "rating", "session_id", "locale", "weight", "split", "listed")


def build_declared(
    folder: Path,
    events: Iterable[Mapping[str, Any]],
    items: Iterable[Mapping[str, Any]] = (),
    name: str = "small",
    threads: int | None = None,
) -> Path:
    """Build a corpus with many declared columns from events and items as JSON; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    card = folder / "card.yaml"
    card.write_text(_CARD.format(name=name))
    lines = [json.dumps({key: event.get(key) for key in _EVENT}) for event in events]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    if rows := [json.dumps(item) for item in items]:
        (folder / "items.jsonl").write_text("\n".join(rows) + "\n")
    return build(read_card(card), folder, allow_partial=True, rebuild=True, threads=threads)
