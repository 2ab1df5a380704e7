"""``recdata baseline``: write the predictions of a reference recommender."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.baselines import names


@click.command(help=f"Write what baseline NAME predicts for TASK. The baselines: {', '.join(names())}.")
@click.argument("name")
@click.argument("task_name", metavar="TASK")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="The Parquet file to write."
)
@click.option(
    "--k",
    type=int,
    help="How many items to rank for each user.  [default: 100; all where candidates are fixed]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="For what is random.")
def command(name: str, task_name: str, output: Path, k: int | None, seed: int) -> None:
    """Run a baseline and say what was written."""
    from recdata import baselines
    from recdata.api import task

    baselines.find(name)  # A name that is none is told before a corpus is built.
    loaded = task(task_name)
    rows = baselines.run(name, loaded, output, k, seed)
    click.echo(f"{output}: {rows:,} predictions of {name} for {loaded.citation}", err=True)
