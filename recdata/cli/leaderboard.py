"""``recdata leaderboard``: write the static site of a ledger, and show it on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._ledger import ledger_folder, open_ledger


@click.group("leaderboard")
def command() -> None:
    """Make web pages of a ledger."""


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
