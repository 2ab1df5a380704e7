"""What a task's manifest says, whichever engine made the task."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from recdata.protocol.assign import NUMBERED
from recdata.schema.kinds import SCHEMA_VERSION
from recdata.store.fingerprint import Content, digest
from recdata.version import __version__


def task_fingerprint(contents: Mapping[str, Content], digests: Mapping[str, str]) -> str:
    """Return the fingerprint of a task over interactions.

    contents: of each part and of the candidates. digests: of user_ids and item_ids.
    """
    return digest({"parts": {name: content.fingerprint() for name, content in contents.items()}, **digests})


def answers_fingerprint(contents: Mapping[str, Content], answers: Mapping[str, Any]) -> str:
    """Return the fingerprint of a task over examples. contents: of each part. answers: what the corpus says they are."""
    parts = {name: content.fingerprint() for name, content in contents.items()}
    return digest({"parts": parts, "answers": dict(answers)})


def task_buckets(contents: Mapping[str, Content]) -> list[str]:
    """Return a digest for each bucket over all of a task's tables: where two tasks differ, it says for which users."""
    every = zip(*(content.buckets for content in contents.values()), strict=True)
    return [hashlib.sha256("".join(each).encode()).hexdigest() for each in every]


def task_document(
    corpus: Mapping[str, Any],
    protocol: Mapping[str, Any],
    contents: Mapping[str, Content],
    tables: Mapping[str, Mapping[str, Any]],
    counts: Mapping[str, int],
    digests: Mapping[str, str],
) -> dict[str, Any]:
    """Return the manifest of a task over interactions.

    corpus: the manifest of the corpus. tables: what is to be said of the files of each table. counts: users, items,
    population. Others as ``task_fingerprint``.
    """
    known = {
        name: {"rows": content.rows, "fingerprint": content.fingerprint()}
        for name, content in contents.items()
    }
    return {
        **_head(corpus, protocol, contents, task_fingerprint(contents, digests)),
        "parts": {name: {"rows": contents[name].rows} for name in NUMBERED if name in contents},
        "counts": dict(counts),
        "tables": {name: {**entry, **known.get(name, {})} for name, entry in tables.items()},
    }


def answers_document(
    corpus: Mapping[str, Any],
    protocol: Mapping[str, Any],
    contents: Mapping[str, Content],
    tables: Mapping[str, Mapping[str, Any]],
    counts: Mapping[str, int],
    hidden: Mapping[str, int],
    asks: Sequence[str],
    retriever: str | None,
) -> dict[str, Any]:
    """Return the manifest of a task over examples.

    contents: of each part. counts: users, entries (of profiles, over all parts), population. hidden: of how many examples of
    each part the publisher keeps the target. asks: the corpus's tasks, sorted. retriever: the library that picks from
    profiles; None where none does. Others as ``task_document``.
    """
    answers = dict(corpus["answers"])
    return {
        **_head(corpus, protocol, contents, answers_fingerprint(contents, answers)),
        "answers": answers,
        "asks": list(asks),
        **({"retriever": retriever} if retriever else {}),
        "parts": {name: {"rows": content.rows, "hidden": hidden[name]} for name, content in contents.items()},
        "counts": dict(counts),
        "tables": {
            name: {**entry, "rows": contents[name].rows, "fingerprint": contents[name].fingerprint()}
            for name, entry in tables.items()
        },
    }


def _head(
    corpus: Mapping[str, Any], protocol: Mapping[str, Any], contents: Mapping[str, Content], fingerprint: str
) -> dict[str, Any]:
    """Return what the manifest of a task of either kind says."""
    return {
        "document": "task",
        "name": f"{corpus['name']}/{protocol['name']}@{protocol['version']}",
        "version": protocol["version"],
        "schema_version": SCHEMA_VERSION,
        "fingerprint": fingerprint,
        "buckets": task_buckets(contents),
        "corpus": {
            "name": corpus["corpus"],
            "version": corpus["version"],
            "edition": corpus["edition"],
            "fingerprint": corpus["fingerprint"],
            "partial": corpus["partial"],
        },
        "protocol": dict(protocol),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "recdata": __version__,
    }
