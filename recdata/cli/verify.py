"""``recdata verify``: compute a task again and compare it, bucket by bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recdata.cli._options import as_json, engines
from recdata.errors import MismatchError


@click.command("verify")
@click.argument("task")
@engines
@as_json
def command(task: str, engine: Any, as_json: bool) -> None:
    """Recompute CORPUS/PROTOCOL (or CORPUS) from the store, and compare it with what was built and what is pinned.

    The first bucket that differs is named, with the users in it. Of an exported folder, the files are compared with its
    checksums. Exit code 5 where anything differs.
    """
    from recdata.cli._output import print_json, say
    from recdata.hub.verify import is_export, verify_export
    from recdata.protocol.verify import verify

    folder = Path(task)
    checks = verify_export(folder) if is_export(folder) else verify(task, engine)
    if as_json:
        print_json([check._asdict() for check in checks])
    else:
        for check in checks:
            click.echo(
                f"{'ok     ' if check.ok else 'DIFFERS'}  {check.what}"
                + (f": {check.detail}" if check.detail else "")
            )
    if not all(check.ok for check in checks):
        raise MismatchError(
            f"{task} is not what it was: {sum(not check.ok for check in checks)} of the checks failed"
        )
    say(f"{task}: {len(checks)} checks, no difference")
