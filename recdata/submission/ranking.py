"""The pass over a ranking's predictions: lists are put in order, judged against the task, and become hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.hits import Hits, TieGroups
from recdata.metrics.lists import Tops
from recdata.submission.asked import Asked
from recdata.submission.block import ITEM, USER, Value
from recdata.submission.expected import ByUser, Expected
from recdata.submission.finding import Findings
from recdata.submission.ids import Ids
from recdata.submission.lists import ListChecks
from recdata.submission.order import Ranked, Ties, ranked
from recdata.submission.slabs import Slab

CANONICAL = Asked()


@dataclass
class Tally:
    """What is counted on the way, in rows unless said otherwise."""

    seen_items: int = 0
    seen_relevant: int = 0
    outside_users: int = 0
    """Users of the task who have rows but nothing relevant in the part."""
    outside_rows: int = 0
    tied_cuts: int = 0
    """Users whose list is cut inside a tie."""


class RankingPass:
    """Judges slab after slab; ``hits`` has what came out of it."""

    def __init__(
        self,
        expected: Expected,
        users: Ids,
        items: Ids,
        value: Value,
        cutoff: int | None,
        findings: Findings,
        asked: Asked = CANONICAL,
        judged: ByUser | None = None,
        checks: ListChecks | None = None,
        warm: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Prepare for one reading.

        cutoff: the largest, at which ties are counted (None: none are). judged: known misses. checks: look at the lists.
        warm: bool, which items training has, where cold ones are taken out. Raises InputError where they are not given.
        """
        if asked.cold == "remove" and warm is None:
            raise InputError(
                "items that training does not have leave the lists; that is not done here: score on one machine"
            )
        self.tally = Tally()
        self._warm = warm
        self._expected = expected
        self._users, self._items = users, items
        self._value = value
        self._cutoff = cutoff
        self._findings = findings
        self._asked = asked
        self._ties = Ties(items, asked.order)
        self._listed = np.zeros(len(expected.population), dtype=np.int64)
        self._given = np.zeros(len(expected.population), dtype=bool)
        self._hits: list[tuple[npt.NDArray[np.integer], ...]] = []
        self._misses: list[tuple[npt.NDArray[np.integer], ...]] = []
        self._tops: list[tuple[npt.NDArray[np.int32], ...]] = []
        self._judged = judged
        self._checks = checks

    def run(self, slabs: Iterable[Slab]) -> None:
        """Judge all of ``slabs``."""
        for slab in slabs:
            if self._asked.single:
                with np.errstate(over="ignore"):
                    slab = slab._replace(value=slab.value.astype(np.float32))
            self._judge(ranked(slab, self._ties))

    def _judge(self, lists: Ranked) -> None:
        known = lists.user < self._users.known
        place = np.where(known, self._expected.place[np.where(known, lists.user, 0)], -1)
        inside = np.flatnonzero(place >= 0)
        length = np.diff(lists.start)
        self._listed[place[inside]] = length[inside]
        self._given[place[inside]] = True
        outside = known & (place < 0)
        if outside.any():
            self._outside(lists, np.flatnonzero(outside), length)
        if self._value == "rank":
            self._check_ranks(lists)
        if self._cutoff is not None and lists.tied.any():
            long = inside[length[inside] > self._cutoff]
            self.tally.tied_cuts += int(lists.tied[lists.start[long] + self._cutoff - 1].sum())
        if self._checks is not None and len(inside):
            self._checks.look(lists, inside)
        index = Index(lists, len(self._items))
        repeated = index.repeated()
        if len(repeated):
            self._report("duplicate-row", lists, repeated)
        self._look_up(lists, index, inside, place)
        if self._asked.top:
            self._keep_top(lists, place)

    def _look_up(
        self, lists: Ranked, index: Index, inside: npt.NDArray[np.int64], place: npt.NDArray[np.int32]
    ) -> None:
        """Find the relevant, seen and allowed items of the users ``inside`` the population."""
        expected = self._expected
        users = lists.user[inside]
        owner, pair, found = index.find(expected.relevant, users, inside)
        seen = None
        gone = np.zeros(len(lists.item), dtype=bool)
        if self._warm is not None and self._asked.cold == "remove":
            known = lists.item < len(self._warm)
            gone = ~(known & self._warm[np.where(known, lists.item, 0)])
            there = ~gone[found]
            owner, pair, found = owner[there], pair[there], found[there]
        if expected.seen is not None and self._asked.seen != "keep":
            seen = np.zeros(len(lists.item), dtype=bool)
            seen[index.rows_of(expected.seen, users, inside)] = True
            rows = np.flatnonzero(seen)
            if len(rows):
                self.tally.seen_items += len(rows)
                self.tally.seen_relevant += int(seen[found].sum())
                self._report("seen-item", lists, rows)
                if self._asked.seen == "remove":
                    seen[found] = False
                    gone |= seen
                else:
                    fresh = ~seen[found]
                    owner, pair, found = owner[fresh], pair[fresh], found[fresh]
        if expected.candidates is not None:
            # Whoever has no candidates is outside of the population, and ignored.
            allowed = np.repeat(place < 0, np.diff(lists.start))
            allowed[index.rows_of(expected.candidates, users, inside)] = True
            if not allowed.all():
                self._report("outside-candidates", lists, np.flatnonzero(~allowed))
        removed = np.append(0, np.cumsum(gone)) if gone.any() else None
        self._hits.append((place[owner], *self._ranks(lists, owner, found, removed), pair))
        if removed is not None:
            lost = removed[lists.start[1:]] - removed[lists.start[:-1]]
            self._listed[place[inside]] -= lost[inside]
        if self._judged is not None:
            owner, pair, found = index.find(self._judged, users, inside)
            self._misses.append((place[owner], *self._ranks(lists, owner, found, removed), pair))

    def _ranks(
        self,
        lists: Ranked,
        owner: npt.NDArray[np.int64],
        found: npt.NDArray[np.int64],
        removed: npt.NDArray[np.int64] | None,
    ) -> tuple[npt.NDArray[np.int64], ...]:
        """Return the ranks of the rows ``found``; where groups are asked for, the first rank and size of theirs, too."""
        begin = lists.start[owner]
        rank = found - begin + 1
        if removed is not None:
            rank = rank - (removed[found] - removed[begin])
        if not self._asked.groups:
            return (rank,)
        first, size = lists.groups(found)
        if removed is None:
            return rank, first - begin + 1, size
        before = removed[first]
        return rank, first - begin + 1 - (before - removed[begin]), size - (removed[first + size] - before)

    def _keep_top(self, lists: Ranked, place: npt.NDArray[np.int32]) -> None:
        inside = np.flatnonzero(place >= 0)
        many = np.minimum(np.diff(lists.start)[inside], self._asked.top)
        before = np.repeat(np.cumsum(many) - many, many)
        rank = np.arange(len(before)) - before
        item = lists.item[np.repeat(lists.start[inside], many) + rank]
        item = np.where(item < self._items.known, item, -1)
        owner = np.repeat(place[inside], many)
        self._tops.append((owner, (rank + 1).astype(np.int32), item.astype(np.int32)))

    def _outside(self, lists: Ranked, who: npt.NDArray[np.int64], length: npt.NDArray[np.int64]) -> None:
        self.tally.outside_users += len(who)
        self.tally.outside_rows += int(length[who].sum())
        # One finding a user, at the first of the user's rows.
        rows = np.minimum.reduceat(lists.row, lists.start[:-1])[who]
        self._findings.add_rows(
            "outside-user", rows, USER, lambda i: self._users.text(int(lists.user[who[i]]))
        )

    def _check_ranks(self, lists: Ranked) -> None:
        wrong = np.flatnonzero(-lists.value != lists.place() + 1)
        if len(wrong):
            owner = lists.owner()[wrong]
            # What follows a wrong rank is shifted too: one finding a user.
            wrong = wrong[np.append(True, owner[1:] != owner[:-1])]
            for row in wrong.tolist():
                user = int(np.searchsorted(lists.start, row, side="right")) - 1
                self._findings.add(
                    "rank-order",
                    row=int(lists.row[row]),
                    column="rank",
                    value=f"{-lists.value[row]:g}",
                    expected=f"{row - lists.start[user] + 1} (the user's rows sorted by rank)",
                )

    def _report(self, code: str, lists: Ranked, rows: npt.NDArray[np.int64]) -> None:
        self._findings.add_rows(
            code, lists.row[rows], ITEM, lambda i: self._items.text(int(lists.item[rows[i]]))
        )

    def missing(self) -> npt.NDArray[np.int32]:
        """Return the codes of the users of the population who have no row."""
        return self._expected.population[~self._given]

    def hits(self) -> Hits:
        """Return the hits of all that was judged."""
        relevant = np.diff(self._expected.relevant.start)[self._expected.population].astype(np.int32)
        judged = None
        if self._judged is not None:
            known = np.diff(self._judged.start)[self._expected.population].astype(np.int32)
            judged = self._sorted(known, self._misses)
        return self._sorted(relevant, self._hits, judged)

    def _sorted(
        self,
        relevant: npt.NDArray[np.int32],
        parts: list[tuple[npt.NDArray[np.integer], ...]],
        judged: Hits | None = None,
    ) -> Hits:
        nothing = np.empty(0, dtype=np.int64)
        columns = [
            np.concatenate([nothing, *(part[column] for part in parts)])
            for column in range(5 if self._asked.groups else 3)
        ]
        user, rank = columns[0], columns[1]
        bits = max(int(rank.max(initial=0)), 1).bit_length()
        order = np.argsort(user << bits | rank)
        user, rank, *groups, pair = (array[order].astype(np.int32) for array in columns)
        ties = TieGroups(*groups) if groups else None
        return Hits(relevant, self._listed, user, rank, pair, ties, judged=judged)

    def tops(self) -> Tops | None:
        """Return the first items of each list, as many as were asked for; None where none were."""
        if not self._asked.top:
            return None
        nothing = np.empty(0, dtype=np.int32)
        user, rank, item = (
            np.concatenate([nothing, *(part[column] for part in self._tops)]) for column in range(3)
        )
        self._tops.clear()
        if (user[1:] < user[:-1]).any():
            order = np.argsort(user, kind="stable")
            user, rank, item = user[order], rank[order], item[order]
        return Tops(user, rank, item)


