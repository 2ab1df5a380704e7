"""``recdata build``: raw files to canonical tables in the store."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import as_json, raw_files


@click.command("build")
@click.argument("corpus")
@raw_files
@click.option("--rebuild", is_flag=True, help="Build again, in place of what the store holds.")
@click.option(
    "--skip-bad-rows",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Leave out up to N rows that cannot be read; the manifest lists them.",
)
@as_json
def command(
    corpus: str, from_path: Path | None, allow_partial: bool, rebuild: bool, skip_bad_rows: int, as_json: bool
) -> None:
    """Build CORPUS: check the raw files, write canonical tables and their fingerprint into the store.

    CORPUS is a name, or the path of a card of your own, such as ./card.yaml; built, that corpus has a name too.
    """
    from recdata.cli._output import print_json, print_table, say
    from recdata.corpora.build import build
    from recdata.corpora.built import is_built, open_corpus
    from recdata.corpora.corpus import Corpus
    from recdata.protocol.names import find_card
    from recdata.store.paths import corpora

    card = find_card(corpus)
    there = open_corpus(card.name, card.version)
    # A sample that stands there is not what was asked for; the whole corpus takes its place.
    rebuild = rebuild or bool(there and there["partial"] and not (allow_partial or skip_bad_rows))
    if from_path and not rebuild and is_built(card, corpora() / f"{card.name}@{card.version}"):
        say(
            f"{card.name}@{card.version} was built before: {from_path} is not looked at; --rebuild builds it again"
        )
    folder = build(card, from_path, allow_partial=allow_partial, rebuild=rebuild, skip_bad_rows=skip_bad_rows)
    built = Corpus.open(folder)
    manifest = built.manifest
    if as_json:
        print_json({**manifest, "folder": str(built.folder)})
        return
    print_table(
        ("count", "rows"), [(what, f"{count:,}") for what, count in manifest["counts"].items()], right=(1,)
    )
    if manifest["notes"]:
        say(("partial: " if manifest["partial"] else "note: ") + "; ".join(manifest["notes"]))
    say(f"{built.name} is in {built.folder}")
    say(f"fingerprint {built.fingerprint}")
