"""``recdata quickstart``: the main job in one go."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("quickstart-results"),
    show_default=True,
    help="Folder for predictions and results.",
)
@click.option(
    "--from",
    "from_path",
    type=click.Path(exists=True, path_type=Path),
    help="Folder or archive with MovieLens 100k (else RECDATA_ARCHIVES, then a download).",
)
def command(output: Path, from_path: Path | None) -> None:
    """Run the main job: a corpus, a task, two baselines, two scores.

    Uses MovieLens 100k where its archive is at hand or can be downloaded, a generated corpus otherwise. What an
    earlier run left is used again.
    """
    import shlex
    import shutil
    import sys

    from recdata import quickstart
    from recdata.cli._output import print_table, say

    task, scored = quickstart.run(output, from_path, say)
    primary = task.protocol["primary"]
    cutoff = primary.partition("@")[2]
    metrics = [name for name in scored[0].document["metrics"] if name.endswith(f"@{cutoff}")]
    rows = [
        (each.baseline, *(f"{each.document['metrics'][name]['mean']:.4f}" for name in metrics))
        for each in scored
    ]
    print_table(("baseline", *metrics), rows, right=range(1, len(metrics) + 1))
    program = "recdata" if shutil.which("recdata") else shlex.quote(sys.argv[0])
    say(f"Scored on {task.citation}; predictions and results are in {output}.")
    say(f"Your own model beside these two: {program} score {task.name} FILE")
    say(f"Other corpora, other protocols: {program} list, {program} protocols")
    say(f"What to cite: {program} cite {task.name}")