class Index:
    """The (user, item) pairs of some lists, sorted so that pairs are found and repeated ones seen."""

    def __init__(self, lists: Ranked, items: int) -> None:
        self._start = lists.start
        longest = int(np.diff(lists.start).max(initial=1))
        self._place_bits = (longest - 1).bit_length()
        self._item_bits = items.bit_length()
        key = self._keys(lists.owner(), lists.item)
        key |= lists.place()
        key.sort()
        self._key = key
        self._mask = (1 << self._place_bits) - 1

    def repeated(self) -> npt.NDArray[np.int64]:
        """Return the rows whose pair stands in a better row too."""
        pair = self._key >> self._place_bits
        return self._rows(self._key[1:][pair[1:] == pair[:-1]])

    def find(
        self, wanted: ByUser, users: npt.NDArray[np.int32], inside: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Look for the pairs that ``wanted`` has of ``users``, who are the lists' users at ``inside``.

        Returns three arrays of one length, of what is found: whose list, which pair of ``wanted``, which row.
        """
        owner, pair, item = wanted.spread(users)
        owner = inside[owner]
        key = self._keys(owner, item)
        at, there = self._search(key)
        return owner[there], pair[there], self._rows(self._key[at[there]])

    def rows_of(
        self, wanted: ByUser, users: npt.NDArray[np.int32], inside: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Return the rows that ``find`` returns, in any order."""
        owner, _, item = wanted.spread(users)
        key = self._keys(inside[owner], item)
        key.sort()  # in order they are searched for faster
        at, there = self._search(key)
        return self._rows(self._key[at[there]])

    def _keys(self, owner: npt.NDArray[np.int64], item: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        key = owner << self._item_bits
        key |= item
        key <<= self._place_bits
        return key

    def _search(self, key: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        # The first key that is not lower has the pair's own bits, if the pair is there.
        at = np.searchsorted(self._key, key)
        at[at == len(self._key)] = 0
        return at, self._key[at] >> self._place_bits == key >> self._place_bits

    def _rows(self, key: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return self._start[key >> self._place_bits >> self._item_bits] + (key & self._mask)
