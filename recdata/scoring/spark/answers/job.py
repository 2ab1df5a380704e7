"""What runs on each partition: examples and what was answered to them are examined and scored as a task of their own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.engines.spark_workers import whole
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure
from recdata.protocol.answers import AnswerTask
from recdata.protocol.slices import by_value
from recdata.scoring.answers import Evidence
from recdata.scoring.spark.noted import Noted
from recdata.scoring.spark.output import Output
from recdata.scoring.spark.totals import Part, Totals
from recdata.store.arrays import to_numpy
from recdata.submission.answers.examine import ExaminedAnswers, Sheet, conclude
from recdata.submission.answers.rows import ANSWER, ID, Batch
from recdata.submission.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 16
"""A share is closed with the key in whose rows it gets so many, or so many bytes."""
BYTES = 1 << 26
EXAMPLE, ANSWERED, NOTED = 0, 1, 2
"""What a row of a partition is (kind): an example, an answer, or what was noted where answers were read."""


class Share(AnswerTask):
    """A task of the examples that a partition has, in the order of the whole task."""

    def __init__(self, manifest: Mapping[str, Any], table: pa.Table) -> None:
        super().__init__(Path(), manifest)
        self._table = table.sort_by([("task", "ascending"), (ID, "ascending")]).combine_chunks()

    def rows(self, part: str) -> int:
        """Return how many examples there are here."""
        return len(self._table)

    def column(self, name: str, part: str = "test") -> pa.Array:
        """Return one column of them."""
        column = self._table.column(name)
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def schema(self, part: str = "test") -> pa.Schema:
        """Return the columns that were sent."""
        return self._table.schema


@dataclass(frozen=True)
class AnswerJob:
    """One score (or, without measures, one validation).

    manifest: what shares need to know of the task. part: what is answered. limit: how many findings of a code are kept.
    limits: what answers may be. by: the columns that slices are made of; the n-th is sent as ``by n``. slices: the names of
    all slices, in the order of their numbers from 1; 0 is the whole. read: whether answers are read and scored.
    """

    manifest: Mapping[str, Any]
    part: str
    limit: int
    limits: Limits
    measures: tuple[Measure, ...] = ()
    by: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    rows: int = ROWS

    def run(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn a partition's rows, sorted by key, into values and counts; see Output."""
        output = Output(len(self.measures))
        work = _Work(self, output)
        for table in whole(batches, "key", self.rows, BYTES):
            work.take(table)
            yield from output.batches()
        work.finish()
        yield from output.batches()


@dataclass
class _Work:
    """One partition's work: what is counted goes on from share to share."""

    job: AnswerJob
    output: Output
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.noted = Noted(self.job.limit)
        self.totals = Totals(self.output)

    def take(self, table: pa.Table) -> None:
        """Examine some examples with what was answered to them, and compute their values."""
        import pyarrow as pa

        kind = to_numpy(table.column("kind"))
        examples, answered, noted = (
            table.filter(pa.array(kind == each)) for each in (EXAMPLE, ANSWERED, NOTED)
        )
        for text, unit in zip(*(noted.column(name).to_pylist() for name in ("noted", "unit")), strict=True):
            self.noted.take_text(text)
            self.counts.update(unit.split())
        share, part = Share(self.job.manifest, examples), self.job.part
        sheet = Sheet(share.ids(part), self.job.limits, self.noted)
        if len(answered):
            sheet.take(_in_order(answered))
        sheet.find_missing()
        unknown = pa.chunked_array(sheet.unknown, pa.large_string()).cast(pa.string()).to_pylist()
        self.output.unknown(0, unknown, np.zeros(len(unknown), dtype=np.int64))
        self.counts += Counter({"rows": sheet.rows, "empty": sheet.empty, "unknown": len(unknown)})
        if self.noted.total("error") or not len(examples):
            # There will be no score, and where something is wrong nothing is said of how answers read.
            return
        examined = ExaminedAnswers(self.noted)
        conclude(share, part, sheet, examined)
        self.counts += Counter(
            {name: examined.counts.get(name, 0) for name in ("unparsable", "outside_range")}
        )
        if self.job.measures:
            self._score(share, examined)

    def _score(self, share: Share, examined: ExaminedAnswers) -> None:
        job = self.job
        evidence = Evidence(share, job.part, examined, workers=1)
        values = {}
        out = Part(self.totals, self.output, 0)
        for place, measure in enumerate(job.measures):
            if measure.definition.over == "all":
                out.together(place, measure, evidence.of(measure))
            else:
                values[place] = evidence.values(measure)
                out.values(place, measure, evidence.of(measure), values[place], None)
        out.give(ids=share.ids(job.part))
        found = {
            each.name: each
            for number, column in enumerate(job.by)
            for each in by_value(share.column(f"by {number}"), column)
        }
        for number, name in enumerate(job.slices, start=1):
            if name not in found:
                continue
            mask, out = found[name].mask, Part(self.totals, self.output, number)
            self.totals.count_units(number, int(mask.sum()))
            for place, measure in enumerate(job.measures):
                read = evidence.within(measure, mask)
                if measure.definition.over == "all":
                    out.together(place, measure, read)
                else:
                    inside = isinstance(read, Ratings) and measure.definition.over == "users"
                    found_here = measure.values(read) if inside else values[place][mask]
                    out.values(place, measure, read, found_here, None)
            out.give()

    def finish(self) -> None:
        """Give out what was counted in all shares."""
        self.totals.finish()
        self.output.tally(json.dumps({"counts": self.counts, "noted": str(self.noted)}))


def _in_order(answered: pa.Table) -> Batch:
    """Return answers in the order of their rows."""
    import pyarrow as pa

    rows = answered.sort_by("row")
    ids, answer = (rows.column(name).cast(pa.large_string()).combine_chunks() for name in (ID, ANSWER))
    return Batch(to_numpy(rows.column("row")), ids, answer)
