"""``recdata expect``: what a prediction file for a task must look like, with an example made from the task."""

from __future__ import annotations

import click

from recdata.cli._options import as_json, predicted_part


@click.command("expect")
@click.argument("task")
@predicted_part
@as_json
def command(task: str, part: str, as_json: bool) -> None:
    """Print what a prediction file for TASK must look like."""
    from recdata import api
    from recdata.cli._output import print_json
    from recdata.submission.template import expect, in_words

    document = expect(api.task(task), part)
    if as_json:
        print_json(document)
    else:
        click.echo(in_words(document))
