"""``recdata list``: the corpora that have a card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from recdata.cli._options import as_json


@click.command("list")
@click.argument("part", required=False)
@as_json
def command(part: str | None, as_json: bool) -> None:
    """List the corpora, and which of them are built.

    What is one kind of corpus in many categories or editions takes one line; those whose name contains PART are all listed.
    """
    from recdata.cli._output import print_json, print_table
    from recdata.sources.cards import card_names, card_patterns, own_card_names, plain_card_names
    from recdata.store.paths import corpora

    names = [*card_names(), *own_card_names()]
    if part is not None:
        names = [name for name in names if part in name]
    if as_json:
        print_json(_described(names))
        return
    lines: list[tuple[str, ...]] = []
    if part is None:
        there = {path.name.partition("@")[0] for path in corpora().glob("*@*")}
        for pattern in card_patterns():
            lines.append(
                (pattern.name, pattern.card["version"], f"{len(pattern.corpora)} of them", pattern.title)
            )
        names = [*plain_card_names(), *own_card_names(), *(set(card_names()) & there)]
    for row in _described(dict.fromkeys(names)):
        state = ("partial" if row["partial"] else "built") if row["built"] else ""
        lines.append((row["name"], row["version"], state, row["title"]))
    print_table(("corpus", "version", "state", "title"), sorted(lines))


def _described(names: Iterable[str]) -> list[dict[str, Any]]:
    from recdata.corpora.built import open_corpus
    from recdata.sources.cards import load_card

    rows = []
    for name in names:
        card = load_card(name)
        built = open_corpus(card.name, card.version)
        rows.append(
            {
                "name": card.name,
                "version": card.version,
                "title": card.title,
                "licence": str(card.licence),
                "may_redistribute": card.licence.may_redistribute,
                "built": built is not None,
                "partial": bool(built and built["partial"]),
                "fingerprint": built and built["fingerprint"],
            }
        )
    return rows
