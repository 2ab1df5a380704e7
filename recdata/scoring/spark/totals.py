"""What is summed and counted of values over a partition, share after share, and the values themselves on their way out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.metrics.exact import ExactSum
from recdata.metrics.kernel import sum_by_user
from recdata.metrics.lists import Lists
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure
from recdata.scoring.spark.output import Output, What

if TYPE_CHECKING:
    import pyarrow as pa

VALUES, UNITS = "values", "units"
"""The sum of a measure's values, and how many units a slice has."""
Key = tuple[int, int, str]


class Totals:
    """Exact sums and counts, by part, measure and term."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._sums: defaultdict[Key, ExactSum] = defaultdict(ExactSum)
        self._numbers: Counter[Key] = Counter()
        self._items: dict[tuple[int, str], npt.NDArray[np.int64]] = {}

    def add(self, part: int, place: int, term: str, values: npt.NDArray[np.float64]) -> None:
        """Sum up values."""
        self._sums[part, place, term] += ExactSum.of(values)
        self._numbers[part, place, term] += len(values)

    def count(self, part: int, place: int, number: int) -> None:
        """Count units that a measure of all together is over."""
        self._numbers[part, place, VALUES] += number

    def count_units(self, part: int, number: int) -> None:
        """Count the units of a slice."""
        self._numbers[part, 0, UNITS] += number

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


class Part:
    """The values of one share in one plan and slice. number: the part's, in the output."""

    def __init__(self, totals: Totals, output: Output, number: int) -> None:
        self._totals, self._output, self._number = totals, output, number
        self._units: list[Any] = [None] * output.values
        self._users: list[Any] = [None] * output.values
        self._ratings: Ratings | None = None
        self._counted: set[str] = set()

    def together(self, place: int, measure: Measure, read: Any) -> None:
        """Add what a measure of all together is made of."""
        totals, number = self._totals, self._number
        totals.count(number, place, len(read))
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
                    totals.count_items(number, what, counts())
            return
        if isinstance(read, Ratings):
            self._ratings = read
        if measure.definition.sums is not None:
            terms = measure.definition.sums.terms[0](read, {"rows": len(read)}, **dict(measure.parameters))
            for term, summed in terms.items():
                totals.add(number, place, term, summed)

    def values(
        self,
        place: int,
        measure: Measure,
        read: Any,
        values: npt.NDArray[np.float64],
        users: npt.NDArray[np.bool_] | None,
    ) -> None:
        """Add the values of a measure. users: whose they are, where not everyone's."""
        self._totals.add(self._number, place, VALUES, values)
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

    def give(
        self, users: npt.NDArray[np.int32] | None = None, by_user: bool = False, ids: pa.Array | None = None
    ) -> None:
        """Give out the values.

        users: the codes of the users averaged over. by_user: whether they are the units. ids: those of the units, where
        they have no codes.
        """
        if self._ratings is not None:
            self._units[-2] = _column(self._ratings.rating, None)
            self._units[-1] = _column(self._ratings.predicted, None)
        for what, columns in ((What.UNIT, self._units), (What.USER, self._users)):
            named = ids if what == What.UNIT else None
            if named is not None or any(column is not None for column in columns):
                whose = users if what == What.USER or by_user else None
                self._output.units(what, self._number, whose, columns, named)


def _column(values: npt.NDArray[np.float64], users: npt.NDArray[np.bool_] | None) -> Any:
    import pyarrow as pa

    if users is None:
        return pa.array(np.asarray(values, dtype=np.float64))
    spread = np.zeros(len(users))
    spread[users] = values
    return pa.array(spread, mask=~users)
