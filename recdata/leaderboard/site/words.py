"""What pages say of an entry: its card in terms and words, and the commands that score it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from recdata.leaderboard.ledger import Entry


def card(entry: Entry) -> list[tuple[str, dict[str, str | None]]]:
    """Return (term, {text, link}) of the model card, the predictions and where it all comes from."""
    return [(term, {"text": text, "link": link}) for term, text, link in _card(entry)]


def _card(entry: Entry) -> Iterator[tuple[str, str, str | None]]:
    model = entry.model
    yield "Version", str(model["version"]), None
    yield "Authors", ", ".join(model["authors"]), None
    if "description" in model:
        yield "Description", model["description"], None
    if paper := model.get("paper"):
        year = f", {paper['year']}" if "year" in paper else ""
        yield "Paper", paper["title"] + year, _safe(paper.get("url"))
    if "code" in model:
        yield "Code", model["code"], _safe(model["code"])
    yield "Licence", model["licence"], None
    yield "Trained on", model["trained_on"], None
    if model.get("parameters"):
        yield "Parameters", ", ".join(f"{k} = {_short(v)}" for k, v in model["parameters"].items()), None
    if "seed" in model:
        yield "Seed", str(model["seed"]), None
    if tuning := model.get("tuning"):
        yield (
            "Tuned",
            f"on the validation part by {tuning['metric']}, {len(tuning['tried'])} settings tried",
            None,
        )
    if "hardware" in model:
        yield "Hardware", model["hardware"], None
    if source := entry.document.get("source"):
        yield "Reported in", f"{source['title']}, {source['place']}", _safe(source.get("url"))
        if "note" in source:
            yield "Note", source["note"], None
    if given := entry.document.get("predictions"):
        size = f"{given['rows']:,} rows, {given['bytes']:,} bytes, SHA-256 {given['sha256']}"
        yield "Predictions", size, _safe(given["where"])
    yield "Fingerprint", entry.fingerprint, None


def _safe(link: str | None) -> str | None:
    """Return a link if it is one to the web: schemas of entries say so, and a page does not rely on it."""
    return link if link and link.startswith(("https://", "http://")) else None


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def command(entry: Entry) -> str:
    """Return what makes the entry's numbers again in a terminal; nothing for a reported one."""
    if "result" not in entry.document:
        return ""
    task = f"{entry.task}#{entry.fingerprint[:12]}"
    metrics = shlex.quote(",".join(entry.metrics))
    model = entry.model
    if "baseline" in model:
        words = ["recdata", "baseline", model["baseline"], task, "-o", "predictions.parquet"]
        words += ["--seed", str(model.get("seed", 0))] + (["--k", str(model["k"])] if model.get("k") else [])
        for key, value in _settings(model).items():
            words += ["--option", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
        return f"{shlex.join(words)}\nrecdata score {task} predictions.parquet --metrics {metrics}"
    given = entry.document["predictions"]
    lines = [f"curl -L -o predictions {shlex.quote(given['where'])}"] if given["where"] else []
    lines.append(f"echo {given['sha256']}  predictions | sha256sum --check")
    lines.append(f"recdata score {task} predictions --metrics {metrics}")
    return "\n".join(lines)


def _settings(model: Mapping[str, Any]) -> Mapping[str, Any]:
    settings: Mapping[str, Any] = model.get("parameters", {})
    return settings


def notes(entry: Entry) -> list[str]:
    """Return the notes about an entry, in words."""
    found = []
    for note in entry.notes:
        if note["document"] == "withdrawal":
            found.append(f"withdrawn by {note['by']} on {note['submitted'][:10]}: {note.get('reason', '')}")
        else:
            found.append(f"reproduced by {note['by']} on {note['submitted'][:10]}")
    return found
