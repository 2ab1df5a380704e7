"""The columns that predictions must have: found by name, under the names of other tools too, their types made one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.submission.block import ITEM, ROWS, USER, Block, Value, id_column, value_column
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.listform import ITEMS, SCORES, flatten, is_list
from recdata.submission.places import ITEMS as ITEMS_EACH
from recdata.submission.places import LOCALE, PREDICTED, Places, check_lengths

if TYPE_CHECKING:
    import pyarrow as pa

_USUAL = {
    USER: ("userid", "user", "uid", "users", "customerid", "sessionid", "queryid", "qid"),
    ITEM: ("itemid", "item", "iid", "items", "productid", "movieid", "docid", "docno", "asin"),
    "score": ("score", "scores", "prediction", "predictions", "pred", "rating", "relevance", "weight"),
    "rank": ("rank", "ranks", "position", "place"),
}
"""Other names of the columns, in small letters without underscores, that are recognised in messages."""


def plain_names(names: Sequence[str]) -> list[str]:
    """Return the names of columns without what other tools write differently, if nothing else has the plain name.

    RecBole's atomic files have a type behind each name; LensKit's older frames have user and item.

    >>> plain_names(["user_id:token", "item_id:token", "score:float"])
    ['user_id', 'item_id', 'score']
    >>> plain_names(["item", "user", "score"])
    ['item_id', 'user_id', 'score']
    >>> plain_names(["user", "item_id", "score"])
    ['user', 'item_id', 'score']
    """
    kinds = ("token", "float", "token_seq", "float_seq")
    plain = [name.rpartition(":")[0] if name.rpartition(":")[2] in kinds else name for name in names]
    if "user" in plain and ("item" in plain or "items" in plain) and USER not in plain and ITEM not in plain:
        plain = [{"user": USER, "item": ITEM}.get(name, name) for name in plain]
    return plain


def choose_value(names: Sequence[str], findings: Findings) -> Value:
    """Return which column orders the lists: score, or rank where there is no score.

    Raises StopReadingError, with what is missing, there twice or of no use in ``findings``.
    """
    if {LOCALE, PREDICTED} <= set(names) and USER not in names:
        expected = f"in Parquet, a list of {ITEMS_EACH} items in each row"
        findings.add("column-type", column=PREDICTED, expected=expected, remedy="write lists, not their text")
        raise StopReadingError
    value: Value = "rank" if "rank" in names and "score" not in names else "score"
    there = ", ".join(escape(name, 30) for name in names[:20]) or "none"
    wrong = False
    for name in (USER, ITEM, value):
        if name not in names:
            wanted = "score or rank" if name == "score" else name
            findings.add(
                "missing-column", column=wanted, value=f"the columns are {there}", remedy=_rename(name, names)
            )
            wrong = True
        elif names.count(name) > 1:
            findings.add("repeated-column", column=name, value=f"{names.count(name)} columns")
            wrong = True
    if wrong:
        raise StopReadingError
    return value


def _rename(wanted: str, names: Sequence[str]) -> str | None:
    """Say which column to rename, where one of ``names`` is a usual name of what is wanted."""
    for name in names:
        plain = name.strip("\ufeff \t\"'").partition(":")[0].lower().replace("_", "").replace("-", "")
        if plain in _USUAL[wanted] and name not in _USUAL:
            return f"rename the column {escape(name, 30)} to {wanted}"
    return None


@dataclass(frozen=True)
class Layout:
    """Where a table has what is needed: the names of its columns, and what orders the lists.

    lists: whether a row is a user's whole list. ordering: None where the place in the list is the rank. places: where rows
    are known by locale and place instead of a user, those of a reading.
    """

    user: str
    item: str
    ordering: str | None
    value: Value
    lists: bool
    places: Places | None = None

    @classmethod
    def of(cls, names: Sequence[str], kind: Callable[[str], pa.DataType], findings: Findings) -> Layout:
        """Find the columns. kind: says the type of a column. Raises StopReadingError, the reason in ``findings``."""
        plain = plain_names(names)
        if PREDICTED in names and LOCALE in names and USER not in plain and is_list(kind(PREDICTED)):
            return cls(LOCALE, PREDICTED, None, "rank", True, Places())
        lists = {
            name: names[place]
            for place, name in enumerate(plain)
            if plain.count(name) == 1 and name in (*ITEMS, *SCORES) and is_list(kind(names[place]))
        }
        item = next((lists[name] for name in ITEMS if name in lists), None)
        if item is not None and plain.count(USER) == 1:
            scores = next((lists[name] for name in SCORES if name in lists), None)
            return cls(names[plain.index(USER)], item, scores, _list_value(kind(item), scores), True)
        value = choose_value(plain, findings)
        user, item, ordering = (names[plain.index(name)] for name in (USER, ITEM, value))
        return cls(user, item, ordering, value, False)

    def begin(self) -> Layout:
        """Return the layout for a reading from the first row."""
        return self if self.places is None else replace(self, places=Places())

    def columns(self) -> list[str]:
        """Return the names of the columns that are read."""
        return [name for name in (self.user, self.item, self.ordering) if name is not None]

    def blocks(self, table: pa.Table, first: int, findings: Findings) -> Iterator[Block]:
        """Yield rows of a table as blocks; ``first`` is the number of its first row.

        Raises StopReadingError, with the column in ``findings``, where a type cannot be what the column is for.
        """
        columns = [table.column(name) for name in self.columns()]
        if not self.lists:
            yield _block(columns, self.value, first, findings)
            return
        step = max(ROWS // 100, 1)
        for start in range(0, table.num_rows, step):
            parts = [column.slice(start, step) for column in columns]
            yield self._flat(parts, first + start, findings)

    def _flat(self, columns: list[Any], first: int, findings: Findings) -> Block:
        import pyarrow as pa
        import pyarrow.compute as pc

        user, items = columns[:2]
        if self.places is not None:
            check_lengths(items, first, findings)
            user = pa.chunked_array([self.places.keys(user, first, findings)])
            # A row of nobody is found once, and not once for each of its items.
            items = pc.if_else(user.is_valid(), items, pa.scalar(None, items.type))
        flat = flatten(user, items, columns[2] if len(columns) > 2 else None, first, findings)
        value = pa.chunked_array([pa.array(flat.rank)]) if flat.value is None else flat.value
        return _block([flat.user, flat.item, value], self.value, 0, findings)._replace(first=flat.row)


def _list_value(kind: pa.DataType, scores: str | None) -> Value:
    import pyarrow as pa

    inside = kind.value_type
    fields = [field.name for field in inside] if pa.types.is_struct(inside) else []
    return "score" if scores is not None or "score" in fields else "rank"


def _block(columns: Sequence[Any], value: Value, first: int, findings: Findings) -> Block:
    import pyarrow as pa

    made = []
    for name, column in zip((USER, ITEM, value), columns, strict=True):
        convert = value_column if name == value else id_column
        try:
            made.append(convert(column))
        except InputError as error:
            remedy = None
            if name != value and ("double" in str(error) or "float" in str(error)):
                remedy = (
                    "write ids as text or integers; a missing value makes pandas turn integers into floats"
                )
            findings.add("column-type", column=name, value=str(error), remedy=remedy)
            raise StopReadingError from None
        except pa.ArrowInvalid as error:
            findings.add(
                "bad-encoding" if "UTF8" in str(error) else "unreadable", column=name, value=str(error)
            )
            raise StopReadingError from None
    return Block(made[0], made[1], made[2], first)
