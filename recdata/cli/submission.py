"""``recdata submission``: predictions in the layout that a task's organisers take."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import max_errors, predicted_part
from recdata.cli._predictions import PredictionsCommand


@click.command("submission", cls=PredictionsCommand)
@click.argument("task")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The file to write.")
@predicted_part
@max_errors
def command(task: str, file: Path, output: Path, part: str, max_errors: int) -> None:
    """Write the predictions in FILE for TASK as its organisers take them. With errors nothing is written (exit code 3)."""
    from recdata import api
    from recdata.cli._output import say
    from recdata.submission.organisers import write_submission

    rows, findings = write_submission(api.task(task), file, output, part, max_errors)
    if findings.counts:
        say(findings.text())
    say(f"{output}: {rows:,} rows")
