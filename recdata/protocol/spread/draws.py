"""Candidates drawn where the users are: blocks of users pass by with what they met, and the operators run on them.

Vectors of the size of the items (popularity, when an item was first seen) are made once and sent to every worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recdata.engines.base import UNIT, name, quote
from recdata.errors import InputError
from recdata.protocol import candidates
from recdata.protocol.candidates._pool import Pool
from recdata.protocol.operators import call
from recdata.protocol.spread.digests import BUCKET, in_buckets
from recdata.protocol.task import Pairs, Rows
from recdata.store.arrays import filled, to_numpy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from recdata.engines.spark import SparkEngine
    from recdata.protocol.origin import Groups, Origin

_BLOCK = 1 << 20
"""Rows of what users met that are worked on together, about."""
_HEADER, _RELEVANT, _MET = range(3)
_FAR = np.iinfo(np.int64).max
_VECTORS = ("popularity", "popularity_everywhere", "first_seen", "item_order")


class _Draft(Pool):
    """What candidates are drawn from, for no user at all: an operator that runs over it says which vectors it needs."""

    def __init__(
        self,
        engine: SparkEngine,
        rows: str,
        items: str,
        count: int,
        protocol: Mapping[str, Any],
        origin: Origin,
    ):
        self._engine, self._rows, self._items, self._origin = engine, rows, items, origin
        self.items, self.seed = count, str(protocol["seed"])
        self.origin = self  # type: ignore[assignment]
        self.task = self  # type: ignore[assignment]
        self.found: dict[tuple[str, str], Any] = {}
        nothing = np.empty(0, dtype=np.int32)
        self.__dict__["relevant"] = self.__dict__["met"] = Pairs(nothing, nothing)

    def _by_item(self, value: str, where: str, empty: int) -> npt.NDArray[np.int64]:
        found = self._engine.columns(
            f"SELECT item, {value} AS n FROM {name(self._rows)} WHERE {where} GROUP BY item"
        )
        values = np.full(self.items, empty, dtype=np.int64)
        values[found["item"]] = found["n"]
        return values

    @cached_property
    def popularity(self) -> npt.NDArray[np.int64]:
        return self._by_item("count(*)", "part = 1", 0)

    @cached_property
    def popularity_everywhere(self) -> npt.NDArray[np.int64]:
        return self._by_item("count(*)", "part > 0", 0)

    @cached_property
    def first_seen(self) -> npt.NDArray[np.int64]:
        moment = self._engine.microseconds("timestamp")
        return self._by_item(f"min({moment})", "timestamp IS NOT NULL", _FAR)

    @cached_property
    def item_order(self) -> npt.NDArray[np.int64]:
        key = f"md5({quote(UNIT.join((self.seed, 'candidates', '')))} || item_id)"
        return self._engine.columns(
            f"SELECT CAST(item AS BIGINT) AS item FROM {name(self._items)} ORDER BY {key}"
        )["item"]

    @cached_property
    def item_ids(self) -> pa.Array:
        """The ids of the items, in the order of their codes; asked for where a column of the items table is."""
        batches = list(
            self._engine.batches(f"SELECT item_id FROM {name(self._items)} ORDER BY item", 1 << 16)
        )
        return pa.chunked_array([batch.column(0) for batch in batches], pa.string()).combine_chunks()

    def categories(self, column: str, match: Any, item_ids: pa.Array) -> tuple[Groups, Groups]:
        """Ask the corpus, and keep the answer for the workers."""
        self.found[column, match] = self._origin.categories(column, match, item_ids)
        return self.found[column, match]


class Shared(NamedTuple):
    """What every worker gets: the protocol's choice of candidates, and what a ``_Draft`` was asked for."""

    spec: Mapping[str, Mapping[str, Any]]
    where: str
    items: int
    seed: str
    vectors: Mapping[str, npt.NDArray[np.int64]]
    found: Mapping[tuple[str, str], Any]


