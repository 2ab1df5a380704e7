"""The dataset card of an exported folder: what a reader of the Hub page needs, from manifest and corpus card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recdata.corpora.plots import charts
from recdata.hub.metadata import card_metadata, pretty_name, primary
from recdata.protocol.cite import PACKAGE
from recdata.sources.cards import Card, Licence

PLOTS = "statistics.svg"
"""The picture beside the card."""

_SPREADS = (("a user", "activity"), ("an item", "popularity"))


def card_text(card: Card, manifest: Mapping[str, Any], stats: Mapping[str, Any], repo: str) -> str:
    """Return README.md: YAML and text. stats: the corpus's, of ``recdata.corpora.stats``. repo: ORG/NAME."""
    import yaml

    head = yaml.safe_dump(card_metadata(manifest), sort_keys=False, allow_unicode=True, width=1000)
    sections = [
        f"# {pretty_name(manifest)}",
        card.description.strip(),
        _what(manifest),
        _loading(manifest, repo),
        _sources(card, manifest),
        _schema(manifest),
        _statistics(manifest, stats),
        _protocols(manifest),
        _uses(manifest),
        _privacy(manifest),
        _licence(card, manifest),
        _citation(card, manifest),
        _scoring(manifest),
        _changes(card),
    ]
    return f"---\n{head}---\n\n" + "\n\n".join(section for section in sections if section) + "\n"


def _what(manifest: Mapping[str, Any]) -> str:
    corpus = manifest["corpus"]
    lines = [
        f"`{manifest['name']}`, fingerprint `{manifest['fingerprint'][:12]}`, canonical schema "
        f"{manifest['schema_version']}, written by recdata {manifest['recdata']}."
    ]
    if corpus["partial"]:
        lines.append(
            "**This is a sample, not the whole corpus**: "
            + "; ".join(corpus["notes"])
            + ". No number on it can be "
            "compared with one on the whole."
        )
    if not manifest["rows"]:
        lines.append(
            "**There are no rows here.** The publisher does not allow passing them on, so this repository holds the recipe: "
            "protocol files, fingerprints, counts, and for each part the keyed hashes of its members. "
            "With your own copy of the raw files the tasks are rebuilt and proved equal to these."
        )
    if manifest["permission"]:
        lines.append(
            f"The rows are published by permission, in the words of who published them: {manifest['permission']}"
        )
    return "\n\n".join(lines)


def _loading(manifest: Mapping[str, Any], repo: str) -> str:
    config = manifest["default"]
    tasks = manifest["tasks"]
    lines = ["## Load it", "", "```python"]
    if manifest["rows"]:
        split = list(manifest["configs"][config]["splits"])[-1] if manifest["configs"] else "full"
        lines += [
            "from datasets import load_dataset",
            "",
            f'rows = load_dataset("{repo}", "{config}", split="{split}", revision="{manifest["tag"]}")',
            "```",
            "",
            "Nothing else has to be installed. With `recdata`, what was loaded is proved to be what is cited:",
            "",
            "```python",
            "import recdata",
            "",
            f'corpus = recdata.load("hf://datasets/{repo}@{manifest["tag"]}")',
        ]
        lines += [
            f'task = recdata.task("hf://datasets/{repo}@{manifest["tag"]}/{name}#{task["fingerprint"][:12]}")'
            for name, task in list(tasks.items())[:1]
        ]
    else:
        lines += ["import recdata", ""]
        lines += [
            f'task = recdata.task("{task["name"]}#{task["fingerprint"][:12]}", from_path="RAW FILES")'
            for task in tasks.values()
        ] or [
            f'corpus = recdata.load("{manifest["name"]}#{manifest["fingerprint"][:12]}", from_path="RAW FILES")'
        ]
    lines += ["```", ""]
    words = "Offline, `datasets` gives whatever its cache holds, whatever revision was asked for"
    if manifest["rows"]:
        lines += [
            f"{words}; recdata refuses the wrong bytes, and `recdata.hub.rows.check_rows` checks a loaded config."
        ]
    rows = [
        (f"`{name}`", _holds(config), ", ".join(f"{s} {e['rows']:,}" for s, e in config["splits"].items()))
        for name, config in manifest["configs"].items()
    ]
    return "\n".join([*lines, "", *_table(("config", "what", "splits and rows"), rows)])


