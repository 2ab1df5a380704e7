"""What runs on each partition: shares are examined, and metrics computed from them, as from a whole task."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.lists import Features, Training
from recdata.metrics.spelling import Measure, largest_cutoff
from recdata.protocol.slices import Levels, Slice, by_content, units_of
from recdata.scoring.lists import Background
from recdata.scoring.plan import Plan
from recdata.scoring.spark.noted import Noted, user_mark
from recdata.scoring.spark.output import Output
from recdata.scoring.spark.share import BAD, KIND_BITS, ROWS, UNKNOWN_USERS, Kind, Names, Rows, Share, shares
from recdata.scoring.spark.values import Values
from recdata.submission.asked import Asked
from recdata.submission.block import ITEM, USER, Value
from recdata.submission.encode import HEAD, Coded
from recdata.submission.examine import Examined
from recdata.submission.expected import Expected, judged_misses
from recdata.submission.fit import among
from recdata.submission.ids import MOST_UNKNOWN
from recdata.submission.lists import ListChecks
from recdata.submission.ranking import RankingPass, Tally
from recdata.submission.rating import RatingPass
from recdata.submission.slabs import grouped

if TYPE_CHECKING:
    import pyarrow as pa


_NO_NUMBERS = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
"""How findings write what Spark writes so."""


class Known(Background):
    """What is known of the whole task, of the size of its items at most."""

    def __init__(self, training: Training, columns: Mapping[str, Features], levels: Levels | None) -> None:
        """columns: the features that are asked for, by column. levels: what slices ask."""
        self.training = training
        self.levels = levels
        self._columns = columns

    def features(self, column: str) -> Features:
        """Return what is known of items by a column."""
        return self._columns[column]


@dataclass(frozen=True)
class Job:
    """One score (or, without plans, one validation).

    manifest: the task's name and protocol. part: what is predicted. parts: those whose rows are sent. candidates: whether
    candidates are. items: how many the task has. value: what orders the lists. limit: how many findings of a code
    are kept. longest: bytes of an unknown id. numbered: whether rows have numbers. by_content, by_rows: the names of slices
    by content, and of those that are sent as rows.
    most: rows of a share. texts: a broadcast of the items' ids, an Arrow array. known: a broadcast of Known.
    """

    manifest: Mapping[str, Any]
    part: str
    parts: frozenset[str]
    candidates: bool
    items: int
    value: Value
    limit: int
    longest: int
    numbered: bool
    plans: tuple[Plan, ...] = ()
    most: int = ROWS
    by_content: tuple[str, ...] = ()
    by_rows: tuple[str, ...] = ()
    texts: Any = None
    known: Any = None

    @property
    def ranking(self) -> bool:
        """Whether lists are predicted, or ratings."""
        return bool(self.manifest["protocol"]["task"] == "ranking")

    @property
    def slices(self) -> tuple[str, ...]:
        """The names of all slices, in the order of their numbers from 1; 0 is the whole."""
        return self.by_content + self.by_rows

    def item_text(self, code: int) -> str:
        """Return the id of an item of the task; all of them come to a worker where the first is asked for."""
        return str(self.texts.value[code].as_py())

    @cached_property
    def readings(self) -> list[tuple[Asked, list[tuple[int, Measure]]]]:
        """What is asked of each reading of the lists, with the plans' measures that are computed from it."""
        wanted: dict[Asked, list[tuple[int, Measure]]] = {}
        keep: dict[Asked, Asked] = {}
        for number, plan in enumerate(self.plans):
            for measure in plan.measures:
                asked = plan.asked(measure)
                rules = asked.rules()
                wanted.setdefault(rules, []).append((number, measure))
                keep[rules] = keep.get(rules, rules).together(asked)
        return [(keep[rules], measures) for rules, measures in wanted.items()] or [(Asked(), [])]

    @property
    def cutoff(self) -> int | None:
        """The largest cutoff of all measures, at which tied cuts are counted."""
        return largest_cutoff(measure for plan in self.plans for measure in plan.measures)

    def run(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn a partition's rows, sorted by key, into values and counts; see Output."""
        output = Output(max([len(plan.measures) for plan in self.plans], default=0))
        work = _Work(self, output)
        for rows in shares(batches, self.most):
            work.take(rows)
            yield from output.batches()
        work.finish()
        yield from output.batches()


@dataclass
class _Work:
    """One partition's work: what is counted goes on from share to share."""

    job: Job
    output: Output
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        job = self.job
        self.noted = Noted(job.limit)
        self.items = Names(job.items, job.item_text)
        self.values = Values(job, self.output)
        self._first = np.empty(0, dtype=np.int64)

    def take(self, rows: Rows) -> None:
        """Examine a share and compute its values."""
        job = self.job
        begin = int(np.searchsorted(rows.key, BAD << KIND_BITS))
        self._refuse(rows.part(slice(begin, None)))
        rows = rows.part(slice(0, begin))
        share = Share(job, rows)
        users = Names(len(share.users), lambda code: user_mark(int(share.users[code])))
        coded = self._code(rows, share, users)
        self._note_unknown(coded, users)
        slices = self._slices(share)
        if not job.ranking:
            rating = RatingPass(share, job.part, users, self.items, self.noted, share=True)
            rating.run([coded])
            examined = Examined(self.noted, evidence=rating.ratings(), population=rating.population)
            self.counts["missing_pairs"] += rating.missing
            self.counts["outside_rows"] += rating.outside
            self.counts["population"] += len(rating.population)
            if job.plans and not rating.missing and len(rating.population):
                self.values.take(share, examined, slices, job.readings[0][1])
            return
        self._compare_parts(share, coded)
        expected = Expected.read(share, job.part)
        self.counts["population"] += len(expected.population)
        for number, (asked, measures) in enumerate(job.readings):
            noted = self.noted if number == 0 else Noted(0)
            checks = ListChecks(share, expected, users, job.value, noted) if number == 0 else None
            judged = judged_misses(share, job.part) if asked.judged else None
            warm = job.known.value.training.popularity > 0 if asked.cold == "remove" else None
            ranking = RankingPass(
                expected, users, self.items, job.value, job.cutoff, noted, asked, judged, checks, warm
            )
            ranking.run(grouped([coded]))
            examined = Examined(noted, evidence=ranking.hits(), population=expected.population)
            examined.tops = ranking.tops()
            if checks is not None:
                self._count(ranking.tally, checks.cuts)
                missing = share.users[ranking.missing()].tolist()
                self.counts["missing_users"] += len(missing)
                for code in missing[: job.limit]:
                    noted.add("missing-user", column=USER, value=user_mark(code))
                noted.count("missing-user", len(missing) - len(missing[: job.limit]))
            if len(expected.population):
                self.values.take(share, examined, slices, measures)

    def _count(self, tally: Tally, cuts: int) -> None:
        for name in ("seen_items", "seen_relevant", "outside_users", "outside_rows", "tied_cuts"):
            self.counts[name] += getattr(tally, name)
        self.counts["cuts"] += cuts

    def _code(self, rows: Rows, share: Share, users: Names) -> Coded:
        """Return the predictions in the share's codes of users, by user, then row."""
        place = np.flatnonzero((rows.key & ((1 << KIND_BITS) - 1)) == Kind.PREDICTION)
        chosen = rows.part(place)
        user = np.empty(len(place), dtype=np.int32)
        known = int(np.searchsorted(chosen.key, UNKNOWN_USERS << KIND_BITS))
        user[:known] = share.owner[place[:known]]
        if known < len(user):
            user[known:] = users.learn(chosen.user_id[known:])
        item = chosen.item
        if item.min(initial=0) < 0:
            item = item.copy()
            new = np.flatnonzero(item < 0)
            item[new] = self.items.learn(chosen.item_id.take(_array(new)))
            if len(self.items.unknown) > MOST_UNKNOWN:
                raise InputError(f"more than {MOST_UNKNOWN:,} different items are not in the task")
        value, row = chosen.value, chosen.row
        if ((user[1:] < user[:-1]) | ((user[1:] == user[:-1]) & (row[1:] < row[:-1]))).any():
            order = np.lexsort((row, user))
            user, item, value, row = user[order], item[order], value[order], row[order]
        self.counts["rows"] += len(user)
        return Coded(user, item, value if self.job.value == "score" else -value, row)

    def _compare_parts(self, share: Share, coded: Coded) -> None:
        """Count the relevant pairs of either part among the first rows or, where rows have no numbers, among all."""
        head = np.flatnonzero(coded.row < HEAD) if self.job.numbered else slice(None)
        other = "valid" if self.job.part == "test" else "test"
        for part, name in ((self.job.part, "of_part"), (other, "of_other_part")):
            here = among(share, coded.user[head], coded.item[head], share.truth(part))
            self.counts[name] += int(here.sum())

    def _note_unknown(self, coded: Coded, users: Names) -> None:
        """Count rows whose user or item is not known; give out unknown users, keep where items are met first."""
        for column, codes, ids, name in (
            (USER, coded.user, users, "unknown_user_rows"),
            (ITEM, coded.item, self.items, "unknown_item_rows"),
        ):
            at = np.flatnonzero(codes >= ids.known)
            if not len(at):
                continue
            self.counts[name] += len(at)
            met = codes[at]
            self.noted.add_rows(f"unknown-{column[:4]}", coded.row[at], column, partial(_text, ids, met))
            first = np.full(len(ids.unknown), np.iinfo(np.int64).max)
            np.minimum.at(first, codes[at] - ids.known, coded.row[at])
            if ids is users:
                self.counts["unknown_users"] += len(first)
                self._give_unknown(0, users, first)
            else:
                first[: len(self._first)] = np.minimum(first[: len(self._first)], self._first)
                self._first = first

    def _give_unknown(self, column: int, ids: Names, first: npt.NDArray[np.int64]) -> None:
        for text in ids.unknown:
            size = len(text.encode("utf-8"))
            if size > self.job.longest:
                most = f"at most {self.job.longest:,}"
                self.noted.add("over-limit", value=f"id_length {size:,}", expected=most)
        self.output.unknown(column, ids.unknown, first)

    def _refuse(self, rows: Rows) -> None:
        """Note rows that have no ids or no number."""
        self.counts["rows"] += len(rows.key)
        for bit, code, column in (
            (1, "bad-number", self.job.value),
            (2, "null-id", USER),
            (4, "null-id", ITEM),
            (8, "list-lengths", "scores"),
            (16, "bad-line", None),
        ):
            at = np.flatnonzero(rows.item & bit)
            written = None if code == "null-id" else rows.user_id.take(_array(at))
            self.noted.add_rows(code, rows.row[at], column, partial(_written, written))

    def _slices(self, share: Share) -> list[Slice]:
        job = self.job
        if not job.slices:
            return []
        units = units_of(share, job.part)
        found = {each.name: each for each in by_content(share, job.part, units, job.known.value.levels)}
        row, number = share.slices
        by_rows = [
            Slice(name, "", np.isin(units.row, row[number == place]))
            for place, name in enumerate(job.by_rows)
        ]
        return [*(found[name] for name in job.by_content), *by_rows]

    def finish(self) -> None:
        """Give out what was counted in all shares."""
        self._give_unknown(1, self.items, self._first)
        self.values.finish()
        self.output.tally(json.dumps({"counts": self.counts, "noted": str(self.noted)}))


def _text(ids: Names, codes: npt.NDArray[np.int32], place: int) -> str:
    return ids.text(int(codes[place]))


def _written(texts: pa.Array | None, place: int) -> str:
    if texts is None:
        return ""
    text = texts[place].as_py() or "null"
    return _NO_NUMBERS.get(text, text)


def _array(places: npt.NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    return pa.array(places)
