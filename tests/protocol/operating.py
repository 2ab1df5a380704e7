"""Running single operators over rows written in a test: small tables in an engine, without a corpus or a task."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from recdata.engines import open_engine
from recdata.protocol import filters, splits
from recdata.protocol.operators import Rows, call

Spec = Mapping[str, Mapping[str, Any]]
START = 1_000_000_000
DAY = 86_400

TYPES = {
    "row": "int64",
    "user": "int32",
    "item": "int32",
    "timestamp": "timestamp",
    "rating": "float64",
    "event": "string",
    "session_id": "string",
    "locale": "string",
    "weight": "float64",
    "split": "string",
}
CLASHING = ("part", "place", "rows", "until", "fold", "users", "key", "first_cut", "user_a", "grp", "summed")
"""Columns that a corpus may have, called as what operators make on their way."""
TYPES |= dict.fromkeys(CLASHING, "string")


def letters(text: str, **columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows of "u1 abca  u2 bd": users with items of one letter each; columns by row, seconds rising within a user."""
    rows = [
        {"user": user, "item": item, "seconds": place}
        for user, items in (entry.split() for entry in text.split("  "))
        for place, item in enumerate(items)
    ]
    for column, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[column] = value
    return rows


def ordered(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in canonical order but for ties: by user, then time; ``row`` is the place."""
    placed = sorted(rows, key=lambda row: (row["user"], row.get("seconds", -1)))
    return [{**row, "row": place} for place, row in enumerate(placed)]


def _table(rows: Sequence[Mapping[str, Any]], users: list[str], items: list[str], shuffle: int) -> pa.Table:
    """Return the relation with its rows in another order: an operator must not care."""
    rows = list(rows)
    random.Random(shuffle).shuffle(rows)

    def column(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array([row.get(name) for row in rows], kind)

    stamps = [None if row.get("seconds") is None else int((START + row["seconds"]) * 1e6) for row in rows]
    return pa.table(
        {
            "row": column("row", pa.int64()),
            "user": pa.array([users.index(row["user"]) for row in rows], pa.int32()),
            "item": pa.array([items.index(row["item"]) for row in rows], pa.int32()),
            "timestamp": pa.array(stamps, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            "rating": column("rating", pa.float64()),
            "event": column("event", pa.string()),
            "session_id": column("session_id", pa.string()),
            "locale": column("locale", pa.string()),
            "weight": column("weight", pa.float64()),
            "split": column("split", pa.string()),
            **{name: pa.array(["x"] * len(rows)) for name in CLASHING},
        }
    )


class Operating:
    """An engine with rows in it."""

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        seed: str = "recdata",
        threads: int = 1,
        shuffle: int = 0,
        without: Sequence[str] = (),
        items: pa.Table | None = None,
        engine: Any = "duckdb",
    ) -> None:
        """without: columns that the corpus does not declare. items: the corpus's table of items, item_id and others."""
        self.rows = ordered(rows)
        self._numbers = count()
        users, names = (sorted({row[entity] for row in self.rows}) for entity in ("user", "item"))
        self.engine = open_engine(engine, threads=threads)
        self.engine.add("interactions", _table(self.rows, users, names, shuffle))
        for entity, ids in (("user", users), ("item", names)):
            codes = pa.array(np.arange(len(ids)), pa.int32())
            self.engine.add(
                f"{entity}_ids", pa.table({entity: codes, f"{entity}_id": pa.array(ids, pa.string())})
            )
        types = {"interactions": {name: kind for name, kind in TYPES.items() if name not in without}}
        if items is not None:
            self.engine.add("items", items)
            names_of = {pa.string(): "string", pa.list_(pa.string()): "list<string>"}
            types["items"] = {field.name: names_of[field.type] for field in items.schema}
        self.given = Rows("interactions", False, seed, types)

    def __enter__(self) -> Operating:
        return self

    def __exit__(self, *failure: object) -> None:
        self.engine.close()

    def _filtered(self, specs: Iterable[Spec]) -> Rows:
        rows = self.given
        for spec in specs:
            rows = call(filters, spec, "test", self.engine, rows, f"kept {next(self._numbers)}")
        return rows

    def filter(self, *specs: Spec, column: str | None = None) -> list[Any]:
        """Return the places of the rows that filters keep, or (place, value of ``column``)."""
        rows = self._filtered(specs)
        chosen = "row" + (f", {column}" if column else "")
        found = sorted(self.engine.fetch(f'SELECT {chosen} FROM "{rows.name}"'))
        return found if column else [row for (row,) in found]

    def split(self, spec: Spec, *before: Spec) -> dict[int, int]:
        """Return the part of each row that the filters ``before`` keep, by its place."""
        rows = self._filtered(before)
        held = self.engine.columns(call(splits, spec, "test", self.engine, rows))
        part = {row: 1 for (row,) in self.engine.fetch(f'SELECT row FROM "{rows.name}"')}
        assert len(set(held["row"].tolist())) == len(held["row"]), "a row is in two parts"
        assert set(held["row"].tolist()) <= set(part)
        part.update(zip(held["row"].tolist(), held["part"].tolist(), strict=True))
        return part


def kept(rows: Iterable[Mapping[str, Any]], *specs: Spec, **options: Any) -> list[int]:
    """Return the places (by user, then time) of the rows that filters keep."""
    with Operating(rows, **options) as operating:
        return operating.filter(*specs)


def diagram(rows: Iterable[Mapping[str, Any]], spec: Spec, *before: Spec, **options: Any) -> str:
    """Return the parts of rows as the docstrings draw them: "1123 1.3", users apart, a point for no part."""
    with Operating(rows, **options) as operating:
        part = operating.split(spec, *before)
        users: dict[str, str] = {}
        for row in operating.rows:
            mark = str(part.get(row["row"], 0)).replace("0", ".")
            users[row["user"]] = users.get(row["user"], "") + mark
    return " ".join(users[user] for user in sorted(users))


events = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.sampled_from(["a", "b", "ç", "10", "9"]),
            "item": st.sampled_from([f"i{number}" for number in range(8)]),
            "seconds": st.integers(0, 9).map(lambda n: n * DAY // 2),
            "rating": st.one_of(st.none(), st.integers(1, 10).map(lambda n: n / 2)),
            "event": st.sampled_from(["view", "cart", "buy"]),
            "session_id": st.sampled_from(["s1", "s2", "s3"]),
            "locale": st.one_of(st.none(), st.sampled_from(["UK", "DE"])),
            "weight": st.one_of(st.none(), st.integers(1, 40).map(lambda n: n / 10)),
            "split": st.one_of(st.none(), st.sampled_from(["train", "valid", "test"])),
        }
    ),
    min_size=8,
    max_size=50,
)
"""Rows of a small corpus with every column that operators ask for."""
