"""``recdata new``: begin a corpus of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group("new")
def command() -> None:
    """Begin something of your own."""


@command.command("corpus")
@click.argument("name")
@click.option("--title", required=True, help="What people call it.")
@click.option("--homepage", required=True, metavar="URL", help="Where its publisher presents it.")
@click.option("--licence", metavar="SPDX", help="Its licence as an SPDX id; else --terms.")
@click.option("--terms", nargs=2, metavar="NAME URL", help="The publisher's own terms.")
@click.option(
    "--redistribute/--no-redistribute", default=False, help="Whether rows may be passed on.  [default: no]"
)
@click.option(
    "--citation", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A BibTeX file."
)
@click.option("--description", default="", help="What it holds, in a sentence or two.")
@click.option(
    "--file", "raw", required=True, type=click.Path(path_type=Path), help="The raw file of interactions."
)
@click.option("--format", type=click.Choice(["csv", "tsv"]), default="csv", show_default=True)
@click.option("--delimiter", help="Between fields.  [default: that of the format]")
@click.option("--encoding", type=click.Choice(["utf-8", "latin-1"]), default="utf-8", show_default=True)
@click.option("--columns", help="The file's columns, with commas.  [default: the first line of --file]")
@click.option("--no-header", is_flag=True, help="The file's first line is a row; needs --columns.")
@click.option("--user", required=True, metavar="COLUMN")
@click.option("--item", required=True, metavar="COLUMN")
@click.option("--rating", metavar="COLUMN")
@click.option("--time", metavar="COLUMN", help="Needs --epoch or --time-format.")
@click.option(
    "--epoch", type=click.Choice(["s", "ms", "us"]), help="The time is a number since 1970, in this unit."
)
@click.option("--time-format", metavar="FORMAT", help="As strptime has it, such as %Y-%m-%d, or iso.")
@click.option("--event", required=True, help="What a row is: rating, click, purchase, ...")
@click.option(
    "-o",
    "--output",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder to write into, or a checkout of recdata.  [default: here]",
)
def corpus(raw: Path, columns: str | None, no_header: bool, output: Path, **answers: Any) -> None:
    """Write card, fixture and test of the corpus NAME, whose interactions are one delimited file.

    In a checkout of recdata they go where they belong; elsewhere into a folder NAME, to be built with
    "recdata build NAME/card.yaml --from PATH". What is not known stays open in the card: edit it.
    """
    from recdata.cli._output import say
    from recdata.corpora.layouts import DEFAULTS
    from recdata.corpora.scaffold import Answers, write_corpus
    from recdata.corpora.text import first_fields

    spdx, terms, redistribute = (answers.pop(key) for key in ("licence", "terms", "redistribute"))
    if bool(spdx) == bool(terms):
        raise click.UsageError("give --licence (an SPDX id) or --terms (a name and a link)")
    named = {"spdx": spdx} if spdx else {"name": terms[0], "link": terms[1]}
    if columns is None and (no_header or not raw.is_file()):
        raise click.UsageError("give --columns, or a --file that is there and has a header")
    delimiter = answers["delimiter"] or DEFAULTS[answers["format"]][0]
    listed = columns.split(",") if columns else first_fields(raw, delimiter, answers["encoding"])
    citation = answers.pop("citation")
    written = write_corpus(
        Answers(
            licence={**named, "may_redistribute": redistribute},
            citation=citation.read_text(encoding="utf-8") if citation else None,
            file=raw.name,
            columns=[column.strip() for column in listed],
            header=not no_header,
            **answers,
        ),
        output,
    )
    for path in written:
        click.echo(path)
    say(f"edit {written[0]}, then: recdata build {written[0]} --from {raw}")
