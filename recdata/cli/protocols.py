"""``recdata protocols``: the canonical protocols."""

from __future__ import annotations

import click

from recdata.cli._options import as_json


@click.command("protocols")
@click.argument("name", required=False)
@click.option("--paper", help="Only the set-ups of a paper, by its short name: ngcf, sasrec, ...")
@as_json
def command(name: str | None, paper: str | None, as_json: bool) -> None:
    """List the protocols, or show one (NAME or NAME@VERSION) in full."""
    from recdata.cli._output import print_json, print_table
    from recdata.protocol.document import load_protocol, of_paper, offered, protocol_files, read_protocol

    if name is not None:
        document = load_protocol(name)
        if as_json:
            print_json(document)
            return
        import yaml

        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100), nl=False)
        return
    documents = [read_protocol(path) for files in protocol_files().values() for path in files.values()]
    if paper is not None:
        documents = of_paper(documents, paper)
    if as_json:
        print_json(documents)
        return
    print_table(
        ("protocol", "task", "candidates", "future leaks", "title"),
        [
            (
                f"{d['name']}@{d['version']}",
                d["task"],
                offered(d),
                "yes" if d["leaks"]["future"] else "no",
                d["title"],
            )
            for d in documents
        ],
    )
