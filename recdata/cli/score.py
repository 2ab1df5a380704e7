"""``recdata score``: metrics of a prediction file, and the result as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recdata.cli._options import Place, as_json, engines, max_errors, predicted_part
from recdata.cli._predictions import PredictionsCommand


@click.command("score", cls=PredictionsCommand)
@click.argument("task")
@click.argument("file", type=Place())
@click.option("-o", "--output", type=Place(), help="Write the result to this JSON file.")
@click.option(
    "--per-user",
    "--per-example",
    "per_user",
    type=Place(),
    help="Write each user's or example's values (.parquet, .csv).",
)
@click.option("--metrics", help="Instead of the protocol's: nDCG@10,Recall@20,MRR")
@predicted_part
@click.option("--convention", help="Another library's choices: ranx, rectools, lenskit, ...")
@click.option("--conventions", help="Several side by side: all, or names with commas.")
@click.option(
    "--ties",
    type=click.Choice(["md5", "expected", "best", "worst"]),
    default="md5",
    show_default=True,
    help="Equal scores: the canonical order, the mean over all orders, the best, the worst.",
)
@click.option("--by", help="Slices besides: all, cold, repeat, activity, popularity, interval, or a column.")
@click.option(
    "--embeddings",
    type=click.Path(path_type=Path),
    help="Parquet with the columns text and embedding, for BERTScore; recdata loads no model.",
)
@max_errors
@engines
@as_json
def command(
    task: str,
    file: Any,
    output: Any,
    per_user: Any,
    metrics: str | None,
    part: str,
    convention: str | None,
    conventions: str | None,
    ties: str,
    by: str | None,
    embeddings: Path | None,
    max_errors: int,
    as_json: bool,
    engine: Any,
) -> None:
    """Score the predictions in FILE for TASK. A file with errors gets no score (exit code 3)."""
    from recdata import api
    from recdata.cli._output import print_json, say
    from recdata.scoring.score import compare, score
    from recdata.submission.finding import RejectedError

    if conventions is not None and (output or per_user or convention or by or ties != "md5"):
        raise click.UsageError(
            "--conventions shows scores side by side; it takes --metrics, --part and --json"
        )
    if by is not None and not by.strip(" ,"):
        raise click.UsageError("--by names no slices")
    try:
        if conventions is not None:
            results = compare(
                api.task(task, engine=engine),
                file,
                conventions,
                metrics=metrics,
                part=part,
                limit=max_errors,
                engine=engine,
            )
        else:
            results = [
                score(
                    api.task(task, engine=engine),
                    file,
                    metrics=metrics,
                    part=part,
                    per_user=per_user,
                    limit=max_errors,
                    convention=convention,
                    ties=ties,
                    by=by,
                    engine=engine,
                    embeddings=embeddings,
                )
            ]
    except RejectedError as error:
        if as_json:
            print_json(error.findings.to_dict())
        raise
    if results[0].findings.total("warning"):
        say(results[0].findings.text())
    if conventions is not None:
        from recdata.scoring.table import side_by_side

        print_json([result.document for result in results]) if as_json else click.echo(side_by_side(results))
        return
    (result,) = results
    if output is not None:
        result.save(output)
    print_json(result.document) if as_json else click.echo(str(result))
    if by is not None and not as_json:
        from recdata.scoring.table import slices

        click.echo("\n" + slices(result))
