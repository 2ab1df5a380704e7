"""Batches: what every format of answers is read as, some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recdata.submission.finding import Findings, StopReadingError, Unit, escape
from recdata.submission.limits import Limits
from recdata.submission.places import LOCALE, PREDICTED

if TYPE_CHECKING:
    import pyarrow as pa

ID, ANSWER = "example_id", "answer"
NAMES = {ID: (ID, "id"), ANSWER: (ANSWER, "output")}
"""The columns by the names that they may have: recdata's own, and LaMP's."""
ROWS = 1 << 12
"""How many rows a batch has where the format leaves the choice."""
_MARK = "\ufffd"
"""Stands where there is an answer that cannot be shown; the file has an error then, and gets no score."""


class Row(NamedTuple):
    """One row as a text format gives it: its number, id and answer; None where the file has null."""

    number: int
    id: str | None
    answer: str | None


class Batch(NamedTuple):
    """Some rows of a file, in its order. row: int64[n], their numbers. id, answer: large strings, null where the file is."""

    row: npt.NDArray[np.int64]
    id: pa.Array
    answer: pa.Array


class AnswerReader(Protocol):
    """A file or table of answers.

    name: what messages call it. format: what the result calls it. unit: what rows are numbered as. limits: how much is
    read. task: the publisher's name of the task that the file says it is for, once it was read; None where it says none.
    """

    name: str
    format: str
    unit: Unit
    limits: Limits
    task: str | None

    def batches(self, findings: Findings) -> Iterator[Batch]:
        """Yield the rows. Raises StopReadingError, the reason added to ``findings``, where they end too early."""

    def size(self) -> int:
        """Return the size in bytes."""

    def digest(self) -> str:
        """Return the SHA-256 (hex) of what the file or table holds."""

    def digest_of(self) -> str:
        """Say in words what was hashed."""


def find_columns(names: Sequence[str], findings: Findings) -> tuple[str, str]:
    """Return the names of the columns of ids and of answers; of locales, where rows are known by their places (task 3 of
    KDD Cup 2023).

    Raises StopReadingError, with what is missing or there twice in ``findings``.
    """
    if {LOCALE, PREDICTED} <= set(names) and not set(NAMES[ID]) & set(names):
        return LOCALE, PREDICTED
    found, wrong = [], False
    there = ", ".join(escape(name, 30) for name in names[:20]) or "none"
    for wanted, known in NAMES.items():
        chosen = next((name for name in known if name in names), None)
        if chosen is None:
            expected = f"the columns {' and '.join(NAMES)} (or id and output)"
            findings.add("missing-column", column=wanted, value=f"the columns are {there}", expected=expected)
            wrong = True
        elif names.count(chosen) > 1:
            findings.add("repeated-column", column=chosen, value=f"{names.count(chosen)} columns")
            wrong = True
        else:
            found.append(chosen)
    if wrong:
        raise StopReadingError
    return found[0], found[1]


def batched(rows: Iterable[Row], findings: Findings) -> Iterator[Batch]:
    """Yield rows as batches; ids and answers with half a surrogate pair, which no UTF-8 can hold, go to ``findings``.

    Whose row it is cannot be told of such an id, which leaves it out; such an answer is there, though it is wrong.
    """
    import pyarrow as pa

    def refused(row: Row, column: str, text: str | None) -> bool:
        try:
            (text or "").encode()
        except UnicodeEncodeError as error:
            findings.add(
                "bad-encoding",
                row=row.number,
                column=column,
                value=text,
                expected=f"Unicode text; character {error.start + 1} is half a surrogate pair, or a byte that is not UTF-8",
            )
            return True
        return False

    iterator = iter(rows)
    while some := list(islice(iterator, ROWS)):
        kept = []
        for row in some:
            if refused(row, ID, row.id):
                continue
            answer = _MARK if refused(row, ANSWER, row.answer) else row.answer
            kept.append((row.number, row.id, answer))
        numbers, ids, answers = zip(*kept, strict=True) if kept else ((), (), ())
        columns = (pa.array(column, pa.large_string()) for column in (ids, answers))
        yield Batch(np.array(numbers, dtype=np.int64), *columns)