class _Block(Pool):
    """What candidates are drawn from, for some users, who are called by their places in the block."""

    def __init__(
        self, shared: Shared, relevant: Pairs, met: Pairs, states: npt.NDArray[np.uint64], moments: pa.Array
    ):
        self.items, self.seed = shared.items, shared.seed
        self.origin = self  # type: ignore[assignment]
        self.task = self  # type: ignore[assignment]
        self.item_ids = None
        self._found, self._states, self._moments = shared.found, states, moments
        self.__dict__.update(shared.vectors, relevant=relevant, met=met)

    @cached_property
    def moments(self) -> npt.NDArray[np.int64]:
        if self._moments.null_count:
            raise InputError(
                "candidates: rows of the test part have no timestamp; choose candidates that need none"
            )
        return to_numpy(self._moments)

    @property
    def relevant_rows(self) -> Rows:  # type: ignore[override]
        raise InputError(
            "candidates: an operator that asks for single rows of the test part does not run on Spark"
        )

    def states(self, users: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
        return self._states[users]

    def categories(self, column: str, match: Any, item_ids: pa.Array) -> Any:
        del item_ids
        return self._found[column, match]


class Drawing(NamedTuple):
    """The relations that candidates are made of, by name, in the task's codes.

    rows: user, item, timestamp, part. relevant: the same, rows of the test part that are relevant. met: every pair (user,
    item) of the corpus whose both are in the task. users, items: code (user, item) and id (user_id, item_id).
    """

    rows: str
    relevant: str
    met: str
    users: str
    items: str
    user_count: int
    item_count: int


def draw(engine: SparkEngine, of: Drawing, protocol: Mapping[str, Any], origin: Origin) -> DataFrame | None:
    """Return the fixed candidates as a DataFrame (user, item), in buckets of users; None where all items are ranked."""
    spec, where = protocol["candidates"], str(protocol["name"])
    draft = _Draft(engine, of.rows, of.items, of.item_count, protocol, origin)
    if call(candidates, spec, where, draft) is None:
        return None
    _ = draft.item_order
    vectors = {key: draft.__dict__[key] for key in _VECTORS if key in draft.__dict__}
    shared = Shared(spec, where, of.item_count, draft.seed, vectors, draft.found)
    sent = engine.session.sparkContext.broadcast(shared)
    ((arguments,),) = (spec.values(),)
    rows = _rows(engine, of, draft.seed, met=arguments.get("seen", "mask") == "mask")
    placed = in_buckets(engine, rows, "user", of.user_count, ["user", "kind", "item"]).drop(BUCKET)

    def draw_blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for block in _blocks(batches):
            yield _draw_block(block, sent.value)

    return engine.mapped(placed, draw_blocks, "user int, item int")


def _rows(engine: SparkEngine, of: Drawing, seed: str, met: bool) -> DataFrame:
    """Return (user, kind, item, high, low, moment): for each user a header, then what is relevant, then what was met.

    high, low: the first 16 hex digits of the MD5 that the user's draws begin with. moment: of the first relevant row.
    """
    text = f"md5({quote(UNIT.join((seed, 'candidates', '')))} || user_id)"
    high, low = (f"CAST(conv(substr({text}, {start}, 8), 16, 10) AS BIGINT)" for start in (1, 9))
    moment = engine.microseconds("timestamp")
    known = f"CASE WHEN count(timestamp) = count(*) THEN min({moment}) END"
    first = f"SELECT user, {known} AS moment FROM {name(of.relevant)} GROUP BY user"
    nothing = "CAST(NULL AS BIGINT) AS high, CAST(NULL AS BIGINT) AS low, CAST(NULL AS BIGINT) AS moment"
    rows = (
        f"SELECT f.user, {_HEADER} AS kind, -1 AS item, {high} AS high, {low} AS low, moment "
        f"FROM ({first}) AS f JOIN {name(of.users)} AS u ON f.user = u.user "
        f"UNION ALL SELECT DISTINCT user, {_RELEVANT}, item, {nothing} FROM {name(of.relevant)}"
    )
    if met:
        tested = f"SELECT DISTINCT user FROM {name(of.relevant)}"
        rows += f" UNION ALL SELECT DISTINCT user, {_MET}, item, {nothing} FROM {name(of.met)} WHERE user IN ({tested})"
    return engine.frame(rows)


def _blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Cut a stream of rows before headers of users, so that blocks have about ``_BLOCK`` rows."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _BLOCK:
            table = pa.Table.from_batches(waiting).combine_chunks()
            last = int(np.flatnonzero(to_numpy(table.column("kind")) == _HEADER)[-1])
            if last:
                yield table.slice(0, last)
            waiting = table.slice(last).to_batches()
    if sum(map(len, waiting)):
        yield pa.Table.from_batches(waiting).combine_chunks()


def _draw_block(table: pa.Table, shared: Shared) -> pa.RecordBatch:
    kind, item = to_numpy(table.column("kind")), to_numpy(table.column("item"))
    head = kind == _HEADER
    place = (np.cumsum(head) - 1).astype(np.int32)
    pairs = [Pairs(place[kind == which], item[kind == which]) for which in (_RELEVANT, _MET)]
    heads = table.filter(pa.array(head)).combine_chunks()
    high, low = (filled(heads.column(half).combine_chunks(), 0).astype(np.uint64) for half in ("high", "low"))
    moments = heads.column("moment").combine_chunks()
    block = _Block(shared, pairs[0], pairs[1], (high << np.uint64(32)) | low, moments)
    found = call(candidates, shared.spec, shared.where, block)
    users = to_numpy(heads.column("user"))
    return pa.record_batch({"user": pa.array(users[found.user]), "item": pa.array(found.item)})
