"""``recdata ledger``: check a ledger, list it, withdraw and reproduce entries, make its baselines again."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._ledger import ledger_folder, loader, open_ledger, read_places
from recdata.cli._options import as_json
from recdata.errors import InputError, MismatchError


@click.group("ledger")
def command() -> None:
    """Check and extend a ledger of results. Entries are added, never edited and never deleted."""


@command.command("list")
@ledger_folder
@as_json
def list_entries(folder: Path | None, as_json: bool) -> None:
    """List the entries: id, status, task, model, the primary metric."""
    from recdata.cli._output import print_json, print_table

    entries = open_ledger(folder).entries()
    if as_json:
        print_json([{"id": e.id, "status": e.status, **e.document} for e in entries])
        return
    rows = []
    for entry in entries:
        metric = entry.primary or next(iter(entry.metrics))
        status = "withdrawn" if entry.withdrawn is not None else entry.status
        rows.append(
            (entry.id, status, entry.task, entry.label, metric, f"{entry.metrics[metric]['mean']:.4f}")
        )
    print_table(("entry", "status", "task", "model", "metric", "mean"), rows, right=(5,))


@command.command("check")
@ledger_folder
@click.option("--score", is_flag=True, help="Score again what --predictions has.")
@click.option(
    "--predictions",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="A prediction file, or a folder of them, told apart by SHA-256; implies --score.",
)
@click.option("--base", metavar="REVISION", help="A git revision: what stood there may not have changed.")
@as_json
def check(
    folder: Path | None, score: bool, predictions: tuple[Path, ...], base: str | None, as_json: bool
) -> None:
    """Derive every hash again, score again what can be; name each fault. Exit code 5 where there is an error."""
    from recdata.cli._output import print_json
    from recdata.leaderboard.check import check_ledger
    from recdata.store.files import sha256_of

    files = [f for path in predictions for f in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    known = {sha256_of(file): file for file in files if file.is_file()}
    load = loader(allow_partial=True) if score or predictions else None
    ledger = open_ledger(folder)
    faults = check_ledger(ledger, load=load, predictions=known, base=base)
    if as_json:
        print_json([fault._asdict() for fault in faults])
    else:
        for fault in faults:
            click.echo(str(fault))
    errors = sum(fault.level == "error" for fault in faults)
    if errors:
        raise MismatchError(f"{ledger.folder}: {errors} error{'s' * (errors != 1)}")
    click.echo(f"{ledger.folder}: {len(ledger.entries())} entries, nothing wrong", err=True)


@command.command("withdraw")
@click.argument("entry")
@click.option("--reason", required=True, help="Shown beside the entry.")
@click.option("--by", required=True, help="Who withdraws it.")
@ledger_folder
def withdraw(entry: str, reason: str, by: str, folder: Path | None) -> None:
    """Add a note that ENTRY (its id or the beginning) is withdrawn. The entry stays and is shown apart."""
    from recdata.leaderboard.submit import withdraw as add_note

    ledger = open_ledger(folder)
    click.echo(str(add_note(ledger, ledger.entry(entry), reason, by)))


@command.command("reproduce")
@click.argument("entry")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--by", required=True, help="Who scored it again.")
@ledger_folder
def reproduce(entry: str, file: Path, by: str, folder: Path | None) -> None:
    """Score ENTRY's predictions again from FILE, and note it where every bit is the same."""
    from recdata.leaderboard.submit import reproduce as score_again

    ledger = open_ledger(folder)
    found = ledger.entry(entry)
    if "result" not in found.document:
        raise InputError(f"entry {found.id} is reported, not scored: there is nothing to reproduce")
    click.echo(str(score_again(ledger, found, loader(allow_partial=True)(found.task), file, by)))


@command.command("remake")
@click.option("--only", default="", help="Those whose task's or model's name has this in it.")
@click.option(
    "--raw", multiple=True, metavar="CORPUS=PATH", help="Where a corpus's raw files are; may be repeated."
)
@ledger_folder
def remake(only: str, raw: tuple[str, ...], folder: Path | None) -> None:
    """Run every baseline of the ledger again and compare each number, to the bit. Builds what the store lacks."""
    from recdata.leaderboard.remake import remake as again

    wrong = total = 0
    for entry, differences in again(
        open_ledger(folder), loader(allow_partial=True, raw=read_places(raw)), only
    ):
        total += 1
        wrong += bool(differences)
        said = "\n  ".join(["DIFFERS", *differences]) if differences else "the same bits"
        click.echo(f"{entry.id} {entry.task} {entry.label}: {said}")
    if wrong:
        raise MismatchError(f"{wrong} of {total} entries differ")
    click.echo(f"{total} entries made again, every number the same", err=True)


@command.command("workflow")
def workflow() -> None:
    """Print a GitHub Actions workflow that checks pull requests of a results repository."""
    from recdata.leaderboard.workflow import WORKFLOW

    click.echo(WORKFLOW, nl=False)
