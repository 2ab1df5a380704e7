"""Values of expressions on their way to a canonical column, and what compiling them leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from recdata.engines.base import name
from recdata.errors import InputError


class Fault(NamedTuple):
    """What must not be: the SQL condition that a bad row fulfils, the raw column to blame, what was expected there."""

    condition: str
    column: str
    expected: str


class Lookup(NamedTuple):
    """A file to look something up in: by the SQL of a value among its ``key``, to get what stands under ``value``."""

    file: str
    key: str
    value: str
    sql: str


class Value(NamedTuple):
    """A value on its way: its SQL, its canonical type, the raw column it comes from (None: from none)."""

    sql: str
    type: str
    column: str | None


@dataclass
class Scope:
    """What an expression may speak of, and what compiling it leaves behind.

    columns: raw columns to their types. files: the columns of the other files. where: the place in the card, for
    messages. faults: what rows may not be. lookups: what is looked up, in the order joined. used: columns spoken of.
    """

    columns: Mapping[str, str]
    files: Mapping[str, Mapping[str, str]]
    where: str
    faults: list[Fault] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def error(self, text: str) -> InputError:
        """Return an error that names the place in the card."""
        return InputError(f"{self.where}: {text}")

    def column(self, column: str) -> Value:
        """Return a raw column. Raises InputError for one that is not there."""
        if column not in self.columns:
            hint = (
                f"there are {', '.join(self.columns)}; a value of your own is written {{constant: {column}}}"
            )
            raise self.error(f"there is no column {column!r}; {hint}")
        self.used.add(column)
        return Value(name(column), self.columns[column], column)
