"""Baselines: reference recommenders, one module each, that write prediction files to hold others against.

A module here whose name does not begin with an underscore is a baseline; it exports a class ``Recommender``
(see ``recdata.baselines._base``; for tasks over examples it is an ``Answerer``, see ``recdata.baselines._answers``). The
baseline's name is the module's, with dashes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError

if TYPE_CHECKING:
    from recdata.baselines._answers import Answerer
    from recdata.baselines._base import Recommender
    from recdata.protocol.answers import AnswerTask, AnyTask
    from recdata.protocol.task import Task


def names() -> list[str]:
    """Return the names of all baselines, sorted."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem.replace("_", "-") for file in files)


def find(name: str) -> type[Recommender | Answerer]:
    """Return the class of a baseline. Raises InputError for a name that is none."""
    if name not in names():
        raise InputError(f"there is no baseline {name!r}; there are: {', '.join(names())}")
    module = import_module(f"recdata.baselines.{name.replace('-', '_')}")
    recommender: type[Recommender | Answerer] = module.Recommender
    return recommender


def suited(task: AnyTask) -> list[str]:
    """Return the names of the baselines that are made for the kind of ``task``."""
    return [name for name in names() if _suits(find(name), task)]


def _suits(recommender: type[Recommender | Answerer], task: AnyTask) -> bool:
    from recdata.baselines._answers import Answerer
    from recdata.protocol.answers import AnswerTask

    if isinstance(task, AnswerTask):
        return issubclass(recommender, Answerer) and task.answers.type in recommender.types
    return recommender.kind in (task.protocol["task"], "any")


def fit(name: str, task: Task, seed: int = 0, **options: Any) -> Recommender:
    """Return baseline ``name`` fitted to ``task``, or, where nothing is there to train on, to users' histories.

    Raises InputError where it is not made for it, or has no such option.
    """
    from recdata.baselines._histories import Histories

    recommender: Any = _fitting(name, task, options)
    found: Recommender = recommender(Histories.of(task), seed, **options)
    return found


def fit_answers(name: str, task: AnswerTask, seed: int = 0, **options: Any) -> Answerer:
    """Return baseline ``name`` fitted to a task over examples; errors as ``fit``."""
    recommender: Any = _fitting(name, task, options)
    found: Answerer = recommender(task, seed, **options)
    return found


def _fitting(name: str, task: AnyTask, options: Mapping[str, Any]) -> type[Recommender | Answerer]:
    """Return the class of a baseline. Raises InputError where it is not made for ``task``, or has no such option."""
    import inspect

    from recdata.protocol.answers import AnswerTask

    recommender = find(name)
    if not _suits(recommender, task):
        kind = task.protocol["task"]
        article, of_type = (
            ("an", f" of type {task.answers.type}") if isinstance(task, AnswerTask) else ("a", "")
        )
        raise InputError(
            f"baseline {name} is for {recommender.kind} tasks, and {task.name} is {article} {kind} task{of_type}; "
            f"made for it: {', '.join(suited(task)) or 'none'}"
        )
    parameters = inspect.signature(recommender.__init__).parameters
    known = list(parameters)[3:]
    for option, value in options.items():
        if option not in known:
            raise InputError(f"baseline {name} has no option {option!r}; it has {', '.join(known) or 'none'}")
        if not _is_like(value, parameters[option].default):
            expected = type(parameters[option].default).__name__
            raise InputError(
                f"baseline {name}: option {option} is {value!r}; expected a value of type {expected}"
            )
    return recommender


def _is_like(value: Any, default: Any) -> bool:
    """Say whether an option's value has the type of its default; whole numbers are numbers, None says nothing."""
    if isinstance(default, float) and not isinstance(value, bool):
        return isinstance(value, int | float) and abs(value) <= sys.float_info.max
    return default is None or type(value) is type(default)


def run(
    name: str,
    task: AnyTask,
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
    ``k``. Rating tasks: every (user, item) pair of the part, in order of ids; ``k`` has no meaning. Tasks over examples: the
    columns are example_id and answer, in the part's order; ``k`` has no meaning.

    seed: for what is random. options: what the baseline's class takes besides. Raises InputError for an
    unknown baseline, for one that is not made for the kind of task, for an option that it does not have, and for a name of
    another ending than .parquet.
    """
    from recdata.baselines import _answers
    from recdata.baselines._output import write
    from recdata.protocol.answers import AnswerTask

    if out.suffix != ".parquet":
        raise InputError(f"{out}: baselines write Parquet; give a name that ends with .parquet")
    if k is not None and k < 1:
        raise InputError(f"k is {k}: expected at least 1")
    if isinstance(task, AnswerTask):
        return _answers.write(fit_answers(name, task, seed, **options), task, out, part)
    return write(fit(name, task, seed, **options), task, out, k, part)
