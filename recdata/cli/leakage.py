"""``recdata leakage``: how much of the future, or of the test, a task's training part gives away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recdata.cli._options import as_json, engines, raw_files


@click.command("leakage")
@click.argument("task")
@raw_files
@engines
@as_json
def command(task: str, from_path: Path | None, allow_partial: bool, engine: Any, as_json: bool) -> None:
    """Measure the leakage of CORPUS/PROTOCOL, and hold it against what the protocol states.

    Shares of test rows older than training, of users and items trained on after their test, of pairs in two
    parts, of cold users and items, and of popularity that only the test tells.
    """
    from recdata import api
    from recdata.cli._output import print_json, print_table, say
    from recdata.protocol.answers import of_interactions
    from recdata.protocol.leakage import measure

    made = api.task(task, from_path=from_path, allow_partial=allow_partial, engine=engine)
    found = measure(of_interactions(made, "leakage"), engine)
    if as_json:
        print_json(found.to_json())
        return
    print_table(
        ("measure", "share", "number", "of", "what"),
        [
            (
                m.name,
                "-" if m.share is None else f"{m.share:.4f}",
                "-" if m.number is None else f"{m.number:,}",
                "-" if m.of is None else f"{m.of:,}",
                m.about,
            )
            for m in found.measures
        ],
        right=(1, 2, 3),
    )
    says = "can leak the future" if found.stated["future"] else "does not leak the future"
    say(f"The protocol states that it {says}: {found.stated['why']}")
    if found.contradicted:
        say("That is contradicted: training holds rows newer than what is tested.")
