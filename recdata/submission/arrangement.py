"""Whether the rows of a locale stand in the order of its sessions, which a file without ids cannot say by itself."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from recdata.protocol.task import Task
from recdata.submission.block import Value
from recdata.submission.expected import Expected
from recdata.submission.finding import Findings
from recdata.submission.ids import Ids
from recdata.submission.lists import ListChecks
from recdata.submission.order import Ranked
from recdata.submission.places import LOCALE, Sessions

_FEWEST = 50
"""Of a locale with fewer sessions nothing is said."""
_DEVIATIONS = 5.0
"""By how many standard deviations a file's own order must be better than any other order is on average."""


class ArrangementChecks(ListChecks):
    """Looks at lists as ``ListChecks`` does, and counts for each locale how many hold their session's next item.

    Had the rows of a locale been given to its n sessions at random, then with r_i the sessions whose next item is in list i,
    c_j the lists that hold the next item of session j, and T the sum of either, the number that hold their own would have
    the mean T / n and the variance (T - sum r_i**2 / n - sum c_j**2 / n + T**2 / n**2) / (n - 1) (Hoeffding 1951, for
    zeros and ones). A model's own order is far above that; rows in another order are not. Lists that are all alike have no
    variance, and no order that matters.
    """

    def __init__(
        self,
        task: Task,
        expected: Expected,
        users: Ids,
        value: Value,
        findings: Findings,
        sessions: Sessions,
    ) -> None:
        super().__init__(task, expected, users, value, findings)
        self._sessions, self._own, self._found = sessions, expected.relevant, findings
        self._items = len(task.item_ids)
        locales = len(sessions.locales)
        self._locale = np.zeros(len(task.user_ids), dtype=np.int64)
        self._locale[sessions.user] = sessions.locale
        owner, _, item = expected.relevant.spread(expected.population)
        locale = self._locale[expected.population[owner]]
        self._asked = np.bincount(self._key(locale, item), minlength=locales * self._items)
        self._size = np.bincount(self._locale[expected.population], minlength=locales)
        self._listed = np.zeros(locales * self._items, dtype=np.int64)
        self._rows, self._hits = np.zeros(locales, dtype=np.int64), np.zeros(locales, dtype=np.int64)

    def _key(self, locale: npt.NDArray[np.integer], item: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        return locale.astype(np.int64) * self._items + item

    def look(self, lists: Ranked, inside: npt.NDArray[np.int64]) -> None:
        """Look at the lists at ``inside``, whose users are in the population."""
        super().look(lists, inside)
        locale, length = self._locale[lists.user[inside]], np.diff(lists.start)[inside]
        owner = np.repeat(np.arange(len(inside)), length)
        row = np.repeat(lists.start[inside] - (np.cumsum(length) - length), length) + np.arange(len(owner))
        known = lists.item[row] < self._items
        owner, item = owner[known], lists.item[row[known]].astype(np.int64)
        key = self._key(locale[owner], item)
        np.add.at(self._listed, key, 1)
        fitting = np.bincount(owner, self._asked[key], minlength=len(inside)).astype(np.int64)
        np.add.at(self._rows, locale, fitting**2)
        whose, _, own = self._own.spread(lists.user[inside])
        pair = whose * self._items + own
        hit = np.isin(pair, owner * self._items + item)
        np.add.at(self._hits, locale[whose[hit]], 1)

    def finish(self) -> None:
        """Add what is said of the whole file."""
        super().finish()
        for number, locale in enumerate(self._sessions.locales):
            size, hits = int(self._size[number]), int(self._hits[number])
            part = slice(number * self._items, (number + 1) * self._items)
            listed, asked = self._listed[part], self._asked[part]
            total = int((listed * asked).sum())
            spread = total - (int(self._rows[number]) + int((asked * listed**2).sum())) / max(size, 1)
            variance = (spread + (total / max(size, 1)) ** 2) / max(size - 1, 1)
            if size < _FEWEST or variance <= 1e-9 * max(total, 1):
                continue
            mean = total / size
            if hits < mean + _DEVIATIONS * math.sqrt(variance):
                self._found.add(
                    "unlike-order",
                    column=LOCALE,
                    value=f"{locale}: {hits:,} of {size:,} find their next item; in any other order "
                    f"{mean:,.1f} would",
                )
