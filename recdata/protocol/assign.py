"""From a corpus's rows to parts: filters, the split and the policies decide for each row, and may change its values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recdata.engines.base import Engine
from recdata.errors import InputError
from recdata.protocol import filters, splits
from recdata.protocol.operators import Rows, call
from recdata.protocol.origin import Origin
from recdata.protocol.task import CONTEXT, PARTS
from recdata.store.arrays import read_table, to_numpy

NUMBERED = (*PARTS, CONTEXT)
"""The parts in the order of their numbers, from 1; 0 is no part."""

NUMBER = {name: number for number, name in enumerate(NUMBERED, start=1)}
"""The number of each part."""

Codes = npt.NDArray[np.int32]


class Assigned(NamedTuple):
    """part: uint8 for each row of the corpus, its number in ``NUMBERED`` or 0. changed: float64 for each row, by column.

    What is changed is NaN where there is no value, and means nothing for rows in no part.
    """

    part: npt.NDArray[np.uint8]
    changed: Mapping[str, npt.NDArray[np.float64]]


def assign(
    origin: Origin, protocol: Mapping[str, Any], engine: Engine, user_ids: pa.Array, item_ids: pa.Array
) -> Assigned:
    """Run a protocol's filters, split and policies over a built corpus.

    Raises InputError where an operator does not fit the corpus, and where nothing comes into the test part, or into the
    training part where the split is not the publisher's own and there is no context part.
    """
    where, total = str(protocol["name"]), int(origin.manifest["tables"]["interactions"]["rows"])
    everything = rows = _read(origin, protocol, engine, user_ids, item_ids)
    for number, spec in enumerate(protocol["filters"], start=1):
        rows = call(filters, spec, where, engine, rows, f"filtered {number}")
    part = np.ones(total, dtype=np.uint8)
    if rows is not everything:
        part[:] = 0
        part[engine.columns(f'SELECT row FROM "{rows.name}"')["row"]] = 1
    held = engine.columns(call(splits, protocol["split"], where, engine, rows))
    part[held["row"]] = held["part"]
    _apply_policies(origin, protocol.get("policies", {}), part)
    check_parts(origin, protocol, {number for number in NUMBER.values() if (part == number).any()})
    return Assigned(part, {column: _values(engine, rows, column, total) for column in rows.changed})


def check_parts(origin: Origin, protocol: Mapping[str, Any], numbers: Collection[int]) -> None:
    """Raise InputError where a part that the protocol cannot do without has no row. numbers: of the parts that have."""
    spared = "predefined" in protocol["split"] or NUMBER[CONTEXT] in numbers
    for name in ("test",) if spared else ("train", "test"):
        if NUMBER[name] not in numbers:
            why = (
                "; are the publisher's answers among the raw files?"
                if "predefined" in protocol["split"]
                else ""
            )
            raise InputError(
                f"protocol {protocol['name']}: no row of {origin.manifest['name']} comes into the {name} part{why}"
            )


def _read(
    origin: Origin, protocol: Mapping[str, Any], engine: Engine, user_ids: pa.Array, item_ids: pa.Array
) -> Rows:
    """Name the corpus's tables and lists of ids to the engine; return its interactions."""
    types = origin.types()
    for kind, columns in types.items():
        if kind in ("interactions", "items", "users"):
            engine.read(kind, [origin.path(kind)], list(columns))
    for entity, ids in (("user", user_ids), ("item", item_ids)):
        codes = pa.array(np.arange(len(ids), dtype=np.int32))
        engine.add(f"{entity}_ids", pa.table({entity: codes, f"{entity}_id": ids}))
    counts = origin.manifest["counts"]
    return Rows("interactions", counts["pairs"] == counts["interactions"], str(protocol["seed"]), types)


def _values(engine: Engine, rows: Rows, column: str, total: int) -> npt.NDArray[np.float64]:
    values = np.full(total, np.nan)
    found = engine.columns(f'SELECT row, "{column}" AS changed FROM "{rows.name}"')
    values[found["row"]] = found["changed"]
    return values


def _apply_policies(origin: Origin, policies: Mapping[str, str], part: npt.NDArray[np.uint8]) -> None:
    """Take rows out of validation and test, into no part, as the protocol's policies say.

    ``seen: drop``: rows of pairs that stand in training or context already, and in the test those that stand in
    validation. ``cold_users: drop``: rows of users who have no row in training or context. ``cold_items: drop``: rows of
    items that have no row in training. They are applied in this order; as training and context stay as they are, another
    order would come to the same.
    """
    wanted = [name for name in ("seen", "cold_users", "cold_items") if policies.get(name, "keep") == "drop"]
    if not wanted:
        return
    table = read_table(origin.path("interactions"), ["user", "item"])
    user, item = to_numpy(table.column("user")), to_numpy(table.column("item"))
    train, valid, test, context = (part == NUMBER[name] for name in NUMBERED)
    if "seen" in wanted:
        pair = user.astype(np.int64) * (int(item.max(initial=0)) + 1) + item
        known = pair[train | context]
        for held in (valid, test):
            rows = np.flatnonzero(held)
            part[rows[np.isin(pair[rows], known)]] = 0
            known = np.concatenate([known, pair[rows]])
    for policy, code, where in (("cold_users", user, train | context), ("cold_items", item, train)):
        if policy in wanted:
            warm = np.zeros(int(code.max(initial=0)) + 1, dtype=bool)
            warm[code[where]] = True
            part[(valid | test) & ~warm[code]] = 0
