"""The types of canonical columns in the words of others: ``datasets`` in a card's YAML, Croissant in JSON-LD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recdata.schema.kinds import struct_fields

_DTYPES = {"timestamp": "timestamp[us, tz=UTC]"}
CROISSANT = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "int8": "cr:Int8",
    "int32": "cr:Int32",
    "int64": "cr:Int64",
    "float32": "cr:Float32",
    "float64": "cr:Float64",
    "timestamp": "sc:DateTime",
}
"""Croissant's names of the scalar types."""


def features(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the ``features`` of ``dataset_info``: what ``datasets`` 3.6 and newer read alike.

    >>> features([{"name": "genres", "type": "list<string>"}, {"name": "at", "type": "timestamp"}])
    [{'name': 'genres', 'list': 'string'}, {'name': 'at', 'dtype': 'timestamp[us, tz=UTC]'}]
    """
    return [{"name": str(column["name"]), **_feature(str(column["type"]))} for column in columns]


def element(type_text: str) -> str | None:
    """Return the type of a list's elements; None where it is not a list.

    >>> element("list<struct<word: string>>")
    'struct<word: string>'
    """
    text = type_text.strip()
    return text[len("list<") : -1].strip() if text.startswith("list<") else None


def _feature(type_text: str) -> dict[str, Any]:
    inner = element(type_text)
    if inner is not None:
        spelled = _feature(inner)
        if set(spelled) == {"dtype"}:
            return {"list": spelled["dtype"]}
        return {"list": spelled["struct"] if set(spelled) == {"struct"} else spelled}
    fields = struct_fields(type_text)
    if fields:
        return {"struct": features([{"name": name, "type": kind} for name, kind in fields.items()])}
    return {"dtype": _DTYPES.get(type_text.strip(), type_text.strip())}
