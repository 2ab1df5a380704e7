"""Baselines: reference recommenders, one module each, that write prediction files to hold others against.

A module here whose name does not begin with an underscore is a baseline; it exports a class ``Recommender``
(see ``recdata.baselines._base``). The baseline's name is the module's, with dashes.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.baselines._base import Recommender
    from recdata.protocol.task import Task


def names() -> list[str]:
    """Return the names of all baselines, sorted."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem.replace("_", "-") for file in files)


def find(name: str) -> type[Recommender]:
    """Return the class of a baseline. Raises InputError for a name that is none."""
    if name not in names():
        raise InputError(f"there is no baseline {name!r}; there are: {', '.join(names())}")
    module = import_module(f"recdata.baselines.{name.replace('-', '_')}")
    recommender: type[Recommender] = module.Recommender
    return recommender


def suited(task: Task) -> list[str]:
    """Return the names of the baselines that are made for the kind of ``task``."""
    return [name for name in names() if find(name).kind in (task.protocol["task"], "any")]


def fit(name: str, task: Task, seed: int = 0, **options: Any) -> Recommender:
    """Return baseline ``name`` fitted to ``task``, or, where nothing is there to train on, to users' histories.

    Raises InputError where it is not made for it, or has no such option.
    """
    import inspect

    from recdata.baselines._histories import Histories

    recommender = find(name)
    kind = task.protocol["task"]
    if recommender.kind not in (kind, "any"):
        raise InputError(
            f"baseline {name} is for {recommender.kind} tasks, and {task.name} is a {kind} task; "
            f"made for it: {', '.join(suited(task)) or 'none'}"
        )
    known = list(inspect.signature(recommender.__init__).parameters)[3:]
    for option in options:
        if option not in known:
            raise InputError(f"baseline {name} has no option {option!r}; it has {', '.join(known) or 'none'}")
    return recommender(Histories.of(task), seed, **options)


def run(
    name: str,
    task: Task,
    out: Path,
    k: int | None = None,
    seed: int = 0,
    part: str = "test",
    **options: Any,
) -> int:
    """Write what baseline ``name`` predicts for ``part`` of ``task`` to the Parquet file ``out``; return how many rows.

    The columns are user_id, item_id and score (float64); rows are grouped by user, best first, equal scores
    by MD5 of the item id. Full ranking: the best ``k`` (default 100) for every user of the population,
    without the items seen before where the protocol masks them. Fixed candidates: all of them, or the best
    ``k``. Rating tasks: every (user, item) pair of the part, in order of ids; ``k`` has no meaning.

    seed: for what is random. options: what the baseline's class takes besides. Raises InputError for an
    unknown baseline, for one that is not made for the kind of task, and for an option that it does not have.
    """
    from recdata.baselines._output import write

    if k is not None and k < 1:
        raise InputError(f"k is {k}: expected at least 1")
    return write(fit(name, task, seed, **options), task, out, k, part)
