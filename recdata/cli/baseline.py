"""``recdata baseline``: write the predictions of a reference recommender."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.baselines import names
from recdata.cli._ledger import settings


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
@click.option("--part", type=click.Choice(["test", "valid"]), default="test", show_default=True)
@click.option("--card", type=click.Path(path_type=Path), help="Write its model card to this JSON file too.")
@settings
def command(
    name: str,
    task_name: str,
    output: Path,
    k: int | None,
    seed: int,
    part: str,
    card: Path | None,
    option: tuple[str, ...],
    tuned: Path | None,
) -> None:
    """Run a baseline and say what was written."""
    from recdata import baselines
    from recdata.api import task
    from recdata.baselines._card import card as card_of
    from recdata.cli._ledger import read_settings
    from recdata.store.atomic import write_json

    baselines.find(name)  # A name that is none is told before a corpus is built.
    options, tuning = read_settings(name, option, tuned)
    loaded = task(task_name)
    rows = baselines.run(name, loaded, output, k, seed, part, **options)
    if card is not None:
        write_json(card, card_of(name, options, seed, k, tuning, loaded))
    click.echo(f"{output}: {rows:,} predictions of {name} for {loaded.citation}", err=True)
