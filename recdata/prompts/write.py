"""Writing the prompts of a task as JSON Lines, with a manifest that says what they are, and their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.prompts.template import Template
from recdata.protocol.answers import AnswerTask
from recdata.store.atomic import atomic_file, write_json
from recdata.store.manifest import canonical_json
from recdata.version import __version__

if TYPE_CHECKING:
    import pyarrow as pa

RETRIEVERS: Mapping[str, str] = {
    "bm25": "bm25",
    "recency": "recent",
    "random": "random",
    "none": "none",
    "full": "full",
}
"""What is asked for by name, with the protocol's operator that it is."""

_COUNTED = ("bm25", "recent", "random")


def setting_of(retriever: str, k: int | None) -> dict[str, dict[str, Any]]:
    """Return the protocol's operator for a retriever, with its arguments.

    >>> setting_of("recency", 4), setting_of("none", None)
    ({'recent': {'k': 4}}, {'none': {}})

    Raises InputError for a retriever that is none, or for one without the number of entries that it needs.
    """
    if retriever not in RETRIEVERS:
        raise InputError(f"there is no retriever {retriever!r}; there are {', '.join(RETRIEVERS)}")
    operator = RETRIEVERS[retriever]
    if operator not in _COUNTED:
        if k is not None:
            raise InputError(f"retriever {retriever} takes no number of entries")
        return {operator: {}}
    if k is None or k < 1:
        raise InputError(f"retriever {retriever} needs --k, how many entries are shown: at least 1")
    return {operator: {"k": k}}


def shows(task: AnswerTask, setting: Mapping[str, Any]) -> bool:
    """Say whether ``task`` has what ``setting`` shows: it is made with that setting, or has the full profiles."""
    own = task.protocol["profile"]
    return own == setting or "full" in own


def write_prompts(
    task: AnswerTask,
    out: Path,
    template: Template,
    part: str = "test",
    setting: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write one JSON object a line (example_id, prompt) for every example of ``part``; return the manifest.

    The lines stand in the part's order, keys in the order of their names, text as UTF-8, no spaces: the same bytes
    wherever they are made, and from whichever of the corpus's tasks. The manifest stands beside the file as
    ``<out>.manifest.json``. setting: an operator of profiles, by default the task's own. Raises InputError where the task
    has not what the setting shows.
    """
    wanted = dict(setting or task.protocol["profile"])
    if not shows(task, wanted):
        raise InputError(f"{task.name} does not have the full profiles that {wanted} takes entries of")
    total, rows = hashlib.sha256(), 0
    with atomic_file(out) as temporary, temporary.open("wb") as file:
        for line in _lines(task, template, part, wanted):
            total.update(line)
            file.write(line)
            rows += 1
    manifest = {
        "document": "prompts",
        "corpus": dict(task.manifest["corpus"]),
        "part": part,
        "setting": wanted,
        "seed": task.protocol["seed"],
        "template": {
            "name": template.name,
            "sha256": template.sha256,
            "licence": template.document["licence"],
        },
        "prompts": rows,
        "sha256": total.hexdigest(),
        "recdata": __version__,
    }
    if retriever := _retriever(task, wanted):
        manifest["retriever"] = retriever
    if out.is_file():
        write_json(out.with_name(out.name + ".manifest.json"), manifest)
    return manifest


def _retriever(task: AnswerTask, setting: Mapping[str, Any]) -> str | None:
    """Return what took the entries, with its version: now, or when the task was made with this setting."""
    from recdata.protocol.answer_build import states_of

    if task.protocol["profile"] == setting:
        found: str | None = task.manifest.get("retriever")
        return found
    how = states_of(setting)
    return how() if how else None


def _lines(task: AnswerTask, template: Template, part: str, setting: Mapping[str, Any]) -> Iterator[bytes]:
    own = dict(task.protocol["profile"]) == dict(setting)
    names = [
        name for name in ("example_id", "input", "profile", "options") if name in task.schema(part).names
    ]
    for batch in task.examples(part, names):
        places = None if own else _picked(task, batch, setting).to_pylist()
        for row, example in enumerate(batch.to_pylist()):
            entries = example["profile"]
            if places is not None:
                entries = [entries[place] for place in places[row]]
            prompt = template.render(entries, example["input"], example.get("options"), task.answers)
            yield canonical_json({"example_id": example["example_id"], "prompt": prompt}) + b"\n"


def _picked(task: AnswerTask, batch: pa.RecordBatch, setting: Mapping[str, Any]) -> pa.ListArray:
    """Return the places of the entries of full profiles that a setting takes."""
    from recdata.protocol import profiles
    from recdata.protocol.operators import call
    from recdata.protocol.profiles._asked import Asked

    asked = Asked(
        batch.column("example_id"), batch.column("input"), batch.column("profile"), str(task.protocol["seed"])
    )
    return call(profiles, setting, str(task.protocol["name"]), asked)
