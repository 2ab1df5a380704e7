"""``recdata tune``: choose a baseline's settings from its small grid, on the validation part alone."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("tune")
@click.argument("name")
@click.argument("task_name", metavar="TASK")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the settings to this JSON file.")
@click.option("--metric", help="What to choose by.  [default: the protocol's primary metric]")
@click.option("--seed", type=int, default=0, show_default=True, help="For what is random.")
def command(name: str, task_name: str, output: Path | None, metric: str | None, seed: int) -> None:
    """Try every setting in the grid of baseline NAME on TASK's validation part; the test part is not read."""
    from recdata import baselines
    from recdata.api import task
    from recdata.baselines._tune import tune
    from recdata.cli._output import print_json, print_table, say
    from recdata.protocol.answers import of_interactions
    from recdata.store.atomic import write_json

    baselines.find(name)
    loaded = of_interactions(task(task_name), "tuning")
    options, tuning = tune(name, loaded, metric, seed)
    document = {"baseline": name, "task": loaded.citation, "parameters": options, "tuning": tuning}
    if output is None:
        print_json(document)
    else:
        write_json(output, document)
        columns = list(options)
        rows = [
            (*(each["parameters"][column] for column in columns), f"{each['mean']:.6f}")
            for each in tuning["tried"]
        ]
        print_table((*columns, tuning["metric"]), rows, right=range(len(columns) + 1))
        say(f"{output}: {options}")
