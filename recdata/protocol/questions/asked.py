"""What one question is: each row that is held out, or all rows with one value of a column."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa

from recdata.errors import InputError
from recdata.protocol.questions._held import Asked, Held

Earlier = Literal["keep", "drop"]


def each_row(held: Held, *, earlier: Earlier = "keep") -> Asked:
    """Ask for each held-out row by itself. The question's number is the row's place among the user's rows, from 1.

    Its context is what the user did before: rows of all parts, those of earlier questions too (``earlier: drop`` leaves
    them out).

        s1     a b c d        the split: a is context, b, c and d are tested
        s1:2   a ?            relevant: b
        s1:3   a b ?          relevant: c
        s1:4   a b c ?        relevant: d

    Source: Hidasi et al. 2016 (GRU4Rec), who ask for every click after a session's first.
    """
    places = np.arange(len(held.row)) - np.searchsorted(held.user, held.user) + 1
    return Asked(pa.array(places[held.asked]).cast(pa.string()), earlier == "keep")


def each_value(held: Held, *, column: str, earlier: Earlier = "keep") -> Asked:
    """Ask for the held-out rows that share a value of ``column`` together: an impression, a visit, an order.

    The question's name is the value. Its context is what the user did before the question's first row; ``earlier:
    drop`` leaves out what was asked before, so that it is what training and context hold of the user.

        user u       h i a b c        h and i are context, a, b and c are tested, c in another impression
        impression   . . 7 7 9
        u:7          h i ? ?          relevant: a and b
        u:9          h i a b ?        relevant: c; earlier: drop leaves h i

    Source: Wu et al. 2020 (MIND), whose impressions are ranked one by one. Raises InputError where there is no such column
    of texts or whole numbers, or an asked row has no value.
    """
    kind = held.origin.types()["interactions"].get(column, "")
    if not kind.startswith(("string", "int")):
        raise InputError(f"each-value: there is no column {column!r} of texts or whole numbers")
    values = held.origin.take([column], held.row[held.asked]).column(column).combine_chunks()
    if values.null_count:
        raise InputError(f"each-value: {values.null_count:,} rows that are asked for have no {column}")
    return Asked(values.cast(pa.string()), earlier == "keep")
