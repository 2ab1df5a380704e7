"""From what partitions gave out to means and errors: exact sums are added up, and only then rounded."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.metrics.ctr import share_in_order
from recdata.metrics.definition import UndefinedError
from recdata.metrics.exact import ExactSum
from recdata.metrics.hits import Hits
from recdata.metrics.kernel import Summary, squared_deviations, summary
from recdata.metrics.lists import Lists, Tops, Training
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure, finite
from recdata.scoring.spark.noted import Noted, merged
from recdata.scoring.spark.output import Output, What, schema
from recdata.scoring.spark.totals import UNITS, VALUES
from recdata.store.arrays import filled, to_numpy, validity

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

Key = tuple[int, int, str]


def check_additive(measures: Iterable[Measure]) -> None:
    """Raise InputError where a metric of everything together does not follow from what partitions count and sum up."""
    for measure in measures:
        known = measure.definition
        parts = known.sums is not None or known.family == "beyond" or known.name == "AUC"
        if known.over == "all" and not parts:
            raise InputError(
                f"{measure} is a metric of everything together that does not follow from counts and sums of parts, so that "
                "the engine spark does not compute it: score it without Spark"
            )


@dataclass
class Sums:
    """Exact sums and how many values are in them, by part, measure and term."""

    sums: defaultdict[Key, ExactSum] = field(default_factory=lambda: defaultdict(ExactSum))
    numbers: Counter[Key] = field(default_factory=Counter)

    def read(self, table: pa.Table) -> None:
        """Add the sums among what partitions gave out."""
        for what, part, measure, _, number, text, *_ in zip(*table.to_pydict().values(), strict=True):
            if what == What.SUM:
                term, _, written = text.rpartition("\n")
                self.sums[part, measure, term] += ExactSum.read(written)
                self.numbers[part, measure, term] += number


class Gathered:
    """What the partitions of one job gave out. counts: as the result's schema says, and what findings need."""

    def __init__(self, engine: SparkEngine, out: DataFrame, limit: int) -> None:
        """Compute ``out``, which is kept from then on, and take what is small of it."""
        self._engine, self._out = engine, out
        self._sums = Sums()
        with told():
            table = out.where(f"what IN ({What.SUM:d}, {What.TALLY:d})").toArrow()
        self._sums.read(table)
        what, texts = to_numpy(table.column("what")), table.column("text").to_pylist()
        tallies = [json.loads(text) for number, text in zip(what, texts, strict=True) if number == What.TALLY]
        self.counts: Counter[str] = Counter()
        for tally in tallies:
            self.counts.update(tally["counts"])
        self.noted: Noted = merged((tally["noted"] for tally in tallies), limit)

    def units(self, part: int) -> int:
        """Return how many units a slice has."""
        return self._sums.numbers[part, 0, UNITS]

    def summaries(
        self, wanted: Sequence[tuple[int, int, Measure]], items: int, training: Training
    ) -> dict[tuple[int, int], Summary]:
        """Return the summaries of measures by part and place: those that are averaged over somebody and defined.

        Raises UndefinedError where a measure of the whole (part 0) is not defined.
        """
        deviations = {
            (part, place): self._mean(part, place)
            for part, place, measure in wanted
            if measure.definition.over != "all" and self._sums.numbers[part, place, VALUES] > 1
        }
        rounds = {
            (part, place): (measure, self._terms(part, place))
            for part, place, measure in wanted
            if measure.definition.sums is not None and len(measure.definition.sums.terms) > 1
        }
        if deviations or rounds:
            self._again(_Again(deviations, rounds, {(p, k): m.definition.over for p, k, m in wanted}))
        made = {}
        for part, place, measure in wanted:
            try:
                found = self._summary(part, place, measure, items, training)
            except UndefinedError:
                if part == 0:
                    raise
                continue
            except OverflowError:
                found = Summary(math.inf, None, 0)
            if found is not None:
                made[part, place] = finite(measure, found)
        return made

    def _mean(self, part: int, place: int) -> float:
        try:
            return float(self._sums.sums[part, place, VALUES]) / self._sums.numbers[part, place, VALUES]
        except OverflowError:
            return math.inf

    def _terms(self, part: int, place: int) -> dict[str, float]:
        found = {
            term: float(summed)
            for (of, measure, term), summed in self._sums.sums.items()
            if (of, measure) == (part, place) and term != VALUES
        }
        return {"rows": float(self._sums.numbers[part, place, VALUES]), **found}

    def _summary(
        self, part: int, place: int, measure: Measure, items: int, training: Training
    ) -> Summary | None:
        number = self._sums.numbers[part, place, VALUES]
        if not number:
            return None
        definition = measure.definition
        if definition.over != "all":
            squares = float(self._sums.sums[part, place, "squares"])
            return summary(self._mean(part, place), squares, number, definition.root)
        if definition.family == "beyond":
            counted = _Counted(self._items(part), number, items, training)
            return Summary(float(measure.values(counted)[0]), None, number)
        if definition.sums is not None:
            value = definition.sums.finish(self._terms(part, place), **dict(measure.parameters))
            return Summary(value, None, number)
        if definition.name == "AUC":
            return Summary(self._area(part), None, number)
        raise ValueError(f"{measure} has no parts that add up")

    def _again(self, again: _Again) -> None:
        """Go over the values once more: what needs the first sums."""
        chosen = self._out.where(f"what IN ({What.UNIT:d}, {What.USER:d})")
        values = len(self._out.columns) - len(schema(0).split(", "))
        with told():
            self._sums.read(self._engine.mapped(chosen, again.run, schema(values)).toArrow())

    def _items(self, part: int) -> dict[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]]:
        """Return what items were counted as, of the size of the items."""
        counted = (
            self._out.where(f"what = {What.ITEM:d} AND part = {part}").groupBy("text", "item").sum("number")
        )
        with told():
            table = counted.toArrow()
        found = {}
        for text in table.column("text").unique().to_pylist():
            import pyarrow.compute as pc

            some = table.filter(pc.equal(table.column("text"), text))
            found[text] = (to_numpy(some.column(1)), to_numpy(some.column(2)))
        return found

    def _area(self, part: int) -> float:
        """Return the AUC: predictions are counted by value, and values sorted by ranges, in whole numbers."""
        from pyspark.sql import functions as f

        rating, predicted = self._out.columns[-2:]
        rows = self._out.where(f"what = {What.UNIT:d} AND part = {part}").where(f"{rating} IS NOT NULL")
        kinds = rows.agg(f.max((~f.col(rating).isin(0.0, 1.0)).cast("int"))).collect()[0][0]
        if kinds:
            raise InputError("this metric needs labels: ratings that are 0 or 1")
        groups = rows.groupBy(f.col(predicted).alias("value")).agg(
            f.count("*").alias("rows"), f.sum(f.col(rating).cast("bigint")).alias("ones")
        )
        name = self._engine.fresh("areas")
        self._engine.call(name, groups)
        placed = self._engine.running(f'SELECT value, rows, ones FROM "{name}"', ["value"], "rows")
        exact = "DECIMAL(38, 0)"
        ((summed, ones, total),) = self._engine.fetch(
            f"SELECT sum(CAST(ones AS {exact}) * (2 * (until - rows) + rows + 1)), sum(ones), sum(rows) FROM ({placed})"
        )
        ones, total = int(ones), int(total)
        return share_in_order((int(summed) - ones * (ones + 1)) / 2, ones, total - ones)


