"""``recdata compare``: whether models differ on the same users, by paired tests, with intervals and effect sizes."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._ledger import ledger_folder


@click.command("compare")
@click.argument("names", nargs=-1, required=True, metavar="A B [...]")
@click.option("--metric", help="What to compare by.  [default: the task's primary metric]")
@click.option(
    "--correction",
    type=click.Choice(["holm", "bh", "none"]),
    default="holm",
    show_default=True,
    help="For the number of pairs: Holm, Benjamini-Hochberg, none.",
)
@click.option(
    "--alpha", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Level of significance."
)
@click.option(
    "--rounds", type=click.IntRange(100), default=10_000, show_default=True, help="Of the randomisation test."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "latex", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@ledger_folder
def command(
    names: tuple[str, ...],
    metric: str | None,
    correction: str,
    alpha: float,
    rounds: int,
    form: str,
    folder: Path | None,
) -> None:
    """Compare entries of a ledger (by id) or files of `recdata score --per-user`. Seeds of one model are one row."""
    from recdata.cli._output import print_json
    from recdata.leaderboard import render
    from recdata.leaderboard.compare import compare, load_systems, slices_of
    from recdata.leaderboard.ledger import Ledger

    ledger = Ledger(folder)
    systems = load_systems(names, ledger)
    if metric is None:
        ids = systems[0].entries or systems[-1].entries
        metric = ledger.entry(ids[0]).primary if ids else None
    slices = slices_of(ledger, systems)
    found = compare(systems, metric, correction=correction, alpha=alpha, rounds=rounds, slices=slices)
    if form == "json":
        print_json(found)
    else:
        click.echo(getattr(render, form)(found))
