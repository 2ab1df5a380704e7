"""The choices behind a score, stated in words, so that a number is never shown without them."""

from __future__ import annotations

from typing import Any

from recdata.protocol.task import Task
from recdata.scoring.plan import Plan
from recdata.submission.block import Value
from recdata.submission.expected import fixes_candidates, masks_seen, refused_codes

_POPULATIONS = {
    "truth": "every user with at least one relevant item in the {part} part",
    "both": "every user with at least one relevant item in the {part} part who has a list",
}
_MISSING = {
    "truth": "a user of the population without a row counts 0",
    "both": "a user without a row is left out",
}
_ORDERS = {
    "md5": "equal scores are ordered by the MD5 (hex digits, ascending) of the UTF-8 item id",
    "id-descending": "equal scores are ordered by item id (UTF-8 bytes), from high to low",
    "id-ascending": "equal scores are ordered by item id (UTF-8 bytes), from low to high",
    "file": "equal scores stand as the file has them",
}
_TIES = {
    "expected": "each value is the mean over all orders of equal scores",
    "best": "of equal scores the relevant ones come first, those of the highest grade before",
    "worst": "of equal scores the relevant ones come last, those of the highest grade behind",
}


def choices_of(task: Task, part: str, plan: Plan, value: Value) -> dict[str, Any]:
    """Return what was chosen: who is averaged over, what counts as what, what each metric is divided by."""
    convention = plan.convention
    applied = {str(measure): convention.applied(measure) for measure in plan.measures}
    denominators = {name: measure.denominator for name, measure in applied.items()}
    choices: dict[str, Any] = {"convention": plan.name, **_counted(task, part, plan, value)}
    choices["denominators"] = denominators
    if not convention.canonical:
        choices["library"] = {"name": convention.library, "version": convention.version}
        choices["computed"] = {name: str(measure) for name, measure in applied.items()}
        choices["notes"] = _notes(plan)
    return choices


def _counted(task: Task, part: str, plan: Plan, value: Value) -> dict[str, str]:
    """Return who is averaged over, and what counts as what."""
    if task.protocol["task"] == "rating":
        return {
            "unit": "rows",
            "population": f"every row of the {part} part, a pair that was rated twice counted twice",
            "missing": "a row without a prediction is an error; there is no score then",
            "unknown": "rows of users, items or pairs that are not in the part are ignored and counted"
            + _refused(task),
        }
    convention = plan.convention
    compared = "float32" if convention.single else "float64"
    return {
        "unit": convention.unit,
        "population": _population(part, plan),
        "relevant": _relevant(task, part),
        "candidates": _candidates(task, part),
        "missing": _MISSING[convention.population],
        "order": (
            f"score from high to low, as {compared}; a rank column beside it is ignored"
            if value == "score"
            else "rank, which must be 1, 2, ... in each list"
        ),
        "ties": _ties(plan),
        "seen": _seen(task, part) if convention.seen == "miss" else _SEEN[convention.seen],
        "unknown": (
            "rows of users outside of the population are ignored; an item outside of the task keeps its rank and "
            "counts as a miss" + _refused(task)
        ),
    }


_SEEN = {
    "keep": "an item that the user already has counts like any other",
    "remove": "an item that the user already has is taken out of the list, unless it is relevant",
}


def _population(part: str, plan: Plan) -> str:
    convention = plan.convention
    said = _POPULATIONS[convention.population].format(part=part)
    if convention.cold == "drop":
        said += "; users and items that training does not have are left out"
    return f"every relevant item of {said}, each with R = 1" if convention.unit == "pairs" else said


def _ties(plan: Plan) -> str:
    if plan.ties != "md5":
        return _TIES[plan.ties]
    convention = plan.convention
    return _TIES["worst"] if convention.ties == "worst" else _ORDERS[convention.order]


def _notes(plan: Plan) -> str:
    """Return what else is to be known, with the metrics that are treated unlike the others."""
    convention, said = plan.convention, [plan.convention.notes]
    for measure in plan.measures:
        rule = convention.rule(measure)
        if rule.population:
            said.append(f"{measure}: {_POPULATIONS[rule.population].format(part='predicted')}")
        if rule.order:
            said.append(f"{measure}: {_ORDERS[rule.order]}")
        if rule.repeats:
            said.append(f"{measure}: a relevant pair that is repeated counts each time in R")
    return "; ".join(filter(None, said))


def _refused(task: Task) -> str:
    """Return what the protocol does not let pass, in words."""
    codes = refused_codes(task.protocol)
    names = [f"{code.partition('-')[2]}s" for code in ("unknown-user", "unknown-item") if code in codes]
    return f"; {' and '.join(names)} that the task does not know are an error" if names else ""


def _relevant(task: Task, part: str) -> str:
    threshold = task.protocol["relevance"].get("min_rating")
    rows = f"the distinct pairs of the {part} part"
    return rows if threshold is None else f"{rows} with a rating of at least {threshold:g}"


def _candidates(task: Task, part: str) -> str:
    if fixes_candidates(task.protocol, part):
        how = "as published" if "published" in task.protocol["candidates"] else "sampled"
        return f"a fixed set for each user, {how}; another item is an error"
    return "all items of the task"


def _seen(task: Task, part: str) -> str:
    if fixes_candidates(task.protocol, part):
        return "not looked at: the candidates are fixed"
    if not masks_seen(task.protocol):
        return "an item that the user already has counts like any other"
    before = "training" if part == "valid" else "training or validation"
    if "context" in task.parts:
        before += " or the context"
    return f"an item that the user has in {before} keeps its rank and counts as a miss, relevant or not"
