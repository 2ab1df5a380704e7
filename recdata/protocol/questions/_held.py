"""Held-out rows as questions: whose they are, what they ask for, what came before them."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recdata.errors import InputError
from recdata.protocol.assign import NUMBER, Assigned
from recdata.protocol.origin import Origin
from recdata.protocol.task import CONTEXT
from recdata.store.arrays import filled, read_table, to_numpy

_ASKED = (NUMBER["valid"], NUMBER["test"])

Places = npt.NDArray[np.int64]


class Held:
    """The rows, in any part, of users of whom something is asked: three arrays of one length, in canonical order.

    user: int32 codes of the corpus. row: int64, the corpus's rows. part: uint8, numbers as in ``NUMBER``.
    """

    def __init__(self, origin: Origin, assigned: Assigned) -> None:
        self.origin = origin
        user = to_numpy(read_table(origin.path("interactions"), ["user"]).column("user"))
        tested = np.zeros(int(user.max(initial=0)) + 1, dtype=bool)
        tested[user[np.isin(assigned.part, _ASKED)]] = True
        self.row = np.flatnonzero((assigned.part > 0) & tested[user])
        self.user, self.part = user[self.row], assigned.part[self.row]

    @cached_property
    def asked(self) -> npt.NDArray[np.bool_]:
        """Which of the rows are asked for."""
        return np.isin(self.part, _ASKED)


class Asked(NamedTuple):
    """label: for each asked row which question of the user's it belongs to. earlier: whether questions see those before."""

    label: pa.StringArray
    earlier: bool


class Questions(NamedTuple):
    """Questions in the order of their ids, and their rows by part.

    ids: sorted. user: int32, the corpus's code of whose each is. rows: by part ("valid", "test", "context") two int64 arrays
    of one length, sorted: a question and a row of the corpus; a context row may belong to many.
    """

    ids: pa.StringArray
    user: npt.NDArray[np.int32]
    rows: dict[str, tuple[Places, Places]]


def questions_of(held: Held, asked: Asked, user_ids: pa.StringArray) -> Questions:
    """Return the questions that ``asked`` makes of held-out rows. Raises InputError where two would have one id."""
    at = np.flatnonzero(held.asked)
    label = asked.label.dictionary_encode()
    key = held.user[at].astype(np.int64) * max(len(label.dictionary), 1) + filled(label.indices, 0)
    first, question = np.unique(key, return_index=True, return_inverse=True)[1:]
    owner = held.user[at[first]]
    ids = pc.binary_join_element_wise(user_ids.take(pa.array(owner)), asked.label.take(pa.array(first)), ":")
    order = filled(pc.array_sort_indices(ids), 0).astype(np.int64)
    ids = ids.take(pa.array(order))
    twice = np.flatnonzero(filled(pc.equal(ids[1:], ids[:-1]).cast(pa.int8()), 0))
    if len(twice):
        raise InputError(f"questions: two have the id {ids[int(twice[0])].as_py()!r}")
    place = np.argsort(order)
    rows = {
        name: _sorted(place[question[held.part[at] == number]], held.row[at[held.part[at] == number]])
        for name, number in zip(("valid", "test"), _ASKED, strict=True)
    }
    # What comes before a question are the user's rows from the first up to the question's own first.
    begin = np.searchsorted(held.user, owner)
    many = at[first] - begin
    whose = np.repeat(place, many)
    before = np.arange(len(whose)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(begin, many)
    if not asked.earlier:
        known = ~held.asked[before]
        whose, before = whose[known], before[known]
    rows[CONTEXT] = _sorted(whose, held.row[before])
    return Questions(ids, owner[order], rows)


def _sorted(question: Places, row: Places) -> tuple[Places, Places]:
    order = np.lexsort((row, question))
    return question[order], row[order]
