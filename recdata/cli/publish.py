"""``recdata publish``: a corpus, a task, a ledger or a site on the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path

import click

from recdata.cli._options import as_json, raw_files


@click.command("publish")
@click.argument("what")
@click.option(
    "--repo", required=True, metavar="ORG/NAME", help="The repository on the Hub; made where it is not there."
)
@click.option("--private", is_flag=True, help="Make the repository private.")
@click.option("--tag", help="Set this tag (default: v and the version of a corpus or task).")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option(
    "--protocols", help="Which tasks go with a corpus: loo-last,temporal-80-10-10 (default: the pinned ones)."
)
@click.option(
    "--i-have-permission",
    "permission",
    metavar="WORDS",
    help="Publish rows although the licence keeps them back, in a private repository; the words stand in the card.",
)
@click.option("--rows", is_flag=True, help="Publish rows or nothing: never the recipe in their place.")
@raw_files
@as_json
def command(
    what: str,
    repo: str,
    private: bool,
    tag: str | None,
    dry_run: bool,
    protocols: str | None,
    permission: str | None,
    rows: bool,
    from_path: Path | None,
    allow_partial: bool,
    as_json: bool,
) -> None:
    """Publish WHAT: a CORPUS, CORPUS/PROTOCOL, an exported folder, a ledger's folder, or a site's (with index.html).

    Where the licence does not allow passing rows on, the recipe is published. The token is taken from where `hf auth login`
    keeps it, or from HF_TOKEN. Publishing the same content again does nothing; a tag is never moved.
    """
    import tempfile

    from recdata.cli._output import print_json, print_table, say
    from recdata.errors import InputError
    from recdata.hub.export import export
    from recdata.hub.prepare import prepare
    from recdata.hub.publish import publish
    from recdata.sources.cards import Licence

    with tempfile.TemporaryDirectory(prefix="recdata-publish-") as scratch:
        folder = Path(what)
        if not folder.is_dir():
            wanted = None if protocols is None else [each for each in protocols.split(",") if each]
            corpus, tasks, of = prepare(
                what, protocols=wanted, from_path=from_path, allow_partial=allow_partial
            )
            folder = Path(scratch) / "export"
            manifest = export(corpus, tasks, folder, of=of, permission=permission, repo=repo)
            if rows and not manifest["rows"]:
                licence = Licence(**manifest["licence"])
                raise InputError(
                    f"{corpus.name}: its licence, {licence}, does not allow its rows to be published; with the publisher's "
                    'permission, say --i-have-permission "WORDS" --private; without --rows the recipe is published'
                )
            if not manifest["rows"]:
                say(f"{corpus.name} may not be redistributed: this is the recipe, without rows")
        plan = publish(folder, repo, private=private, tag=tag, allow_partial=allow_partial, dry_run=dry_run)
    if as_json:
        print_json({**plan.to_dict(), "dry_run": dry_run})
        return
    if plan.nothing:
        say(f"{repo}: nothing to do: {plan.note or 'everything is there'}")
        return
    rows_shown = [("send", path, f"{size:,}") for path, size in plan.send.items()]
    rows_shown += [("delete", path, "") for path in plan.delete]
    print_table(("do", "file", "bytes"), rows_shown, right=(2,))
    make = f"{'private ' if plan.private else ''}{plan.kind} {repo}{' (new)' if plan.create else ''}"
    total = f"{len(plan.send)} files, {sum(plan.send.values()):,} bytes"
    said = "would be published" if dry_run else "published"
    say(f"{make}: {total} {said}" + (f", tag {plan.tag}" if plan.tag else ""))
