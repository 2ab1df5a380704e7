"""JSON Lines: one object a line with user_id, item_id and score or rank; other keys are ignored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recdata.submission.block import ITEM, USER
from recdata.submission.columns import choose_value
from recdata.submission.finding import Findings
from recdata.submission.text import BadLineError, Fields

if TYPE_CHECKING:
    import pyarrow as pa


class JsonLines:
    """Objects, one a line. Ids are strings or integers; which of score and rank counts, the first line says."""

    format = "jsonl"
    header = 0

    def __init__(self, first: dict[str, Any], findings: Findings) -> None:
        """Find the columns. Raises StopReadingError, with what is missing in ``findings``."""
        self.value = choose_value(list(first), findings)
        self._integers = [type(first[name]) is int for name in (USER, ITEM)]

    def parse(self, piece: bytes) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray]:
        """Parse whole lines with Arrow."""
        import pyarrow as pa
        from pyarrow import json as arrow

        user, item = (pa.int64() if integers else pa.string() for integers in self._integers)
        schema = pa.schema([(USER, user), (ITEM, item), (self.value, pa.float64())])
        table = arrow.read_json(
            pa.BufferReader(piece),
            read_options=arrow.ReadOptions(block_size=len(piece) + 1),
            parse_options=arrow.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
        return table.column(USER), table.column(ITEM), table.column(self.value)

    def parse_line(self, line: str) -> Fields:
        """Parse one line."""
        try:
            record = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise BadLineError(f"one JSON object ({escape_reason(error)})") from None
        if not isinstance(record, dict):
            raise BadLineError("one JSON object with user_id, item_id and score or rank")
        value = record.get(self.value)
        if value is not None and type(value) not in (int, float):
            raise BadLineError(str(value), self.value)
        return Fields(_id(record, USER), _id(record, ITEM), value)


def escape_reason(error: Exception) -> str:
    """Return the reason of a parser in a few words."""
    return "nested too deep" if isinstance(error, RecursionError) else str(error).partition(": line")[0]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key is there twice")
    return record


def _id(record: dict[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise BadLineError("a string or an integer", name)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadLineError("text without unpaired surrogates", name) from None
    return value