def _holds(config: Mapping[str, Any]) -> str:
    return {
        "kind": f"the canonical table of {config['of']}",
        "parts": f"the parts of the protocol {config['of']}",
        "candidates": f"the fixed candidates of {config['of']}",
        "membership": f"keyed hashes of what is in each part of {config['of']}",
    }[config["holds"]]


def _sources(card: Card, manifest: Mapping[str, Any]) -> str:
    lines = [
        "## Where it comes from, how it was built",
        "",
        f"Source: {card.homepage}. The raw files were read into canonical tables by recdata's family `{card.family}`, "
        "checked "
        "(types, keys, references, counts), put in canonical order and fingerprinted. Ids are the publisher's own.",
        "",
    ]
    raw = [
        (f"`{entry['name']}`", f"{entry['size']:,}", f"`{entry['sha256']}`")
        for entry in manifest["provenance"]
    ]
    return "\n".join(
        [*lines, *(_table(("raw file", "bytes", "SHA-256"), raw) if raw else ["Nothing was downloaded."])]
    )


def _schema(manifest: Mapping[str, Any]) -> str:
    lines = ["## Schema"]
    for kind, table in manifest["corpus"]["kinds"].items():
        columns = [
            (f"`{c['name']}`", f"`{c['type']}`", "yes" if c["nullable"] else "no", c["about"])
            for c in table["columns"]
        ]
        lines += [
            "",
            f"### {kind}",
            "",
            f"{table['rows']:,} rows, fingerprint `{table['fingerprint'][:12]}`.",
            "",
        ]
        lines += _table(("column", "type", "may be null", "what"), columns)
    return "\n".join(lines)


def _statistics(manifest: Mapping[str, Any], stats: Mapping[str, Any]) -> str:
    lines = ["## Statistics", ""]
    lines += _table(("count", "number"), [(k, f"{n:,}") for k, n in manifest["corpus"]["counts"].items()])
    of = stats["interactions"]
    if of:
        spread = [(f"interactions of {one}", of[key]) for one, key in _SPREADS]
        lines += ["", *_spread(spread), ""]
        lines.append(f"Of all (user, item) pairs {100 * of['density']:.4g}% occur.")
        if of["time"]:
            first, last = (of["time"][end][:10] for end in ("first", "last"))
            lines.append(f"The first interaction is of {first}, the last of {last} (UTC).")
    if stats["sessions"]:
        lines += ["", *_spread([("items of a session", stats["sessions"]["lengths"])])]
    if stats["examples"]:
        lines += ["", *_spread([("entries of a profile", stats["examples"]["profiles"])])]
    drawn = list(charts(stats))
    if drawn:
        alternative = "; ".join(title for title, _ in drawn)
        lines += ["", f"![{alternative}]({PLOTS})"]
    return "\n".join(lines)


