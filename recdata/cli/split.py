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
@engines
@as_json
def command(
    task: str, from_path: Path | None, allow_partial: bool, rebuild: bool, engine: Any, as_json: bool
) -> None:
    """Make the task CORPUS/PROTOCOL: filter, split, fix candidates, write its parts and fingerprint."""
    from recdata import api
    from recdata.cli._output import print_json, print_table, say

    made = api.task(task, from_path=from_path, allow_partial=allow_partial, rebuild=rebuild, engine=engine)
    manifest = made.manifest
    if as_json:
        print_json({**manifest, "folder": str(made.folder)})
        return
    counts = {part: entry["rows"] for part, entry in manifest["parts"].items()} | dict(manifest["counts"])
    print_table(("count", "number"), [(what, f"{count:,}") for what, count in counts.items()], right=(1,))
    say(f"{made.citation} is in {made.folder}")
