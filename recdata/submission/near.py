"""Ids that are the task's but for how they are written: spaces around them, another case, ".0" behind, quotes, zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.submission.block import ITEM, USER
from recdata.submission.encode import Encoder
from recdata.submission.finding import Findings, escape
from recdata.submission.ids import Ids

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 100_000
"""How many unknown ids are tried."""


def find_near(findings: Findings, encoder: Encoder) -> None:
    """Add what is to be said of unknown ids that would be known if they were written in another way.

    Where at least half of the rows have an unknown id and at least half of these ids match in another way, the file is
    in error: its score would be that of chance.
    """
    for column, ids, rows in (
        (USER, encoder.users, encoder.unknown_user_rows),
        (ITEM, encoder.items, encoder.unknown_item_rows),
    ):
        if ids.unknown:
            _find(findings, column, ids, 2 * rows >= encoder.rows)


def _find(findings: Findings, column: str, ids: Ids, often: bool) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(ids.unknown[:MOST], pa.string())
    left = np.ones(len(texts), dtype=bool)
    for way, (mend, mend_known) in ways().items():
        known = mend(ids.ids) if mend_known else ids.ids
        at = pc.index_in(mend(texts), value_set=known)
        found = np.flatnonzero(left & at.is_valid().to_numpy(zero_copy_only=False))
        if not len(found):
            continue
        left[found] = False
        for place in found[: findings.limit].tolist():
            meant = ids.ids[at[place].as_py()].as_py()
            findings.add(
                "near-id",
                row=ids.first[place] if place < len(ids.first) else None,
                column=column,
                value=ids.unknown[place],
                expected=f'"{escape(meant)}", which it is {way}',
            )
        findings.count("near-id", len(found) - len(found[: findings.limit]))
    say_near(findings, column, len(texts) - int(left.sum()), len(texts), often)


def say_near(findings: Findings, column: str, near: int, tried: int, often: bool) -> None:
    """Make it an error where most ids are the task's but for how they are written. often: whether most rows have such."""
    if often and near and 2 * near >= tried:
        findings.add("ids-written-differently", column=column, value=f"{near:,} of {tried:,} unknown ids")


def ways() -> dict[str, tuple[Callable[[pa.Array], Any], bool]]:
    """Return the ways in words, with what mends an id, and whether the task's ids are to be mended too."""
    import pyarrow.compute as pc

    trim = pc.utf8_trim_whitespace
    return {
        "without the spaces around it": (trim, False),
        'without ".0"': (lambda ids: pc.replace_substring_regex(trim(ids), r"\.0+$", ""), False),
        "without quotes": (lambda ids: pc.utf8_trim(trim(ids), "\"'`"), False),
        'without b""': (lambda ids: pc.replace_substring_regex(ids, r"""^b(["'])(.*)["']$""", r"\2"), False),
        "in another case": (lambda ids: pc.utf8_lower(trim(ids)), True),
        "without zeros before it": (lambda ids: pc.replace_substring_regex(trim(ids), "^0+(.)", r"\1"), True),
        "in another Unicode form": (lambda ids: pc.utf8_normalize(ids, "NFKC"), True),
    }
