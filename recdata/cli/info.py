"""``recdata info``: what there is to know of a corpus before using it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from recdata.cli._options import as_json, engines


@click.command("info")
@click.argument("corpus")
@click.option("--stats", "with_stats", is_flag=True, help="Statistics of the built corpus as well.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write all of it as a page, with plots."
)
@engines
@as_json
def command(corpus: str, with_stats: bool, html: Path | None, engine: Any, as_json: bool) -> None:
    """Show what CORPUS is: terms, sources, tables, expected counts; with --stats what its rows are like."""
    from recdata.cli._output import print_json, say
    from recdata.corpora.corpus import Corpus
    from recdata.corpora.facts import facts
    from recdata.errors import MissingError
    from recdata.protocol.names import find_card
    from recdata.store.paths import corpora

    card = find_card(corpus)
    told, numbers = facts(card), None
    if with_stats and told["built"] is None:
        raise MissingError(f"{card.name} is not built yet; run recdata build {corpus}")
    if with_stats or (html is not None and told["built"]):
        from recdata.corpora.stats import stats

        numbers = stats(Corpus.open(corpora() / f"{card.name}@{card.version}"), engine)
    if html is not None:
        from recdata.corpora.page import page
        from recdata.store.atomic import atomic_file

        with atomic_file(html) as work:
            work.write_text(page(told, numbers), encoding="utf-8")
        say(f"{html} shows {card.name}")
    if as_json:
        print_json({**told, "stats": numbers})
    elif html is None:
        for line in _facts(told):
            click.echo(line)
        for line in _stats(numbers) if numbers else ():
            click.echo(line)


def _facts(told: Mapping[str, Any]) -> Iterator[str]:
    licence, built = told["licence"], told["built"]
    yield f"{told['name']}@{told['version']}  {told['title']}"
    yield told["description"].strip()
    yield ""
    yield f"homepage   {told['homepage']}"
    yield f"licence    {licence['spdx'] or licence['name']}  {licence['link'] or ''}".rstrip()
    yield f"           rows may {'' if licence['may_redistribute'] else 'not '}be passed on"
    for archive in told["archives"]:
        size = f", {archive['size']:,} bytes" if archive["size"] else ""
        yield f"archive    {archive['name']}{size}  {archive['url'] or ''}".rstrip()
    if told["obtain"]:
        yield f"to get it  {told['obtain'].strip()}"
    for edition in told["editions"]:
        counts = ", ".join(f"{what} {count:,}" for what, count in edition["expected"].items()) or "not known"
        yield f"counts     {edition['name'] + ': ' if edition['name'] else ''}{counts}"
    state = "no"
    if built:
        state = f"{'partial, ' if built['partial'] else ''}fingerprint {built['fingerprint']}"
    yield f"built      {state}"
    if told["answers"]:
        yield f"answers    {_answers(told['answers'])}"
    for kind, columns in told["tables"].items():
        yield ""
        yield kind
        for column in columns:
            yield f"  {column['name']}: {column['type']}{'' if column['nullable'] else ' not null'}; {column['about']}"


def _answers(told: Mapping[str, Any]) -> str:
    """Return what the answers to a corpus's examples are, in one line."""
    what = {"number": f", {told.get('low', 0):g} to {told.get('high', 0):g}"}.get(told["type"], "")
    labels = f": {', '.join(told['labels'])}" if "labels" in told else ""
    groups = f"; groups {', '.join(told['groups'])}" if "groups" in told else ""
    return f"of type {told['type']}{what}{labels}{groups}"


def _stats(numbers: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    for kind, rows in numbers["rows"].items():
        yield f"rows of {kind}  {rows:,}"
    of = numbers["interactions"]
    if of:
        yield f"users {of['users']:,}, items {of['items']:,}, pairs {of['pairs']:,}, density {of['density']:.4%}"
        yield f"rows that repeat a pair  {of['repeated']:.2%}"
        if of["time"]:
            yield f"time  {of['time']['first']} to {of['time']['last']} ({of['time']['days']:,.1f} days)"
        yield "events  " + ", ".join(f"{event} {rows:,}" for event, rows in of["events"])
        if of["ratings"]:
            values = ", ".join(f"{value:g}: {rows:,}" for value, rows in of["ratings"]["values"])
            yield f"ratings  mean {of['ratings']['mean']:.3f}; {values}"
        for what in ("weights", "activity", "popularity"):
            if of[what]:
                yield f"{what}  {_percentiles(of[what])}"
        yield f"Gini  users {of['gini']['users']:.3f}, items {of['gini']['items']:.3f}"
        for what, cold in (of["cold"] or {}).items():
            yield f"cold {what} in the last tenth of time  {cold['cold']:,} of {cold['met']:,} ({cold['share']:.1%})"
    if numbers["sessions"]:
        yield f"session lengths  {_percentiles(numbers['sessions']['lengths'])}"
        yield "locales  " + ", ".join(f"{locale} {rows:,}" for locale, rows in numbers["sessions"]["locales"])
    if numbers["examples"]:
        yield "tasks  " + ", ".join(f"{task} {rows:,}" for task, rows in numbers["examples"]["tasks"])
        yield f"profile lengths  {_percentiles(numbers['examples']['profiles'])}"


def _percentiles(of: Mapping[str, Any]) -> str:
    listed = ", ".join(f"{percent}%: {value:,g}" for percent, value in of["percentiles"])
    return f"mean {of['mean']:,.2f}; {listed}"
