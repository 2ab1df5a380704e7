"""Comparing models on the same users: differences, tests, intervals, wins and losses, as one document."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError, MissingError
from recdata.leaderboard import significance
from recdata.leaderboard.facts import SLICES, slices_path
from recdata.leaderboard.ledger import Entry, Ledger
from recdata.leaderboard.values import KEYS, key_of
from recdata.metrics.kernel import summarise
from recdata.metrics.spelling import parse

Values = npt.NDArray[np.float64]
_UNITS = {"user_id": "users", "example_id": "examples"}


@dataclass(frozen=True, eq=False)
class System:
    """A model with its values of each user. values: by metric, the mean over its seeds of each user's values.

    users: the SHA-256 of the population's sorted ids. seeds: the mean of each seed, by metric. entries: ids. unit: what the
    values are of, "users" or "examples".
    """

    name: str
    users: str
    values: Mapping[str, Values]
    seeds: Mapping[str, list[float]]
    entries: tuple[str, ...] = ()
    task: str | None = None
    unit: str = "users"


def seed_key(entry: Entry) -> str:
    """Return what entries that are seeds of one model on one task share: everything in the card but the seed."""
    from recdata.store.fingerprint import digest

    card = {key: value for key, value in entry.model.items() if key not in ("seed", "tuning")}
    return digest([entry.task, entry.fingerprint, entry.document["status"], card])


def system_of(entries: Sequence[Entry]) -> System:
    """Return the seeds of one model as one system."""
    tables = [_arrays(entry.values()) for entry in entries]
    first = entries[0].document
    metrics = [name for name in tables[0] if all(name in table for table in tables)]
    return System(
        entries[0].label,
        first["per_user"]["users"],
        {name: _mean([table[name] for table in tables]) for name in metrics},
        {name: [entry.metrics[name]["mean"] for entry in entries] for name in metrics},
        tuple(entry.id for entry in entries),
        f"{entries[0].task}#{entries[0].fingerprint[:12]}",
        "examples" if first["result"]["choices"]["unit"] == "examples" else "users",
    )


def system_of_file(path: Path) -> System:
    """Return what ``recdata score --per-user`` wrote as a system. Raises InputError for another kind of file."""
    import pyarrow as pa

    from recdata.store.arrays import read_table
    from recdata.store.fingerprint import ids_digest

    wanted = "columns user_id (or example_id) and metrics, which are numbers, were expected"
    try:
        if path.suffix.lower() == ".csv":
            from pyarrow import csv

            kinds = csv.ConvertOptions(column_types=dict.fromkeys(KEYS, pa.string()))
            table = csv.read_csv(path, convert_options=kinds)
        else:
            table = read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no file of `recdata score --per-user`: {error}; {wanted}") from None
    names = table.column_names
    if not set(KEYS) & set(names) or len(names) < 2 or len(set(names)) < len(names) or not len(table):
        raise InputError(f"{path} is no file of `recdata score --per-user`: {wanted}")
    key = key_of(table)
    for name, column in zip(names, table.columns, strict=True):
        number = pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
        if not (number or name == key):
            raise InputError(
                f"{path} is no file of `recdata score --per-user`: column {name} holds no numbers; {wanted}"
            )
    # A metric that is not averaged over everyone has nulls; there are no pairs of all users to compare by it.
    partial = [name for name, column in zip(names, table.columns, strict=True) if column.null_count]
    if key in partial or len(partial) == len(names) - 1:
        raise InputError(f"{path}: {', '.join(partial)} has rows without a value; {wanted}")
    table = table.drop_columns(partial)
    table = table.sort_by(key)
    ids = table.column(key).cast(pa.string()).combine_chunks()
    values = _arrays(table.drop_columns([key]))
    seeds = {name: [summarise(each).mean] for name, each in values.items()}
    return System(path.stem, ids_digest(ids), values, seeds, unit=_UNITS[key])


def load_systems(names: Sequence[str], ledger: Ledger) -> list[System]:
    """Return a system for each name: files of values, or ids of entries, seeds of one model together.

    Raises MissingError where a name is neither, InputError where they are not over the same users.
    """
    systems: list[System] = []
    groups: dict[str, list[Entry]] = {}
    for name in names:
        if Path(name).suffix.lower() in (".parquet", ".csv"):
            if not Path(name).is_file():
                raise MissingError(f"there is no file {name}")
            systems.append(system_of_file(Path(name)))
            continue
        entry = ledger.entry(name)
        if "result" not in entry.document:
            raise InputError(f"entry {entry.id} ({entry.label}) is reported: it has no values of each user")
        groups.setdefault(seed_key(entry), []).append(entry)
    systems += [system_of(entries) for entries in groups.values()]
    for system in systems[1:]:
        if system.users != systems[0].users:
            raise InputError(
                f"{systems[0].name} and {system.name} are not over the same {systems[0].unit}: they cannot be compared"
            )
        tasks = {each for each in (systems[0].task, system.task) if each is not None}
        if len(tasks) > 1:
            raise InputError(
                f"{systems[0].name} and {system.name} are results of different tasks: {', '.join(tasks)}"
            )
    if len(systems) < 2:
        alone = f"{systems[0].name} alone" if systems else "nothing"
        raise InputError(
            f"{alone} cannot be compared; entries whose cards differ in nothing but the seed are one model"
        )
    return systems


def compare(
    systems: Sequence[System],
    metric: str | None = None,
    *,
    correction: str = "holm",
    alpha: float = 0.05,
    rounds: int = significance.ROUNDS,
    slices: npt.NDArray[np.int8] | None = None,
) -> dict[str, Any]:
    """Return the comparison of every pair of ``systems`` by ``metric`` (None: the first that all have).

    correction: "holm", "bh" or "none", for the number of pairs. slices: for each user a place in SLICES. Raises
    InputError where a system lacks the metric.
    """
    shared = [name for name in systems[0].values if all(name in system.values for system in systems)]
    chosen = str(parse(metric)) if metric else (shared[0] if shared else "")
    if chosen not in shared:
        raise InputError(
            f"not every model has values of {metric or 'a common metric'}; all have {', '.join(shared)}"
        )
    better = 1.0 if parse(chosen).definition.higher_is_better else -1.0
    pairs = [
        _pair(one, other, systems, chosen, better, rounds, slices)
        for one, other in itertools.combinations(range(len(systems)), 2)
    ]
    for test in significance.TESTS:
        corrected = significance.correct(correction, [pair["p"][test] for pair in pairs])
        for pair, p in zip(pairs, corrected, strict=True):
            pair["corrected"][test] = p
            pair["significant"][test] = p < alpha
    return {
        "metric": chosen,
        "higher_is_better": better > 0,
        "users": len(systems[0].values[chosen]),
        "unit": systems[0].unit,
        "task": next((system.task for system in systems if system.task), None),
        "alpha": alpha,
        "correction": correction,
        "rounds": rounds,
        "systems": [_summary(system, chosen) for system in systems],
        "pairs": pairs,
    }


def _summary(system: System, metric: str) -> dict[str, Any]:
    summary = summarise(system.values[metric])
    seeds = system.seeds[metric]
    return {
        "name": system.name,
        "mean": summary.mean,
        "standard_error": summary.standard_error,
        "seeds": len(seeds),
        "spread": float(np.std(seeds, ddof=1)) if len(seeds) > 1 else None,
        "entries": list(system.entries),
    }


def _pair(
    one: int,
    other: int,
    systems: Sequence[System],
    metric: str,
    better: float,
    rounds: int,
    slices: npt.NDArray[np.int8] | None,
) -> dict[str, Any]:
    difference = systems[one].values[metric] - systems[other].values[metric]
    pair: dict[str, Any] = {
        "a": one,
        "b": other,
        "difference": summarise(difference).mean,
        "interval": list(significance.bootstrap(difference)),
        "effect": significance.cohen_d(difference),
        "p": {
            "t": significance.paired_t(difference),
            "wilcoxon": significance.wilcoxon(difference),
            "randomisation": significance.randomisation(difference, rounds),
        },
        "corrected": {},
        "significant": {},
        **_outcomes(difference * better),
        "slices": [],
    }
    if slices is not None:
        for place, name in enumerate(SLICES):
            part = difference[slices == place]
            if len(part):
                found = {"slice": name, "users": len(part), "difference": summarise(part).mean}
                pair["slices"].append({**found, **_outcomes(part * better)})
    return pair


def _outcomes(advantage: Values) -> dict[str, int]:
    """Count the users for whom the first model is better, as good, worse."""
    wins, losses = int((advantage > 0).sum()), int((advantage < 0).sum())
    return {"wins": wins, "ties": len(advantage) - wins - losses, "losses": losses}


def slices_of(ledger: Ledger, systems: Sequence[System]) -> npt.NDArray[np.int8] | None:
    """Return the slice of each user as the ledger keeps it, None where it has none for this task."""
    from recdata.store.arrays import read_table, to_numpy

    task = next((system.task for system in systems if system.task), None)
    if task is None:
        return None
    name, _, fingerprint = task.partition("#")
    path = slices_path(ledger.place(name), fingerprint)
    found = to_numpy(read_table(path).column("slice")) if path.is_file() else None
    users = len(next(iter(systems[0].values.values())))
    return found if found is not None and len(found) == users else None


def _arrays(table: Any) -> dict[str, Values]:
    """Return the values of each metric; one that is not averaged over everyone, which has nulls, cannot be compared."""
    from recdata.store.arrays import to_numpy

    columns = {name: table.column(name) for name in table.column_names}
    return {
        name: to_numpy(each).astype(np.float64, copy=False)
        for name, each in columns.items()
        if not each.null_count
    }


def _mean(values: Sequence[Values]) -> Values:
    total = values[0].copy()
    for each in values[1:]:
        total += each
    mean: Values = total / len(values)
    return mean
