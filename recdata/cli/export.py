"""``recdata export``: a corpus or task as a dataset repository, or in another library's format."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import as_json, raw_files


@click.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--protocols", help="Which tasks go with a corpus: loo-last,temporal-80-10-10 (default: the pinned ones)."
)
@click.option(
    "--i-have-permission",
    "permission",
    metavar="WORDS",
    help="Export rows although the licence keeps them back; the words say by whose permission, and stand in the card.",
)
@click.option(
    "--format",
    "library",
    metavar="LIBRARY",
    help="Hand a task over to recbole, rectools, lenskit, elliot, cornac, surprise, libsvm or csv.",
)
@click.option(
    "--repo", default="ORG/NAME", show_default=True, help="Where it will stand on the Hub, for the card."
)
@raw_files
@as_json
def command(
    name: str,
    folder: Path,
    protocols: str | None,
    permission: str | None,
    library: str | None,
    repo: str,
    from_path: Path | None,
    allow_partial: bool,
    as_json: bool,
) -> None:
    """Write CORPUS or CORPUS/PROTOCOL to FOLDER, as load_dataset and the Hugging Face Hub read it.

    Where the licence does not allow passing rows on, the recipe is written instead: protocol files, fingerprints, counts,
    and keyed hashes of the pairs in each part.
    """
    from recdata.cli._output import print_json, print_table, say
    from recdata.errors import InputError
    from recdata.hub.export import export
    from recdata.hub.handover import hand_over
    from recdata.hub.prepare import prepare
    from recdata.protocol.answers import of_interactions

    if library is not None and protocols is None and "/" not in name:
        protocols = ""  # so that nothing is built for an error's sake
    wanted = None if protocols is None else [each for each in protocols.split(",") if each]
    corpus, tasks, of = prepare(name, protocols=wanted, from_path=from_path, allow_partial=allow_partial)
    if library is not None:
        if of is None:
            raise InputError(f"{name!r} names a corpus; tasks are handed over, for example {name}/loo-last")
        note = hand_over(of_interactions(of, "handing over"), folder, library)
        if as_json:
            print_json(note)
        say(f"{of.citation} is in {folder}, as {library} reads it: see README.md there")
        return
    manifest = export(corpus, tasks, folder, of=of, permission=permission, repo=repo)
    if as_json:
        print_json(manifest)
        return
    rows = [
        (config, split, f"{part['rows']:,}", f"{sum(file['bytes'] for file in part['files']):,}")
        for config, entry in manifest["configs"].items()
        for split, part in entry["splits"].items()
    ]
    print_table(("config", "split", "rows", "bytes"), rows, right=(2, 3))
    if not manifest["rows"]:
        say(
            f"{corpus.name} may not be redistributed ({manifest['licence'].get('name') or 'its licence'}): "
            "this is the recipe"
        )
    say(f"{manifest['name']}#{manifest['fingerprint'][:12]} is in {folder}")
