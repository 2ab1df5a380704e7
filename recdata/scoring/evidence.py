"""Evidence: what the metrics of a plan read, made from one reading of the predictions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.metrics.hits import Hits
from recdata.metrics.lists import Lists
from recdata.metrics.spelling import Measure
from recdata.metrics.ties import settled
from recdata.protocol.task import Task
from recdata.scoring.lists import Background, lists_of
from recdata.scoring.plan import Plan
from recdata.scoring.views import by_pair, facts_of, narrowed
from recdata.submission.examine import Examined


class Values(NamedTuple):
    """What a measure gave. values: float64, one for each unit averaged over. users: bool[n], who of the population
    those are (None: everyone); without a meaning where the units are not users.
    """

    values: npt.NDArray[np.float64]
    users: npt.NDArray[np.bool_] | None


class Evidence:
    """The evidence for one plan, in the forms that its measures ask for; each form is made once."""

    def __init__(
        self, task: Task, part: str, plan: Plan, examined: Examined, background: Background | None = None
    ) -> None:
        """background: what is known of the whole task, where ``task`` is a share of it."""
        self._task, self._part, self._plan, self._examined = task, part, plan, examined
        self._background = background or Background(task)
        self._lists: Lists | None = None
        self._made: dict[Hashable, tuple[Hits, npt.NDArray[np.bool_] | None]] = {}

    def values(self, measure: Measure) -> Values:
        """Return the values of ``measure``, computed as the plan's convention has it; none where it averages over nobody."""
        read, users = self._read(measure)
        values = self._plan.convention.applied(measure).values(read)
        defined = ~np.isnan(values)
        if isinstance(read, Lists) and not defined.all():
            return Values(values[defined], defined)
        return Values(values, users)

    def read_by(self, measure: Measure) -> Any:
        """Return what ``measure`` reads."""
        return self._read(measure)[0]

    def _read(self, measure: Measure) -> tuple[Any, npt.NDArray[np.bool_] | None]:
        if not isinstance(self._examined.evidence, Hits):
            return self._examined.evidence, None
        convention = self._plan.convention
        applied, rule = convention.applied(measure), convention.rule(measure)
        graded = dict(applied.parameters).get("gain", "binary") != "binary"
        population = rule.population or convention.population
        key = (population, rule.repeats, graded and self._plan.ties in {"best", "worst"})
        if key not in self._made:
            self._made[key] = self._hits(*key)
        hits, users = self._made[key]
        if measure.definition.family == "beyond":
            if self._lists is None:
                self._lists = lists_of(self._task, self._examined, hits, self._background)
            return self._lists, users
        return hits, users

    def _hits(
        self, population: str, repeats: bool, graded: bool
    ) -> tuple[Hits, npt.NDArray[np.bool_] | None]:
        convention, hits = self._plan.convention, self._examined.evidence
        if not isinstance(hits, Hits):
            raise TypeError("ratings have no hits")
        threshold = None
        if convention.grades == "above":
            threshold = float(self._task.protocol["relevance"].get("min_rating") or 0)
        hits = replace(hits, facts=facts_of(self._task, self._part, self._examined.population, threshold))
        if self._plan.ties != "md5":
            hits = settled(hits, self._plan.ties, hits.facts.grades() if graded else None)
        elif convention.ties == "worst":
            hits = settled(hits, "worst")
        users = None
        kept = hits.listed > 0 if population == "both" else None
        warm = None
        if convention.cold == "drop":
            warm = warm_pairs(self._task, self._part, self._background.training.popularity > 0)
        if kept is not None or warm is not None:
            hits, users = narrowed(hits, kept, warm)
        if convention.unit == "pairs":
            hits = by_pair(hits)
        if repeats:
            hits = replace(hits, relevant=hits.facts.rows().astype(np.int32))
        return hits, users


def warm_pairs(task: Task, part: str, trained: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return of which relevant pairs training has both user and item: bool[p]. trained: which items it has."""
    truth = task.truth(part)
    user = np.zeros(len(task.user_ids), dtype=bool)
    user[task.rows("train").user] = True
    warm: npt.NDArray[np.bool_] = user[truth.user] & trained[truth.item]
    return warm
