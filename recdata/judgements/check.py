"""Comparing judgements with a task: they are to be of its examples."""

from __future__ import annotations

from recdata.errors import InputError, MismatchError
from recdata.judgements.read import Judgements
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.submission.finding import escape

_SHOWN = 5


def check_examples(found: Judgements, task: AnyTask, part: str = "test") -> int:
    """Return how many examples of ``part`` have no judgement.

    Raises InputError for a task that is not over examples, MismatchError where judgements are of examples it has not.
    """
    if not isinstance(task, AnswerTask):
        raise InputError(f"{task.name} is not a task over examples; judgements are of answers to those")
    known = set(task.ids(part).to_pylist())
    judged = {one.example for one in found.scores} | {one.example for one in found.preferences}
    if strange := sorted(judged - known):
        shown = ", ".join(f'"{escape(example)}"' for example in strange[:_SHOWN])
        raise MismatchError(
            f"{len(strange):,} judged examples are not in the {part} part of {task.name}: {shown}"
            + (", ..." if len(strange) > _SHOWN else "")
        )
    return len(known - judged)
