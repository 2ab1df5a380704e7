"""The record kinds of the canonical schema: which columns each has, their Arrow types, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recdata.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "1.0.0"
"""Version of the canonical schema. Minor: kinds or columns are added. Major: what existed means something else."""

# A timestamp outside of these years is a unit mistaken (milliseconds read as seconds) or a placeholder (0).
EARLIEST, LATEST = "1980-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Column:
    """One column: its name, its type as written in cards ("string", "list<string>"), whether null may occur."""

    name: str
    type: str
    nullable: bool
    about: str


@dataclass(frozen=True)
class Kind:
    """A record kind: the columns every corpus has, and the key whose values identify a row (empty: none)."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def with_extra(self, extra: tuple[Column, ...]) -> Kind:
        """Return this kind with the columns that a corpus adds, in the order the card declares them."""
        names = {column.name for column in self.columns}
        for column in extra:
            if column.name in names:
                raise InputError(f"{self.name}: column {column.name!r} is declared twice")
            names.add(column.name)
        return Kind(self.name, self.about, self.columns + extra, self.key)

    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema of the table as it stands in Parquet."""
        import pyarrow as pa

        return pa.schema([pa.field(c.name, arrow_type(c.type), nullable=c.nullable) for c in self.columns])


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "interactions",
            "What users did with items, one row an event.",
            (
                Column("user_id", "string", False, "the publisher's id of the user, as written"),
                Column("item_id", "string", False, "the publisher's id of the item, as written"),
                Column("timestamp", "timestamp", True, "when, in UTC, to the microsecond"),
                Column("rating", "float64", True, "the rating on the publisher's own scale"),
                Column("event", "string", False, "what kind of event: rating, click, play, purchase, ..."),
            ),
        ),
        Kind(
            "items",
            "What can be recommended, one row an item.",
            (Column("item_id", "string", False, "the publisher's id of the item, as written"),),
            key=("item_id",),
        ),
        Kind(
            "users",
            "Who acts, one row a user.",
            (Column("user_id", "string", False, "the publisher's id of the user, as written"),),
            key=("user_id",),
        ),
        Kind(
            "tags",
            "Words that users put on items, one row an application.",
            (
                Column("user_id", "string", False, "who put the tag"),
                Column("item_id", "string", False, "on what"),
                Column("tag", "string", False, "the tag, as written"),
                Column("timestamp", "timestamp", True, "when, in UTC, to the microsecond"),
            ),
        ),
    )
}

_SCALARS = {
    "string": "string",
    "bool": "bool_",
    "int8": "int8",
    "int32": "int32",
    "int64": "int64",
    "float32": "float32",
    "float64": "float64",
}


def arrow_type(text: str) -> pa.DataType:
    """Return the Arrow type of a type as cards write it.

    Scalars are string, bool, int8, int32, int64, float32, float64 and timestamp (microseconds, UTC);
    ``list<T>`` and ``struct<name: T, ...>`` nest.

    >>> arrow_type("list<struct<word: string, weight: float64>>")
    ListType(list<element: struct<word: string, weight: double>>)

    Raises InputError for anything else.
    """
    import pyarrow as pa

    text = text.strip()
    if text in _SCALARS:
        return getattr(pa, _SCALARS[text])()
    if text == "timestamp":
        return pa.timestamp("us", tz="UTC")
    if match := re.fullmatch(r"list<(.+)>", text):
        # Parquet's own name for a list's field, so that a file read back has the type it was written with.
        return pa.list_(pa.field("element", arrow_type(match[1])))
    if match := re.fullmatch(r"struct<(.+)>", text):
        fields = []
        for part in _split_fields(match[1]):
            name, colon, inner = part.partition(":")
            if not colon:
                raise InputError(f"type {text!r}: a struct's field is written 'name: type', not {part!r}")
            fields.append(pa.field(name.strip(), arrow_type(inner)))
        return pa.struct(fields)
    known = ", ".join([*_SCALARS, "timestamp", "list<T>", "struct<name: T, ...>"])
    raise InputError(f"type {text!r} is not one of the canonical schema's: {known}")


def _split_fields(text: str) -> list[str]:
    """Split a struct's fields at the commas that are not inside angle brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
