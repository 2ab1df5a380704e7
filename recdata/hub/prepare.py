"""What an export is made of, by name: a corpus with its canonical tasks, or with the one that is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError
from recdata.protocol.answers import AnyTask
from recdata.protocol.built import task_folder
from recdata.protocol.document import load_protocol
from recdata.protocol.make import make_task
from recdata.protocol.names import card_of, parse_name
from recdata.protocol.pins import pinned


def prepare(
    text: str,
    *,
    protocols: Sequence[str] | None = None,
    from_path: Path | None = None,
    allow_partial: bool = False,
) -> tuple[Corpus, list[AnyTask], AnyTask | None]:
    """Return the corpus that ``text`` names, the tasks to export with it, and the task if ``text`` names one.

    protocols: which tasks go with a corpus; by default those whose fingerprints are pinned. What is not built yet
    is built. Raises InputError where ``text`` names a task and ``protocols`` are given too.
    """
    name = parse_name(text)
    if name.protocol is not None and protocols is not None:
        raise InputError(f"{text!r} names a task, which is exported with that protocol alone")
    card = card_of(name)
    folder = build(card, from_path, allow_partial=allow_partial)
    corpus = Corpus.open(folder)
    if name.protocol is not None:
        wanted = [name.protocol + (f"@{name.protocol_version}" if name.protocol_version else "")]
    elif protocols is not None:
        wanted = list(protocols)
    else:
        pins = None if corpus.manifest["partial"] else pinned(corpus.name, corpus.manifest["edition"])
        wanted = _newest(list((pins or {}).get("tasks", {})))
    protocols_wanted = map(load_protocol, wanted)
    tasks = [make_task(folder, each, task_folder(corpus.name, each)) for each in protocols_wanted]
    return corpus, tasks, tasks[0] if name.protocol is not None else None


def _newest(names: Sequence[str]) -> list[str]:
    """Return the newest version of each protocol of ``names`` (``loo-last@1``), sorted."""
    newest: dict[str, int] = {}
    for each in names:
        protocol, _, version = each.partition("@")
        newest[protocol] = max(newest.get(protocol, 0), int(version))
    return [f"{protocol}@{version}" for protocol, version in sorted(newest.items())]
