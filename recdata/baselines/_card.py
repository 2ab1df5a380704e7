"""Model cards of baselines, with what is needed to make their predictions again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recdata.baselines import find
from recdata.baselines._histories import TRAINED_ON, trains_on_histories
from recdata.protocol.answers import AnyTask
from recdata.version import __version__


def card(
    name: str,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    k: int | None = None,
    tuning: Mapping[str, Any] | None = None,
    task: AnyTask | None = None,
) -> dict[str, Any]:
    """Return the model card of baseline ``name`` with all its settings, defaults included. task: what it is fitted to."""
    import inspect

    recommender = find(name)
    signature = list(inspect.signature(recommender.__init__).parameters.values())[3:]
    about = " ".join((recommender.__doc__ or "").split())
    document: dict[str, Any] = {
        "name": name,
        "version": __version__,
        "authors": ["The recdata authors"],
        "description": about,
        "licence": "Apache-2.0",
        "trained_on": "the training part of the task; users' histories before the test part are read, not learned from",
        "parameters": {**{each.name: each.default for each in signature}, **(options or {})},
        "seed": seed,
        "baseline": name,
        "k": k,
    }
    if task is not None and trains_on_histories(task):
        document["trained_on"] = TRAINED_ON
    if name.endswith("oracle"):
        document["trained_on"] = "the answers: a bound, not a recommender"
    if recommender.paper:
        document["paper"] = dict(recommender.paper)
    if tuning:
        document["tuning"] = dict(tuning)
    return document
