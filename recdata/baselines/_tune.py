"""Tuning: every setting of a baseline's small declared grid, scored on the validation part alone."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recdata.baselines import find, fit
from recdata.errors import InputError
from recdata.metrics.spelling import parse

if TYPE_CHECKING:
    from recdata.protocol.task import Task


class Tuned(NamedTuple):
    """options: the best settings, the first among equals. tuning: what was tried, as a model card records it."""

    options: dict[str, Any]
    tuning: dict[str, Any]


def tune(name: str, task: Task, metric: str | None = None, seed: int = 0) -> Tuned:
    """Try the grid of baseline ``name`` and return the best settings by ``metric`` (the protocol's primary one).

    The test part is not read. Raises InputError where the baseline has no grid, or the task no validation part.
    """
    from recdata.baselines._output import write
    from recdata.scoring.score import score

    grid = find(name).grid
    if not grid:
        raise InputError(f"baseline {name} has no settings to tune")
    if not task.manifest["parts"]["valid"]["rows"]:
        raise InputError(f"{task.name} has no validation part to tune on")
    measure = parse(metric or task.protocol["primary"])
    sign = 1 if measure.definition.higher_is_better else -1
    tried: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "valid.parquet"
        for values in itertools.product(*grid.values()):
            options = dict(zip(grid, values, strict=True))
            write(fit(name, task, seed, **options), task, out, None, "valid")
            mean = score(task, out, metrics=str(measure), part="valid")[str(measure)]
            tried.append({"parameters": options, "mean": mean})
    best = max(tried, key=lambda each: sign * each["mean"])
    return Tuned(best["parameters"], {"part": "valid", "metric": str(measure), "tried": tried})
