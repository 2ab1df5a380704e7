"""``recdata metrics``: the metrics with their definitions, choices and sources."""

from __future__ import annotations

import click

from recdata.cli._options import as_json


@click.command("metrics")
@click.argument("name", required=False)
@as_json
def command(name: str | None, as_json: bool) -> None:
    """List the metrics, or explain one (NAME as in nDCG@10): formula, choices, source and example."""
    from recdata.cli._output import print_json, print_table
    from recdata.metrics import describe
    from recdata.metrics.definition import definitions, find
    from recdata.metrics.spelling import NAME, Measure, parse

    if name is None:
        known = list(definitions().values())
        if as_json:
            print_json([describe.describe(definition) for definition in known])
            return
        print_table(
            ("metric", "family", "better", "what it is"),
            [
                (
                    describe.spelling(definition),
                    definition.family,
                    "higher" if definition.higher_is_better else "lower",
                    describe.title(definition),
                )
                for definition in known
            ],
        )
        return
    # A name alone is explained, too, where a score would need a cutoff.
    bare = NAME.fullmatch(name.strip()) is not None
    definition = find(name.strip()) if bare else parse(name).definition
    if as_json:
        print_json(describe.describe(definition))
    else:
        click.echo(describe.text(Measure(definition) if bare else parse(name)))
