"""The record kinds of the canonical schema: which columns each has, their Arrow types, and what they mean.

Versions. The schema has one, ``major.minor.patch``, and every manifest says by which its tables were written. Minor: kinds,
columns or optional columns are added and what was there means what it meant, so a table keeps its fingerprint; a reader
whose minor is older says so (a warning) and reads the kinds and columns it knows. Major: something that existed means
something else; an older reader refuses. Patch: words only. 1.0.0 has interactions, items, users and tags; 1.1.0 adds
relations, sessions and examples, and the optional columns; 1.2.0 the optional columns of examples.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recdata.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "1.2.0"
"""Version of the canonical schema that this recdata writes, and the newest it knows."""

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
    """A record kind: the columns every corpus has, and the key whose values identify a row (empty: none).

    optional: columns that mean the same in every corpus whose card declares them, and are known by their names.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    optional: tuple[Column, ...] = ()

    def with_extra(self, extra: tuple[Column, ...]) -> Kind:
        """Return this kind with the columns that a corpus adds, in the order the card declares them.

        A corpus may declare a standard list of structs again, with fields of its own behind the standard ones. Raises
        InputError for a column declared twice, or a standard or optional one with another type.
        """
        columns = {column.name: column for column in self.columns}
        optional = {column.name: column for column in self.optional}
        for column in extra:
            known = columns.get(column.name)
            if known is not None and not (known in self.columns and _widens(column.type, known.type)):
                raise InputError(f"{self.name}: column {column.name!r} is declared twice")
            meant = optional.get(column.name)
            if meant is not None and column.type != meant.type:
                raise InputError(
                    f"{self.name}: column {column.name!r} has the type {column.type}; by that name the schema knows "
                    f"{meant.type}: {meant.about}"
                )
            columns[column.name] = column
        return Kind(self.name, self.about, tuple(columns.values()), self.key, self.optional)

    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema of the table as it stands in Parquet."""
        import pyarrow as pa

        return pa.schema([pa.field(c.name, arrow_type(c.type), nullable=c.nullable) for c in self.columns])


_USER = Column("user_id", "string", False, "the publisher's id of the user, as written")
_ITEM = Column("item_id", "string", False, "the publisher's id of the item, as written")
_WHEN = Column("timestamp", "timestamp", True, "when, in UTC, to the microsecond")
_WEIGHT = Column(
    "weight",
    "float64",
    True,
    "how often or how strongly: plays, applications, degree of trust; not a rating, which says how well it was liked",
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "interactions",
            "What users did with items, one row an event, or a pair with how often as its weight.",
            (
                _USER,
                _ITEM,
                _WHEN,
                Column("rating", "float64", True, "the rating on the publisher's own scale"),
                Column("event", "string", False, "what kind of event: rating, click, play, purchase, ..."),
            ),
            optional=(
                Column(
                    "position",
                    "int64",
                    False,
                    "place in the user's own order, where it is known better than times",
                ),
                _WEIGHT,
                Column(
                    "session_id",
                    "string",
                    True,
                    "the publisher's id of the session, where users are known as well",
                ),
            ),
        ),
        Kind("items", "What can be recommended, one row an item.", (_ITEM,), key=("item_id",)),
        Kind("users", "Who acts, one row a user.", (_USER,), key=("user_id",)),
        Kind(
            "tags",
            "Words that users put on items, one row an application.",
            (
                Column("user_id", "string", False, "who put the tag"),
                Column("item_id", "string", False, "on what"),
                Column("tag", "string", False, "the tag, as written"),
                _WHEN,
            ),
            optional=(_WEIGHT,),
        ),
        Kind(
            "relations",
            "What stands between two users, two items, or either and something else, one row a direction.",
            (
                Column(
                    "source_type", "string", False, "what the source is: user, item, or what the card says"
                ),
                Column(
                    "source_id",
                    "string",
                    False,
                    "its id: a user_id where it is a user, an item_id where an item",
                ),
                Column(
                    "relation",
                    "string",
                    False,
                    "what the source is to the target: friend, trusts, also_bought, ...",
                ),
                Column(
                    "target_type", "string", False, "what the target is: user, item, or what the card says"
                ),
                Column("target_id", "string", False, "its id, as the source's"),
                _WEIGHT,
                _WHEN,
            ),
        ),
        Kind(
            "sessions",
            "What was viewed in a row, one row a session, with what came next where that is known.",
            (
                Column(
                    "session_id",
                    "string",
                    False,
                    "the publisher's id of the session, or one that the card defines",
                ),
                Column("user_id", "string", True, "whose session it is, null where sessions are anonymous"),
                Column("locale", "string", True, "language or country of the shop, as written"),
                Column("timestamp", "timestamp", True, "when the session began, in UTC, to the microsecond"),
                Column(
                    "previous_items",
                    "list<string>",
                    False,
                    "item ids in the order they were viewed, repeats kept",
                ),
                Column(
                    "next_item",
                    "string",
                    True,
                    "the item viewed next; null where it is hidden or not asked for",
                ),
                Column(
                    "next_title",
                    "string",
                    True,
                    "the title of the next item, where the title is what is asked for",
                ),
            ),
            key=("session_id",),
        ),
        Kind(
            "examples",
            "Questions with what is known of the person who asks, one row a question and its answer.",
            (
                Column("example_id", "string", False, "the publisher's id of the question"),
                Column("user_id", "string", True, "who asks, null where the publisher does not say"),
                Column("task", "string", False, "the publisher's name of the task"),
                Column("input", "string", False, "the question or prompt, as written"),
                Column(
                    "profile",
                    "list<struct<id: string, title: string, text: string, label: string, timestamp: timestamp>>",
                    False,
                    "what the person wrote or chose before, in the publisher's order; the card says what is in which field",
                ),
                Column("target", "string", True, "the answer that is expected; null where it is hidden"),
            ),
            key=("task", "example_id"),
            optional=(
                Column("part", "string", False, "train, valid or test, as the publisher has it"),
                Column(
                    "options", "list<string>", False, "what is to be chosen from, in the order of the letters"
                ),
            ),
        ),
    )
}


def check_version(found: str, source: str) -> None:
    """Compare the schema version that ``source`` was written by with the one known here.

    Warns where the minor is newer: what is known is read. Raises InputError where the major is newer.
    """
    theirs, ours = ([int(part) for part in version.split(".")[:2]] for version in (found, SCHEMA_VERSION))
    if theirs[0] > ours[0]:
        raise InputError(
            f"{source} was written by canonical schema {found}; this recdata is older and knows {SCHEMA_VERSION}: "
            "install a newer recdata to read it"
        )
    if theirs > ours:
        warnings.warn(
            f"{source} was written by canonical schema {found}; this recdata is older and reads of it what "
            f"{SCHEMA_VERSION} knows: {', '.join(KINDS)}",
            stacklevel=3,
        )


def _widens(type_text: str, standard: str) -> bool:
    """Say whether a list of structs begins with all fields of the standard one."""
    return standard.startswith("list<struct<") and type_text.startswith(standard.removesuffix(">>") + ",")


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


def element_type(type_text: str) -> str:
    """Return the type of a list type's elements.

    >>> element_type("list<struct<word: string>>")
    'struct<word: string>'

    Raises InputError for another type.
    """
    match = re.fullmatch(r"list<(.+)>", type_text.strip())
    if match is None:
        raise InputError(f"type {type_text!r} is not a list")
    return match[1]


def struct_fields(type_text: str) -> dict[str, str]:
    """Return the fields of a struct type with their types; none where it is another type.

    >>> struct_fields("struct<word: string, places: list<int32>>")
    {'word': 'string', 'places': 'list<int32>'}
    """
    match = re.fullmatch(r"struct<(.+)>", type_text.strip())
    if match is None:
        return {}
    parts = (part.partition(":") for part in _split_fields(match[1]))
    return {name.strip(): inner.strip() for name, _, inner in parts}


def _split_fields(text: str) -> list[str]:
    """Split a struct's fields at the commas that are not inside angle brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
