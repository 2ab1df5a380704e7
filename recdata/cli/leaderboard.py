"""``recdata leaderboard``: the static site of a ledger, and the orders of models over many tasks."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._ledger import ledger_folder, open_ledger
from recdata.cli._options import as_json


@click.group("leaderboard")
def command() -> None:
    """Make web pages of a ledger, or one table of many tasks."""


@command.command("build")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where to."
)
@click.option("--url", default="", help="The address that the site will have, for the feed's links.")
@ledger_folder
def build(output: Path, url: str, folder: Path | None) -> None:
    """Write the site to a folder: it works from there, from any web server, and as a static Space."""
    from recdata.leaderboard.site.build import build_site

    many = build_site(open_ledger(folder), output, url and url.rstrip("/") + "/")
    click.echo(f"{output / 'index.html'}: {many:,} entries", err=True)


@command.command("overall")
@click.argument("tasks", nargs=-1)
@ledger_folder
@as_json
def overall(tasks: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Put the models of several TASKS in one order: 'lamp-?@*/profile-none@1'; all tasks where none is named.

    Each task's primary metric, Kemeny's order, mean rank and Borda share; a mean where all tasks have one metric.
    """
    from recdata.cli._output import print_json, print_table, say
    from recdata.errors import MissingError
    from recdata.leaderboard.overall import choose
    from recdata.leaderboard.overall import overall as over
    from recdata.leaderboard.site.boards import boards

    found = over(choose(boards(open_ledger(folder)), tasks))
    if found is None:
        raise MissingError("an order over tasks takes two tasks and two models with verified results")
    if as_json:
        print_json(found.to_json())
        return

    def shown(value: float | None, digits: int = 4) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    heads = [f"{board.corpus.partition('@')[0]} {board.primary}" for board in found.boards]
    rows = [
        (
            row.model,
            row.kemeny,
            shown(row.mean_rank, 2),
            shown(row.borda, 3),
            shown(row.mean),
            *(shown(found.values[row.model].get(board.task)) for board in found.boards),
        )
        for row in found.rows
    ]
    header = ("model", "Kemeny", "mean rank", "Borda", "mean", *heads)
    print_table(header, rows, right=range(1, len(header)))
    for model, task in found.left_out.items():
        say(f"{model} is left out: of these tasks it is in {task} alone.")
    if len({board.primary for board in found.boards}) > 1:
        say("The tasks are compared by metrics of unlike scales, of which no mean is made.")


@command.command("serve")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one."
)
@ledger_folder
def serve(port: int, folder: Path | None) -> None:
    """Build the site in a temporary folder and serve it on this machine until interrupted."""
    import tempfile

    from recdata.leaderboard.site.build import build_site
    from recdata.leaderboard.site.serve import serve as serve_folder

    with tempfile.TemporaryDirectory() as made:
        out = Path(made) / "site"
        build_site(open_ledger(folder), out)
        serve_folder(out, port, lambda address: click.echo(address))
