"""``recdata prompts``: write the model inputs of a task over examples, the same bytes for everyone."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import as_json


@click.command("prompts")
@click.argument("task_name", metavar="TASK")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="The JSON Lines file to write."
)
@click.option(
    "--retriever",
    metavar="NAME",
    help="bm25, recency, random, none or full: what is shown of each profile.  [default: the task's own setting]",
)
@click.option("--k", type=int, help="How many entries bm25, recency and random show.")
@click.option("--part", type=click.Choice(["test", "valid", "train"]), default="test", show_default=True)
@click.option("--template", default="neutral", show_default=True, help="A template by name, or a YAML file.")
@as_json
def command(
    task_name: str,
    output: Path,
    retriever: str | None,
    k: int | None,
    part: str,
    template: str,
    as_json: bool,
) -> None:
    """Write one JSON object a line, example_id and prompt, for every example of a part of TASK.

    A setting that is not the task's own is taken from the same corpus's full profiles (CORPUS/profile-full). OUTPUT's hash
    stands in OUTPUT.manifest.json: two papers whose hashes are the same gave their models the same inputs.
    """
    from recdata.api import task
    from recdata.cli._output import print_json, say
    from recdata.errors import InputError
    from recdata.prompts.template import load
    from recdata.prompts.write import setting_of, shows, write_prompts
    from recdata.protocol.answers import AnswerTask

    if retriever is None and k is not None:
        raise InputError("--k is for a --retriever")
    chosen = load(template)
    setting = None if retriever is None else setting_of(retriever, k)
    loaded = task(task_name)
    if not isinstance(loaded, AnswerTask):
        raise InputError(
            f"{loaded.name} is a task over interactions; prompts are made of tasks over examples"
        )
    if setting is not None and not shows(loaded, setting):
        full = task(f"{loaded.name.partition('/')[0]}/profile-full")
        loaded = full if isinstance(full, AnswerTask) else loaded
    manifest = write_prompts(loaded, output, chosen, part, setting)
    if as_json:
        print_json(manifest)
    say(f"{output}: {manifest['prompts']:,} prompts of {loaded.name}, SHA-256 {manifest['sha256']}")
