"""Plans: what is to be computed under which choices, before anything is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from recdata.errors import InputError
from recdata.metrics.spelling import Measure, expand, parse_list
from recdata.metrics.ties import TIES
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.scoring.conventions import Convention, find_convention
from recdata.submission.asked import Asked

FAMILIES = {"ranking": ("ranking", "beyond"), "rating": ("rating",)}
"""The families of metrics that a kind of task has."""

ANSWERS = {"label": ("label", "text"), "choice": ("label",), "number": ("rating",), "text": ("text",)}
"""The families of metrics that answers of a type have."""
_UNORDERED = {("ideal", "own"), ("of", "hits")}
"""Parameters with which a metric is divided by what the list has: relevant items first need not be best, nor last worst."""


@dataclass(frozen=True)
class Plan:
    """Measures as they were asked for, and the choices that they are computed under. by: the slices, by name."""

    convention: Convention
    measures: tuple[Measure, ...]
    ties: str = "md5"
    by: tuple[str, ...] = ()

    @property
    def canonical(self) -> bool:
        """Whether all choices are the canonical ones: only then is the result comparable with others."""
        return self.convention.canonical and self.ties == "md5"

    @property
    def name(self) -> str:
        """What the result says its choices are called."""
        return self.convention.name if self.ties == "md5" else f"{self.convention.name}, ties {self.ties}"

    def asked(self, measure: Measure) -> Asked:
        """Return what ``measure`` asks of the reading of predictions."""
        asked = self.convention.asked(measure)
        return replace(
            asked,
            groups=asked.groups or self.ties != "md5",
            judged="judged" in measure.definition.reads,
            top=(measure.cutoff or 0) if measure.definition.family == "beyond" else 0,
        )


def plan(
    task: Task,
    metrics: str | Iterable[str] | None,
    convention: str | None = None,
    ties: str = "md5",
    by: str | Iterable[str] | None = None,
) -> Plan:
    """Return the plan for one score. Raises InputError where metrics, convention, ties and task do not fit together."""
    measures = choose_measures(task, metrics)
    chosen = find_convention(convention)
    if ties not in TIES:
        raise InputError(f"ties {ties!r}: expected {', '.join(TIES)}")
    if task.protocol["task"] == "rating" and ties != "md5":
        raise InputError(f"{task.name} is a rating task: there are no ties")
    if ties != "md5":
        if not chosen.canonical:
            raise InputError(f"convention {chosen.name} says how ties are broken; leave ties out")
        for measure in measures:
            if measure.definition.family != "ranking":
                raise InputError(f"{measure} has canonical ties alone, not {ties}")
            if ties != "expected" and set(measure.parameters) & _UNORDERED:
                raise InputError(
                    f"{measure} has no {ties} order of a tie in closed form, since what it is divided by depends on it too"
                )
    for measure in measures:
        chosen.rule(measure)
    if by and not chosen.canonical:
        raise InputError("slices are of canonical scores; leave the convention out")
    names = by.split(",") if isinstance(by, str) else by or ()
    return Plan(chosen, tuple(measures), ties, tuple(name.strip() for name in names if name.strip()))


def plans(task: Task, metrics: str | Iterable[str] | None, conventions: Iterable[Convention]) -> list[Plan]:
    """Return a plan for each convention with the measures that it has; those that have none are left out.

    Without metrics: the protocol's at the cutoff of its primary one. Raises InputError where nothing is left.
    """
    measures = choose_measures(task, metrics)
    if metrics is None:
        (primary,) = parse_list([task.protocol["primary"]])
        measures = [measure for measure in measures if measure.cutoff == primary.cutoff]
    found = [(each, tuple(measure for measure in measures if each.has(measure))) for each in conventions]
    made = [Plan(each, has) for each, has in found if has]
    if not made:
        raise InputError(f"none of these conventions has {', '.join(map(str, measures))}")
    return made


def choose_measures(task: AnyTask, metrics: str | Iterable[str] | None) -> list[Measure]:
    """Return the measures that are asked for, or the protocol's. Raises InputError where one does not fit the task."""
    if metrics is None:
        return expand(task.metrics, task.protocol.get("cutoffs", ()))
    measures = parse_list(metrics)
    if isinstance(task, AnswerTask):
        families, kind = ANSWERS[task.answers.type], f"task with answers of type {task.answers.type}"
    else:
        families, kind = FAMILIES[task.protocol["task"]], f"{task.protocol['task']} task"
    for measure in measures:
        family = measure.definition.family
        if family not in families:
            raise InputError(f"{measure} is a {family} metric; {task.name} is a {kind}")
    return measures
