"""``recdata split``: a corpus and a protocol to a task in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recdata.cli._options import as_json, engines, raw_files


@click.command("split")
@click.argument("task")
@raw_files
@click.option("--rebuild", is_flag=True, help="Make it again, in place of what the store holds.")
@click.option(
    "--corpus-table",
    metavar="TABLE",
    help="With Spark: a table by name, or a folder of Parquet files; CORPUS becomes its name.",
)
@click.option("--to", metavar="FOLDER", help="With --corpus-table: where corpus and task go, a path or URI.")
@engines
@as_json
def command(
    task: str,
    from_path: Path | None,
    allow_partial: bool,
    rebuild: bool,
    corpus_table: str | None,
    to: str | None,
    engine: Any,
    as_json: bool,
) -> None:
    """Make the task CORPUS/PROTOCOL: filter, split, fix candidates, write its parts and fingerprint."""
    from recdata import api
    from recdata.cli._output import print_json, print_table, say

    if (corpus_table is None) != (to is None):
        raise click.UsageError("--corpus-table and --to are given together")
    if corpus_table is not None and to is not None:
        from recdata.protocol.spread.place import task_of_table

        manifest = task_of_table(task, corpus_table, to, engine)
        citation, folder = f"{manifest['name']}#{manifest['fingerprint'][:12]}", manifest["folder"]
    else:
        made = api.task(
            task, from_path=from_path, allow_partial=allow_partial, rebuild=rebuild, engine=engine
        )
        manifest, citation, folder = {**made.manifest, "folder": str(made.folder)}, made.citation, made.folder
    if as_json:
        print_json(manifest)
        return
    counts = {part: entry["rows"] for part, entry in manifest["parts"].items()} | dict(manifest["counts"])
    print_table(("count", "number"), [(what, f"{count:,}") for what, count in counts.items()], right=(1,))
    say(f"{citation} is in {folder}")
