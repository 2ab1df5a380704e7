"""A share's values by plan and slice, computed from what was examined of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure
from recdata.protocol.slices import Slice
from recdata.scoring.evidence import Evidence
from recdata.scoring.slicing import within
from recdata.scoring.spark.output import Output
from recdata.scoring.spark.totals import Part, Totals
from recdata.submission.examine import Examined

if TYPE_CHECKING:
    from recdata.scoring.spark.job import Job
    from recdata.scoring.spark.share import Share


class Values(Totals):
    """Computes the values of share after share, and sums them up.

    Parts are numbered ``plan * (slices + 1) + slice``, slice 0 being the whole.
    """

    def __init__(self, job: Job, output: Output) -> None:
        super().__init__(output)
        self._job = job
        self._place = {
            (number, str(measure)): place
            for number, plan in enumerate(job.plans)
            for place, measure in enumerate(plan.measures)
        }

    def take(
        self,
        share: Share,
        examined: Examined,
        slices: Sequence[Slice],
        measures: Sequence[tuple[int, Measure]],
    ) -> None:
        """Compute ``measures``, each with its plan's number, from what was examined."""
        job = self._job
        for number in sorted({number for number, _ in measures}):
            plan = job.plans[number]
            evidence = Evidence(share, job.part, plan, examined, job.known.value)
            mine = [measure for other, measure in measures if other == number]
            by_user = plan.convention.unit == "users" and job.ranking
            whole = Part(self, self._output, number * (len(slices) + 1))
            for measure in mine:
                read = evidence.read_by(measure)
                place = self._place[number, str(measure)]
                if measure.definition.over == "all":
                    whole.together(place, measure, read)
                else:
                    found = evidence.values(measure)
                    whole.values(place, measure, read, found.values, found.users if by_user else None)
                    if isinstance(read, Ratings):
                        whole.means(place, measure, read, found.values)
            whole.give(share.users[examined.population], by_user)
            for at, each in enumerate(slices, start=1):
                self._slice(evidence, each, number * (len(slices) + 1) + at, number, mine)

    def _slice(
        self, evidence: Evidence, each: Slice, number: int, plan: int, measures: Sequence[Measure]
    ) -> None:
        part = Part(self, self._output, number)
        self.count_units(number, int(each.mask.sum()))
        cache: dict[int, Any] = {}
        for measure in measures:
            whole = evidence.read_by(measure)
            if id(whole) not in cache:
                cache[id(whole)] = within(whole, each)
            read, place = cache[id(whole)], self._place[plan, str(measure)]
            if measure.definition.over == "all":
                part.together(place, measure, read)
            else:
                values = measure.values(read)
                part.values(place, measure, read, values[~np.isnan(values)], None)
        part.give(None, False)
