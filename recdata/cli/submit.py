"""``recdata submit``: score predictions, and enter the result in a ledger with the model's card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recdata.cli._ledger import ledger_folder, loader, open_ledger, read_settings, settings
from recdata.cli._predictions import PredictionsCommand
from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.submission.spool import Given


@click.command("submit", cls=PredictionsCommand)
@click.argument("task")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--model", type=click.Path(path_type=Path), help="The model's card, YAML or JSON.")
@click.option("--where", help="An https address at which the file can be had.")
@click.option("--metrics", help="Instead of the protocol's: nDCG@10,Recall@20")
@click.option(
    "--reported", is_flag=True, help="FILE is YAML with numbers copied from a paper: source, metrics."
)
@click.option("--baseline", help="Run this baseline instead of reading FILE; its card is made.")
@click.option(
    "--tune", is_flag=True, help="With --baseline: choose its settings on the validation part first."
)
@click.option("--seed", type=int, default=0, show_default=True, help="With --baseline: for what is random.")
@settings
@ledger_folder
def command(
    task: str,
    file: Given | None,
    model: Path | None,
    where: str | None,
    metrics: str | None,
    reported: bool,
    baseline: str | None,
    tune: bool,
    seed: int,
    option: tuple[str, ...],
    tuned: Path | None,
    folder: Path | None,
) -> None:
    """Score FILE for TASK and write an entry; the entry's path is printed. The same predictions are refused."""
    from recdata.cli._output import say
    from recdata.leaderboard import submit as entering
    from recdata.schema.documents import read_yaml

    ledger = open_ledger(folder, begun=False)
    if baseline is not None:
        if file is not None or model is not None:
            raise InputError("--baseline takes neither FILE nor --model: it makes both")
        from recdata.leaderboard.remake import submit_baseline

        options, tuning = read_settings(baseline, option, tuned)
        loaded = loader()(task)
        if tune:
            from recdata.baselines._tune import tune as search
            from recdata.protocol.answers import of_interactions

            best, tuning = search(baseline, of_interactions(loaded, "tuning"), seed=seed)
            options = {**best, **options}
        done = submit_baseline(baseline, loaded, ledger, options=options, seed=seed, tuning=tuning)
    elif file is None or model is None:
        raise InputError("give FILE and --model CARD, or --baseline NAME")
    else:
        # What is wrong with them is told before a corpus is built.
        entering.read_card(model)
        entering.check_where(where)
        loaded = loader()(task)
        if reported:
            done = entering.report(loaded, read_yaml(Path(file.path)), model, ledger)
        else:
            done = entering.submit(loaded, file, model, ledger, where=where, metrics=metrics)
    for warning in done.warnings:
        say(f"warning: {warning}")
    click.echo(str(done.path))
