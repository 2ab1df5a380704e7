"""``recdata list``: the corpora that have a card."""

from __future__ import annotations

import click

from recdata.cli._options import as_json


@click.command("list")
@as_json
def command(as_json: bool) -> None:
    """List the corpora, and which of them are built."""
    from recdata.cli._output import print_json, print_table
    from recdata.corpora.build import open_corpus
    from recdata.sources.cards import card_names, load_card, own_card_names

    rows = []
    for name in [*card_names(), *own_card_names()]:
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
    if as_json:
        print_json(rows)
        return
    states = [("partial" if r["partial"] else "built") if r["built"] else "" for r in rows]
    print_table(
        ("corpus", "version", "state", "title"),
        [(r["name"], r["version"], state, r["title"]) for r, state in zip(rows, states, strict=True)],
    )
