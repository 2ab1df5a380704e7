"""``recdata cite``: how a paper cites a task or a corpus."""

from __future__ import annotations

import click

from recdata.cli._options import as_json


@click.command("cite")
@click.argument("name")
@click.option("--format", "style", metavar="FORMAT", help="bibtex, apa, text or cff alone.")
@as_json
def command(name: str, style: str | None, as_json: bool) -> None:
    """Print a sentence for a footnote and BibTeX for CORPUS or CORPUS/PROTOCOL.

    The sentence names versions and fingerprint, so the corpus and task must be built or pinned.
    """
    from recdata.cli._output import print_json
    from recdata.protocol.cite import cite
    from recdata.protocol.references import render

    citation = cite(name)
    if as_json:
        print_json(citation._asdict())
        return
    if style is not None:
        click.echo(render(citation, style))
        return
    click.echo(citation.sentence)
    click.echo()
    click.echo("\n\n".join(citation.bibtex))
