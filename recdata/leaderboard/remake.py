"""Making verified numbers again: baselines are run as their entries' cards say, scored, and compared to the bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recdata import baselines
from recdata.baselines._card import card
from recdata.errors import InputError, RecdataError
from recdata.leaderboard.ledger import Entry, Ledger
from recdata.leaderboard.submit import Submitted, rescore, submit
from recdata.protocol.answers import AnyTask


class Remade(NamedTuple):
    """entry, and what differs from it, in words; nothing where every bit is the same."""

    entry: Entry
    differences: list[str]


def submit_baseline(
    name: str,
    task: AnyTask,
    ledger: Ledger,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    k: int | None = None,
    tuning: Mapping[str, Any] | None = None,
) -> Submitted:
    """Run a baseline, score what it writes, and enter it with its card. Errors as ``baselines.run`` and ``submit``."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "predictions.parquet"
        baselines.run(name, task, out, k, seed, task.compared_part, **(options or {}))
        return submit(task, out, card(name, options, seed, k, tuning, task), ledger)


def made_by_recdata(entry: Entry) -> bool:
    """Say whether the entry is of a baseline, which can be made again."""
    return "baseline" in entry.model and "result" in entry.document


def remake(ledger: Ledger, load: Callable[[str], AnyTask], only: str = "") -> Iterator[Remade]:
    """Run every baseline of the ledger again and compare; ``only``: those whose task's or model's name has it.

    load: gives a task by its name, building it where the store lacks it. The SHA-256 of the file is not compared:
    it depends on the version of the library that writes Parquet. Numbers are, and every user's values.
    """
    for entry in ledger.entries():
        if made_by_recdata(entry) and entry.withdrawn is None and (only in entry.task or only in entry.label):
            yield Remade(entry, _again(entry, load))


def _again(entry: Entry, load: Callable[[str], AnyTask]) -> list[str]:
    model = entry.model
    try:
        task = load(f"{entry.task}#{entry.fingerprint}")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "predictions.parquet"
            seed = model.get("seed", 0)
            if not isinstance(seed, int):
                raise InputError(f"the seed of a baseline is a whole number, not {seed!r}")
            part, options = entry.document["task"]["part"], model.get("parameters", {})
            baselines.run(model["baseline"], task, out, model.get("k"), seed, part, **options)
            return rescore(entry, task, out, same_file=False)
    except RecdataError as error:
        return [str(error)]
