"""A share's values by plan and slice, and what is summed and counted of them over a partition."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.metrics.exact import ExactSum
from recdata.metrics.kernel import sum_by_user
from recdata.metrics.lists import Lists
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure
from recdata.protocol.slices import Slice
from recdata.scoring.evidence import Evidence
from recdata.scoring.slicing import within
from recdata.scoring.spark.output import Output, What
from recdata.submission.examine import Examined

if TYPE_CHECKING:
    from recdata.scoring.spark.job import Job
    from recdata.scoring.spark.share import Share

VALUES, UNITS = "values", "units"
"""The sum of a measure's values, and how many units a slice has."""
Key = tuple[int, int, str]


class Values:
    """Computes the values of share after share, and sums them up.

    Parts are numbered ``plan * (slices + 1) + slice``, slice 0 being the whole.
    """

    def __init__(self, job: Job, output: Output) -> None:
        self._job, self._output = job, output
        self._sums: defaultdict[Key, ExactSum] = defaultdict(ExactSum)
        self._numbers: Counter[Key] = Counter()
        self._items: dict[tuple[int, str], npt.NDArray[np.int64]] = {}
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
            whole = _Part(self, self._output, number * (len(slices) + 1))
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
        part = _Part(self, self._output, number)
        self._numbers[number, 0, UNITS] += int(each.mask.sum())
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

    def add(self, part: int, place: int, term: str, values: npt.NDArray[np.float64]) -> None:
        """Sum up values."""
        self._sums[part, place, term] += ExactSum.of(values)
        self._numbers[part, place, term] += len(values)

    def count(self, part: int, place: int, number: int) -> None:
        """Count units that a measure of all together is over."""
        self._numbers[part, place, VALUES] += number

    def count_items(self, part: int, text: str, counts: npt.NDArray[np.int64]) -> None:
        """Count items."""
        known = self._items.get((part, text))
        self._items[part, text] = counts if known is None else known + counts

    def finish(self) -> None:
        """Give out sums and counts."""
        for key in sorted(set(self._sums) | set(self._numbers)):
            self._output.sums(*key, self._sums[key], self._numbers[key])
        for (part, text), counts in self._items.items():
            self._output.items(part, text, counts)


class _Part:
    """The values of one share in one plan and slice."""

    def __init__(self, values: Values, output: Output, number: int) -> None:
        self._values, self._output, self._number = values, output, number
        self._units: list[Any] = [None] * output.values
        self._users: list[Any] = [None] * output.values
        self._ratings: Ratings | None = None
        self._counted: set[str] = set()

    def together(self, place: int, measure: Measure, read: Any) -> None:
        """Add what a measure of all together is made of."""
        values, number = self._values, self._number
        values.count(number, place, len(read))
        if not len(read):
            return
        if isinstance(read, Lists):
            cutoff = measure.cutoff or 0
            wanted: dict[str, Callable[[], npt.NDArray[np.int64]]] = {
                f"shown {cutoff}": partial(read.counts, cutoff),
                f"found {cutoff}": partial(read.found, cutoff),
                "had": read.had,
                "wanted": read.wanted,
            }
            for what, counts in wanted.items():
                if what not in self._counted:
                    self._counted.add(what)
                    values.count_items(number, what, counts())
            return
        self._ratings = read
        if measure.definition.sums is not None:
            terms = measure.definition.sums.terms[0](read, {"rows": len(read)}, **dict(measure.parameters))
            for term, summed in terms.items():
                values.add(number, place, term, summed)

    def values(
        self,
        place: int,
        measure: Measure,
        read: Any,
        values: npt.NDArray[np.float64],
        users: npt.NDArray[np.bool_] | None,
    ) -> None:
        """Add the values of a measure. users: whose they are, where not everyone's."""
        self._values.add(self._number, place, VALUES, values)
        if isinstance(read, Ratings) and measure.definition.over == "users":
            self._users[place] = _column(values, None)
            return
        self._units[place] = _column(values, users)

    def means(self, place: int, measure: Measure, ratings: Ratings, values: npt.NDArray[np.float64]) -> None:
        """Keep each user's own mean of what are values of rows."""
        if measure.definition.over != "users":
            rows = np.bincount(ratings.user, minlength=ratings.users)
            means = sum_by_user(ratings.user, values, ratings.users) / rows
            self._users[place] = _column(np.sqrt(means) if measure.definition.root else means, None)

    def give(self, users: npt.NDArray[np.int32] | None, by_user: bool) -> None:
        """Give out the values. users: the codes of the users averaged over. by_user: whether they are the units."""
        if self._ratings is not None:
            self._units[-2] = _column(self._ratings.rating, None)
            self._units[-1] = _column(self._ratings.predicted, None)
        for what, columns in ((What.UNIT, self._units), (What.USER, self._users)):
            if any(column is not None for column in columns):
                whose = users if what == What.USER or by_user else None
                self._output.units(what, self._number, whose, columns)


def _column(values: npt.NDArray[np.float64], users: npt.NDArray[np.bool_] | None) -> Any:
    import pyarrow as pa

    if users is None:
        return pa.array(np.asarray(values, dtype=np.float64))
    spread = np.zeros(len(users))
    spread[users] = values
    return pa.array(spread, mask=~users)
