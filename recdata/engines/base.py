"""What an engine must provide: SQL over named relations, and the few things each engine does its own way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa
    from typing_extensions import Self

UNIT = "\x1f"
"""What stands between ids where several are hashed together: ASCII's unit separator, which no id contains."""


class Engine(ABC):
    """Relations are called by name; operators are SELECT texts in a portable subset of SQL over them.

    The subset: joins, aggregates, window functions, CASE, integer arithmetic that stays within 64 bits, md5 and
    substr. What engines write differently is a method here that returns SQL text.
    """

    name: str

    @abstractmethod
    def read(self, relation: str, paths: Sequence[Path], columns: Sequence[str]) -> None:
        """Name ``relation`` the given columns of Parquet files."""

    @abstractmethod
    def add(self, relation: str, table: pa.Table) -> None:
        """Name ``relation`` an Arrow table (small: ids, thresholds)."""

    @abstractmethod
    def keep(self, relation: str, select: str) -> None:
        """Compute ``select`` once and name its rows ``relation``."""

    @abstractmethod
    def view(self, relation: str, select: str) -> None:
        """Name ``relation`` the rows of ``select``, computed where they are used."""

    @abstractmethod
    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result as tuples."""

    @abstractmethod
    def columns(self, select: str) -> dict[str, npt.NDArray[Any]]:
        """Return a result as one NumPy array a column, all of one length, without nulls."""

    @abstractmethod
    def batches(self, select: str, size: int) -> Iterator[pa.RecordBatch]:
        """Stream a result as Arrow batches of about ``size`` rows, in the order that ``select`` asks for."""

    @abstractmethod
    def newest(self, relation: str, count: int) -> str:
        """Return a SELECT of (user, row, place, rows): each user's ``count`` highest rows.

        place is 1 for the highest; rows is how many rows the user has in all. Top-n a group is a primitive because
        a window over all rows costs a multiple of what engines' own ways to it do.
        """

    def running(self, select: str, order: Sequence[str], amount: str | None = None) -> str:
        """Return a SELECT of the columns of ``select`` and ``until``: the sum of ``amount`` up to each row.

        order: columns, with " DESC" behind those that fall; they tell all rows apart, or the rows they do not are alike.
        amount: SQL of a whole number, without it each row counts 1, and until is the place of the row, from 1.
        """
        if amount is None:
            return f"SELECT *, row_number() OVER (ORDER BY {', '.join(order)}) AS until FROM ({select}) AS summed"
        over = f"sum({amount}) OVER (ORDER BY {', '.join(order)} ROWS UNBOUNDED PRECEDING)"
        return f"SELECT *, CAST({over} AS BIGINT) AS until FROM ({select}) AS summed"

    def placed(self, select: str, group: Sequence[str], order: Sequence[str]) -> str:
        """Return a SELECT of the columns of ``select``, place and rows: which in its group a row is, and how many those are.

        group: columns, for example user. order: as in ``running``; place counts from 1.
        """
        over = f"PARTITION BY {', '.join(group)}"
        return (
            f"SELECT *, row_number() OVER ({over} ORDER BY {', '.join(order)}) AS place, "
            f"count(*) OVER ({over}) AS rows FROM ({select}) AS placed"
        )

    def lowest(self, relation: str, keyed: str, wanted: str) -> str:
        """Return a SELECT of (row, place, rows): of each user's rows those that come first by (key, item, row).

        keyed: a SELECT of (row, user, item, key) over ``relation``, its key uniform in [0, 2**31 - 1). wanted: SQL for how
        many of a user's rows are wanted, over the column ``rows``, how many the user has; place counts them from 1.
        """
        placed = self.placed(keyed, ["user"], ["key", "item", "row"])
        return f"SELECT row, place, rows FROM ({placed}) AS placed WHERE place <= {wanted}"

    @abstractmethod
    def add_up(self, relation: str, weight: str) -> str:
        """Return a SELECT of (row, summed): the first row of each (user, item) pair, the sum of ``weight`` over its rows.

        weight: SQL of a float. They are added one after the other in the order of ``row``: a sum of floats depends on it.
        """

    @abstractmethod
    def k_core(self, relation: str, users: int, items: int, rounds: int | None = None) -> None:
        """Name ``relation`` its own k-core: drop users and items with too few rows until none is left.

        users: the least number of rows a user must have, items: an item; a repeated pair counts each time. rounds: after
        how many times of counting it ends at the latest.
        """

    @abstractmethod
    def hash31(self, text: str, part: int) -> str:
        """Return SQL for an integer in [0, 2**31 - 1) from the MD5 of the UTF-8 of the SQL expression ``text``.

        part 0 takes the first 8 hex digits of the MD5 modulo 2**31 - 1, part 1 the second 8, and so on.
        """

    @abstractmethod
    def moment(self, text: str) -> str:
        """Return SQL for the moment that ``text`` names in ISO 8601 with its offset from UTC."""

    @abstractmethod
    def microseconds(self, moment: str) -> str:
        """Return SQL for the microseconds from 1970 in UTC to the timestamp ``moment``, as a 64-bit integer."""

    @abstractmethod
    def month(self, moment: str) -> str:
        """Return SQL for the year and month of the timestamp ``moment`` in UTC, as "2016-03"."""

    @abstractmethod
    def length(self, column: str) -> str:
        """Return SQL for how many elements the list in ``column`` has."""

    @abstractmethod
    def overlaps(self, column: str, literals: str) -> str:
        """Return SQL that says whether the list in ``column`` holds one of ``literals`` (joined by commas)."""

    @abstractmethod
    def close(self) -> None:
        """Let go of memory and of whatever was spilled to disk."""

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.close()


def quote(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """Return ``column`` as a quoted SQL name."""
    return '"' + column.replace('"', '""') + '"'
