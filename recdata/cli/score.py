"""``recdata score``: metrics of a prediction file, and the result as a document."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import as_json


@click.command("score")
@click.argument("task")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the result to this JSON file.")
@click.option(
    "--per-user", type=click.Path(path_type=Path), help="Write each user's values (.parquet, .csv)."
)
@click.option("--metrics", help="Instead of the protocol's: nDCG@10,Recall@20,MRR")
@click.option(
    "--part",
    type=click.Choice(["test", "valid"]),
    default="test",
    show_default=True,
    help="What is predicted.",
)
@click.option(
    "--max-errors", type=click.IntRange(1), default=20, show_default=True, help="How many findings to show."
)
@as_json
def command(
    task: str,
    file: Path,
    output: Path | None,
    per_user: Path | None,
    metrics: str | None,
    part: str,
    max_errors: int,
    as_json: bool,
) -> None:
    """Score the predictions in FILE for TASK. A file with errors gets no score (exit code 3)."""
    from recdata import api
    from recdata.cli._output import print_json, say
    from recdata.scoring.score import score
    from recdata.submission.finding import RejectedError

    try:
        result = score(api.task(task), file, metrics=metrics, part=part, per_user=per_user, limit=max_errors)
    except RejectedError as error:
        if as_json:
            print_json(error.findings.to_dict())
        raise
    if result.findings.total("warning"):
        say(result.findings.text())
    if output is not None:
        result.save(output)
    click.echo(result.to_json() if as_json else str(result))