def _spread(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Return a table of distributions, by the smallest, middle, mean and largest of each."""
    cells = []
    for what, distribution in rows:
        at = dict(map(tuple, distribution["percentiles"]))
        numbers = (at[0], at[50], distribution["mean"], at[100])
        cells.append((what, *(f"{number:,.6g}" for number in numbers)))
    return _table(("", "least", "median", "mean", "most"), cells)


def _protocols(manifest: Mapping[str, Any]) -> str:
    if not manifest["tasks"]:
        return ""
    lines = [
        "## Protocols",
        "",
        "The protocol files are in `protocols/`; a task's fingerprint is over its content.",
    ]
    for name, task in manifest["tasks"].items():
        protocol, counts = task["protocol"], task["counts"]
        leaks = protocol["leaks"]
        parts = ", ".join(f"{part} {entry['rows']:,}" for part, entry in task["parts"].items())
        entities = ", ".join(f"{counts[what]:,} {what}" for what in ("users", "items") if what in counts)
        metrics, averaged = protocol["metrics"], "users"
        if "answers" in task:
            asked = task["answers"]["type"]
            metrics, averaged = metrics[asked], f"examples (answers: {asked})"
        lines += [
            "",
            f"### {name}",
            "",
            f"{protocol['title']}. {protocol['description'].strip()}",
            "",
            f"- `{task['name']}`, fingerprint `{task['fingerprint'][:12]}`",
            f"- rows: {parts}; {entities}, {counts['population']:,} {averaged} averaged over",
            f"- metrics {', '.join(metrics)}; primary {primary(task)}",
            f"- leaks the future: {'yes' if leaks.get('future') else 'no'}. {str(leaks.get('why', '')).strip()}",
        ]
    return "\n".join(lines)


def _uses(manifest: Mapping[str, Any]) -> str:
    limits = [
        "Logged behaviour is what a system showed and people chose to do, not what they like: absent is not disliked.",
        "A score holds for this population and time; it does not say how a model fares elsewhere.",
    ]
    leaking = [n for n, task in manifest["tasks"].items() if task["protocol"]["leaks"].get("future")]
    if leaking:
        limits.append(
            f"Training rows may be newer than tested ones in {', '.join(leaking)}: no forecast is measured there."
        )
    if manifest["corpus"]["partial"]:
        limits.append("It is a sample (see above).")
    return "\n".join(
        [
            "## Intended use",
            "",
            "Research on recommendation and personalization: training, and comparing methods on splits that are the same "
            "to the byte. It is not meant for decisions about the people in it.",
            "",
            "## Limits",
            "",
            *(f"- {limit}" for limit in limits),
        ]
    )


def _privacy(manifest: Mapping[str, Any]) -> str:
    text = (
        "Ids and attributes are the publisher's, nothing was added and nothing about persons was joined in. Records of many "
        "choices can single out a person when combined with other sources: do not try to identify anyone."
    )
    if not manifest["rows"]:
        text += (
            "\n\nThe hashes here are keyed by the corpus itself. Who has the raw corpus can tell what is in which "
            "part, as the protocol says anyway. Who has not learns how many members each part has, and no "
            "id of a user or an item."
        )
    return "## Privacy\n\n" + text


def _licence(card: Card, manifest: Mapping[str, Any]) -> str:
    licence = Licence(**manifest["licence"])
    lines = ["## Licence", "", f"The corpus: {licence}."]
    if licence.note:
        lines.append(licence.note.strip())
    allowed = "may" if licence.may_redistribute else "may not, without separate permission,"
    lines.append(f"Its rows {allowed} be redistributed. Protocols, fingerprints and this card: CC0-1.0.")
    if card.obtain and not manifest["rows"]:
        lines += ["", f"How to get the raw files: {card.obtain.strip()}"]
    return "\n".join(lines)


def _citation(card: Card, manifest: Mapping[str, Any]) -> str:
    papers = [card.citation.strip()]
    papers += [
        task["protocol"].get("reference", {}).get("bibtex", "").strip() for task in manifest["tasks"].values()
    ]
    papers.append(PACKAGE)
    entries = "\n\n".join(dict.fromkeys(paper for paper in papers if paper))
    sentence = f"We use `{manifest['name']}` of recdata {manifest['recdata']} (fingerprint {manifest['fingerprint'][:12]})."
    return f"## Citation\n\n> {sentence}\n\n```bibtex\n{entries}\n```"


def _scoring(manifest: Mapping[str, Any]) -> str:
    if not manifest["tasks"]:
        return ""
    first = next(iter(manifest["tasks"].values()))
    task = first["name"]
    columns = (
        "`example_id` and `answer`" if "answers" in first else "`user_id`, `item_id` and `score` (or `rank`)"
    )
    return "\n".join(
        [
            "## Score and submit",
            "",
            f"Predictions are a file with the columns {columns}: Parquet, CSV, JSON Lines.",
            "",
            "```",
            f"recdata validate {task} predictions.parquet",
            f"recdata score {task} predictions.parquet -o result.json",
            "```",
            "",
            "`result.json` names the task with its fingerprint and the SHA-256 of the predictions; it is what the "
            "leaderboard of recdata takes: `recdata submit --help`.",
        ]
    )


def _changes(card: Card) -> str:
    entries = [f"- {change['version']}: {change['what'].strip()}" for change in card.changes]
    return "## Changes\n\n" + "\n".join(entries or [f"- {card.version}: first version published."])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table; what would break a cell is escaped."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [
        "| " + " | ".join(header) + " |",
        "|" + " --- |" * len(header),
        *("| " + " | ".join(row) + " |" for row in cells),
    ]
