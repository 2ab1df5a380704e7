"""``recdata validate``: what is wrong with a prediction file, row by row."""

from __future__ import annotations

from typing import Any

import click

from recdata.cli._options import Place, as_json, engines, max_errors, predicted_part
from recdata.cli._predictions import PredictionsCommand


def _print_codes(context: click.Context) -> None:
    from recdata.cli._output import print_table
    from recdata.submission.codes import CODES

    rows = [(code, kind.severity, kind.about, kind.remedy) for code, kind in CODES.items()]
    print_table(("code", "severity", "what is wrong", "what to do"), rows)
    context.exit()


@click.command("validate", cls=PredictionsCommand)
@click.argument("task")
@click.argument("file", type=Place())
@predicted_part
@max_errors
@click.option(
    "--codes",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _print_codes(context) if asked else None,
    help="Print every code that a finding can have, and leave.",
)
@engines
@as_json
def command(task: str, file: Any, part: str, max_errors: int, as_json: bool, engine: Any) -> None:
    """Check the predictions in FILE for TASK. All that is found is counted; errors end with exit code 3."""
    from recdata import api
    from recdata.cli._output import print_json, say
    from recdata.scoring.validate import validate

    findings = validate(api.task(task, engine=engine), file, part, max_errors, engine)
    errors, warnings = findings.total("error"), findings.total("warning")
    if as_json:
        print_json(findings.to_dict())
    else:
        if errors or warnings:
            click.echo(findings.text())
        say(f"{findings.file}: {errors:,} errors, {warnings:,} warnings")
    if errors:
        raise click.exceptions.Exit(3)
