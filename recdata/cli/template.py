"""``recdata template``: a valid prediction file made without a model, or an empty one."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import predicted_part


@click.command("template")
@click.argument("task")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A .parquet, .csv or .tsv file; of answers also .jsonl or .json.",
)
@predicted_part
@click.option("--empty", is_flag=True, help="Write the columns alone.")
def command(task: str, output: Path, part: str, empty: bool) -> None:
    """Write a file that `recdata validate TASK` takes: lists in an order that no model made, or answers."""
    from recdata import api
    from recdata.cli._output import say
    from recdata.submission.template import write_template

    rows = write_template(api.task(task), output, part, empty)
    say(f"{output}: {rows:,} rows")
