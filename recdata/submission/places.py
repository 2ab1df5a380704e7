"""The layout of KDD Cup 2023: a row a session, its locale and 100 items, best first; the place in the locale is the key.

    locale  next_item_prediction
    UK      [B0A, B0B, ...]         the list of session 0 of UK
    DE      [B0C, B0A, ...]         of session 0 of DE
    UK      [B0B, B0D, ...]         of session 1 of UK

Task 3 has a title in the place of the list. Such a file names no user: which session a row is for follows from a test set
whose users (or examples) are called by set, locale and place, as Amazon-M2's are: ``task2-ES-17``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.protocol.task import Task
from recdata.store.arrays import filled
from recdata.submission.finding import Findings

if TYPE_CHECKING:
    import pyarrow as pa

LOCALE, PREDICTED = "locale", "next_item_prediction"
"""The columns by which the layout is known."""
ITEMS = 100
"""How many items each row has."""
_FORM = r"^(?P<set>.+)-(?P<locale>[A-Za-z_]+)-(?P<place>[0-9]+)$"


class Places:
    """The rows of one reading so far, by locale."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def keys(self, locales: pa.ChunkedArray, first: int, findings: Findings) -> pa.Array:
        """Return for the next rows locale and place, "UK-0"; null where there is no locale, which is found.

        first: the number of the first row.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = locales.cast(pa.string()).combine_chunks().dictionary_encode()
        code = filled(encoded.indices, -1)
        expected = "the session's locale: rows are known by it and their place"
        findings.add_rows("null-id", first + np.flatnonzero(code < 0), LOCALE, lambda _: "", expected)
        place = np.zeros(len(code), dtype=np.int64)
        for number, locale in enumerate(encoded.dictionary.to_pylist()):
            here = np.flatnonzero(code == number)
            before = self.rows.get(locale, 0)
            place[here] = before + np.arange(len(here))
            self.rows[locale] = before + len(here)
        return pc.binary_join_element_wise(encoded.cast(pa.string()), pa.array(place).cast(pa.string()), "-")


def instead_of(columns: str, held: str) -> str:
    """Return the policy that lets predictions have this layout. columns: the usual ones. held: what a row holds."""
    return (
        f"instead of {columns} Parquet may have {LOCALE} and {PREDICTED}, {held}, a row a session in the order of the "
        "test set (KDD Cup 2023)"
    )


def places_of(reader: object) -> Places | None:
    """Return the rows that the last reading had, where they are known by their places alone; else None."""
    places: Places | None = getattr(reader, "places", None)
    return places


def check_lengths(items: pa.ChunkedArray, first: int, findings: Findings) -> None:
    """Find rows that have not exactly ITEMS items; ``first`` is the number of the first row."""
    import pyarrow.compute as pc

    length = filled(pc.list_value_length(items).combine_chunks(), 0)
    for code, wrong in (("few-items", length < ITEMS), ("many-items", length > ITEMS)):
        rows = np.flatnonzero(wrong)
        findings.add_rows(code, first + rows, PREDICTED, lambda i, rows=rows: f"{length[rows[i]]} items")  # type: ignore[misc]


class Sessions(NamedTuple):
    """The sessions of a test set.

    user: int32[s], their codes in the task, by locale and place. locale: int32[s], places in ``locales``. place: int64[s],
    from 0 in each locale. locales: sorted.
    """

    user: npt.NDArray[np.int32]
    locale: npt.NDArray[np.int32]
    place: npt.NDArray[np.int64]
    locales: list[str]

    @classmethod
    def of(cls, task: Task, part: str) -> Sessions | None:
        """Return the sessions of the set that ``part`` asks for, the unlabelled too; None where there are no places."""
        return cls.among(task.user_ids, task.population(part))

    @classmethod
    def among(cls, ids: pa.StringArray, asked: npt.NDArray[np.integer]) -> Sessions | None:
        """Return the sessions of the set that the ids at ``asked`` are of; None where ids have no places.

        They have where all that is asked for is called by one set, a locale and a place, and the places of a locale are
        0, 1, ... without a gap.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        if not len(asked) or not re.match(_FORM, str(ids[int(asked[0])].as_py())):
            return None
        taken = pc.extract_regex(ids, _FORM)
        sets = pc.struct_field(taken, "set")
        wanted = pc.unique(sets.take(pa.array(asked)))
        if len(wanted) != 1 or wanted.null_count:
            return None
        user = np.flatnonzero(filled(pc.equal(sets, wanted[0]).cast(pa.int8()), 0))
        mine = taken.take(pa.array(user))
        locales = pc.struct_field(mine, "locale").dictionary_encode()
        names: list[str] = locales.dictionary.to_pylist()
        order = sorted(range(len(names)), key=names.__getitem__)
        locale = np.argsort(order)[filled(locales.indices, 0)].astype(np.int32)
        place = filled(pc.struct_field(mine, "place").cast(pa.int64()), 0)
        by_place = np.lexsort((place, locale))
        found = cls(
            user[by_place].astype(np.int32),
            locale[by_place],
            place[by_place],
            [names[number] for number in order],
        )
        start = np.searchsorted(found.locale, np.arange(len(names)))
        gapless = (found.place == np.arange(len(found.place)) - start[found.locale]).all()
        return found if gapless else None

    def sizes(self) -> dict[str, int]:
        """Return how many sessions each locale has."""
        return dict(zip(self.locales, np.bincount(self.locale).tolist(), strict=True))

    def renamed(self, user_ids: pa.StringArray) -> pa.StringArray:
        """Return the task's user ids with these sessions called by locale and place alone, as the rows of a file are."""
        import pyarrow as pa

        names = np.array(user_ids.to_numpy(zero_copy_only=False), dtype=object)
        keys = [f"{self.locales[at]}-{place}" for at, place in zip(self.locale, self.place, strict=True)]
        names[self.user] = keys
        return pa.array(names, pa.string())

    def compare(self, rows: Mapping[str, int], findings: Findings) -> None:
        """Find locales that a file has more or fewer rows of than there are sessions, or that the test set has not."""
        sizes = self.sizes()
        for locale in sorted({*sizes, *rows}):
            number, size = rows.get(locale, 0), sizes.get(locale)
            if size is None:
                findings.add(
                    "unknown-locale",
                    column=LOCALE,
                    value=f"{locale}: {number:,} rows",
                    expected=", ".join(self.locales),
                )
            elif number != size:
                findings.add(
                    "missing-session" if number < size else "surplus-session",
                    column=LOCALE,
                    value=f"{locale}: {number:,} rows",
                    expected=f"{size:,}, one for each session",
                )
