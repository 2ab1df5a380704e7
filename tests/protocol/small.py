"""Small corpora for tests of protocols, written as the publisher of a declared layout would, built the ordinary way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recdata.corpora.build import build
from recdata.protocol.build import build_task
from recdata.protocol.document import load_protocol
from recdata.protocol.task import Task
from recdata.sources.cards import load_card

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
    for part in ("train", "valid", "test"):
        rows = task.rows(part)
        users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
        found[part] = [(users[u], items[i]) for u, i in zip(rows.user, rows.item, strict=True)]
    return found
