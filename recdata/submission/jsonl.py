"""JSON Lines: one object a line with user_id, item_id and score or rank; other keys are ignored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from recdata.schema.keys import unique
from recdata.submission.block import ITEM, USER, Value
from recdata.submission.columns import choose_value
from recdata.submission.finding import Findings
from recdata.submission.listform import ITEMS, SCORES
from recdata.submission.text import BadLineError, Fields

if TYPE_CHECKING:
    import pyarrow as pa


class JsonLines:
    """Objects, one a line. Ids are strings or integers; which of score and rank counts, the first line says."""

    format = "jsonl"
    header = 0
    nests = True

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

    def parse_line(self, line: str) -> Iterable[Fields]:
        """Parse one line."""
        record = _record(line)
        value = record.get(self.value)
        if value is not None and type(value) not in (int, float):
            raise BadLineError(str(value), self.value)
        return (Fields(_id(record, USER), _id(record, ITEM), value),)


class JsonLists:
    """Objects, one a line, each a user's list: user_id, items (best first), and scores, a number for each, or none."""

    format = "jsonl"
    header = 0
    nests = True

    def __init__(self, first: dict[str, Any]) -> None:
        """Find the columns in the first object."""
        self._items = next(name for name in ITEMS if isinstance(first.get(name), list))
        self._scores = next((name for name in SCORES if isinstance(first.get(name), list)), None)
        self.value: Value = "rank" if self._scores is None else "score"
        self._integers = [type(value) is int for value in (first[USER], next(iter(first[self._items]), ""))]

    @staticmethod
    def looks_like(first: dict[str, Any]) -> bool:
        """Say whether a first object has a list of items."""
        return USER in first and any(isinstance(first.get(name), list) for name in ITEMS)

    def parse(self, piece: bytes) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray | None]:
        """Parse whole lines with Arrow."""
        import pyarrow as pa
        from pyarrow import json as arrow

        user, item = (pa.int64() if integers else pa.string() for integers in self._integers)
        columns = [(USER, user), (self._items, pa.list_(item))]
        if self._scores is not None:
            columns.append((self._scores, pa.list_(pa.float64())))
        table = arrow.read_json(
            pa.BufferReader(piece),
            read_options=arrow.ReadOptions(block_size=len(piece) + 1),
            parse_options=arrow.ParseOptions(
                explicit_schema=pa.schema(columns), unexpected_field_behavior="ignore"
            ),
        )
        scores = None if self._scores is None else table.column(self._scores)
        return table.column(USER), table.column(self._items), scores

    def parse_line(self, line: str) -> Iterable[Fields]:
        """Parse one line."""
        record = _record(line)
        items = record.get(self._items)
        if not isinstance(items, list):
            raise BadLineError("a list of items", self._items)
        scores: Any = range(1, len(items) + 1) if self._scores is None else record.get(self._scores)
        if not isinstance(scores, list | range) or len(scores) != len(items):
            raise BadLineError(f"a list of {len(items)} scores, as many as there are items")
        for score in scores:
            if score is not None and type(score) not in (int, float):
                raise BadLineError(str(score), self.value)
        user = _id(record, USER)
        return [
            Fields(user, _id({ITEM: item}, ITEM), score) for item, score in zip(items, scores, strict=True)
        ]


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"one JSON object ({_reason(error)})") from None
    if not isinstance(record, dict):
        raise BadLineError("one JSON object with user_id, item_id and score or rank")
    return record


def _reason(error: Exception) -> str:
    """Return the reason of a parser in a few words."""
    return "nested too deep" if isinstance(error, RecursionError) else str(error).partition(": line")[0]


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
