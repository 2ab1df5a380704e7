"""``recdata check``: hold a built corpus against its card and the schema."""

from __future__ import annotations

import click

from recdata.cli._options import as_json
from recdata.errors import MismatchError


@click.command("check")
@click.argument("corpus")
@as_json
def command(corpus: str, as_json: bool) -> None:
    """Hold the built CORPUS against its card's counts and the canonical schema, and say what differs (exit code 5)."""
    from recdata.cli._output import print_json, say
    from recdata.corpora.audit import audit
    from recdata.protocol.names import find_card
    from recdata.store.paths import corpora

    card = find_card(corpus)
    findings = audit(card, corpora() / f"{card.name}@{card.version}")
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            word = "ok     " if finding.ok else "DIFFERS"
            click.echo(
                f"{word}  {finding.what}"
                + (f": {finding.detail}" if finding.detail and not finding.ok else "")
            )
    if differing := sum(not finding.ok for finding in findings):
        raise MismatchError(
            f"{corpus} is not what its card and the schema say: {differing} of {len(findings)} differ"
        )
    say(f"{corpus}: {len(findings)} checks, no difference")
