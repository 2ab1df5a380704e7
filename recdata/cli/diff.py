"""``recdata diff``: what changed between two versions of a corpus or task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recdata.cli._options import as_json


@click.command("diff")
@click.argument("before")
@click.argument("after")
@click.option(
    "--limit", type=click.IntRange(min=0), default=10, show_default=True, help="How many examples of each."
)
@as_json
def command(before: str, after: str, limit: int, as_json: bool) -> None:
    """Say which rows, users and items differ between BEFORE and AFTER.

    Each is a name with a version that the store has, an hf:// address, or the folder of a built corpus or task.
    """
    from recdata.cli._output import print_json, print_table, say
    from recdata.protocol.diff import both_tasks, diff_corpora, diff_tasks

    one, other = _open(before), _open(after)
    tasks = both_tasks(one, other)
    found = diff_tasks(one, other, limit) if tasks else diff_corpora(one.folder, other.folder, limit)
    if as_json:
        print_json(found)
        return
    if found["same"]:
        say(
            f"{found['before']['name']} and {found['after']['name']} are the same: {found['after']['fingerprint'][:12]}"
        )
        return
    rows: list[tuple[str, str, str, str]] = []
    for what in ("kinds", "parts"):
        for name, entry in found.get(what, {}).items():
            if entry.get("state") in ("added", "removed"):
                rows.append((f"{name}, the whole table", *_counts({entry["state"]: entry["rows"]})))
                continue
            for words in ("columns_added", "columns_removed", "columns_changed"):
                if entry.get(words):
                    say(f"{name}: {words.replace('_', ' ')}: {', '.join(entry[words])}")
            rows.append((f"{name}, rows", *_counts(entry)))
    rows += [(each, *_counts(found[each])) for each in ("users", "items", "candidates") if each in found]
    print_table(("what", "added", "removed", "changed"), rows, right=(1, 2, 3))
    for move, count in found.get("moved", {}).items():
        click.echo(f"pairs moved {move}: {count:,}")


def _counts(entry: dict[str, Any]) -> tuple[str, str, str]:
    return tuple(f"{entry[word]:,}" if word in entry else "" for word in ("added", "removed", "changed"))  # type: ignore[return-value]


def _open(text: str) -> Any:
    from recdata import api
    from recdata.corpora.corpus import Corpus
    from recdata.protocol.built import open_task
    from recdata.store.manifest import read_manifest

    folder = Path(text)
    if folder.is_dir():
        return (open_task if read_manifest(folder)["document"] == "task" else Corpus.open)(folder)
    if text.startswith("hf://"):
        from recdata.hub.address import parse_address

        return api.load(text) if parse_address(text).protocol is None else api.task(text)
    return api.task(text) if "/" in text else api.load(text)
