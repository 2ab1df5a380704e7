"""``recdata resolve``: from a citation back to the bytes, proved to be those."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from recdata.cli._options import as_json, raw_files


@click.command("resolve")
@click.argument("citation")
@raw_files
@as_json
def command(citation: str, from_path: Path | None, allow_partial: bool, as_json: bool) -> None:
    """Find what CITATION names: a name with versions and fingerprint, an hf:// address, or a paper's sentence.

    What is not in the store is built. Exit code 5 where the bytes are not those that were cited.
    """
    from recdata import api
    from recdata.cli._output import print_json, print_table, say
    from recdata.protocol.resolve import resolve

    found = resolve(
        citation,
        partial(api.load, from_path=from_path, allow_partial=allow_partial),
        partial(api.task, from_path=from_path, allow_partial=allow_partial),
    )
    if as_json:
        print_json({**found._asdict(), "folder": str(found.folder)})
        return
    print_table(
        ("file", "rows"), [(str(found.folder / f), f"{n:,}") for f, n in found.files.items()], right=(1,)
    )
    say(f"{found.name}#{found.fingerprint[:12]}: the bytes are those that were cited")