@dataclass(frozen=True)
class _Again:
    """The second pass over values: deviations from means, and terms of sums that follow from sums.

    deviations: means by part and place. rounds: measures with their sums so far. over: what values are of.
    """

    deviations: Mapping[tuple[int, int], float]
    rounds: Mapping[tuple[int, int], tuple[Measure, Mapping[str, float]]]
    over: Mapping[tuple[int, int], str]

    def run(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn values into exact sums."""
        sums: defaultdict[Key, ExactSum] = defaultdict(ExactSum)
        width = 0
        for batch in batches:
            width = batch.num_columns - len(schema(0).split(", "))
            parts = filled(batch.column("part"), 0)
            users = filled(batch.column("what"), 0) == What.USER
            for (part, place), mean in self.deviations.items():
                here = (parts == part) & (users == (self.over[part, place] == "users"))
                values = to_numpy(batch.column(f"v{place}"))[here]
                values = values[validity(batch.column(f"v{place}"))[here]]
                if len(values):
                    sums[part, place, "squares"] += ExactSum.of(squared_deviations(values, mean))
            for (part, place), (measure, before) in self.rounds.items():
                here = (parts == part) & ~users
                rating, predicted = (to_numpy(batch.column(at))[here] for at in (-2, -1))
                there = ~np.isnan(rating)
                one = np.zeros(int(there.sum()), dtype=np.int32)
                ratings = Ratings(1, one, rating[there], predicted[there])
                if measure.definition.sums is not None and len(one):
                    for terms in measure.definition.sums.terms[1:]:
                        for term, values in terms(ratings, before, **dict(measure.parameters)).items():
                            sums[part, place, term] += ExactSum.of(values)
        output = Output(width)
        for key, summed in sums.items():
            output.sums(*key, summed, 0)
        yield from output.batches()


class _Counted(Lists):
    """Lists that are not here: how often each item is shown, found, wanted and had, which is all that some metrics ask."""

    def __init__(
        self,
        counted: Mapping[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]],
        users: int,
        items: int,
        training: Training,
    ) -> None:
        empty = np.empty(0, dtype=np.int32)
        hits = Hits(empty, empty.astype(np.int64), empty, empty, empty)
        super().__init__(Tops(empty, empty, empty), hits, items, (empty, empty), training)
        self.__dict__["_counted"], self.__dict__["_users"] = counted, users

    def __len__(self) -> int:
        """Return the number of users."""
        return int(self.__dict__["_users"])

    def _of(self, what: str) -> npt.NDArray[np.int64]:
        counts = np.zeros(self.items, dtype=np.int64)
        item, number = self.__dict__["_counted"].get(what, ([], 0))
        counts[item] = number
        return counts

    def counts(self, cutoff: int) -> npt.NDArray[np.int64]:
        """Return in how many lists each item is."""
        return self._of(f"shown {cutoff}")

    def had(self) -> npt.NDArray[np.int64]:
        """Return how many users of the population have each item in training."""
        return self._of("had")

    def wanted(self) -> npt.NDArray[np.int64]:
        """Return to how many users each item is relevant."""
        return self._of("wanted")

    def found(self, cutoff: int) -> npt.NDArray[np.int64]:
        """Return in how many lists each item is a hit."""
        return self._of(f"found {cutoff}")
