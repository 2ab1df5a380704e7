"""Features of rows, hashed: user, item, the moment, and what the corpus declares of interactions, users and items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.baselines import _matrix
from recdata.baselines._base import md5_words
from recdata.engines.base import UNIT
from recdata.errors import InputError
from recdata.metrics.kernel import ln
from recdata.protocol.origin import Origin
from recdata.protocol.task import CONTEXT, PARTS
from recdata.store.arrays import filled, read_table

if TYPE_CHECKING:
    import pyarrow as pa

    from recdata.protocol.task import Rows, Task

_OWN = {"row", "user", "item", "user_id", "item_id", "timestamp", "rating"}
_KINDS = ("string", "bool", "int", "float", "list<string>")
Places = npt.NDArray[np.int64]


class Features:
    """Hashed features of a task's rows, 0 or 1 each.

    A feature is a column with a value; its place is given by the first ``bits`` bits of the MD5 of the two, joined by
    ASCII's unit separator, UTF-8. A number z counts as its whole part up to 2, above as that of (ln z) squared, with which
    the winners of Criteo's challenge began (and AutoInt): large numbers fall together. A list has a feature for each of its
    texts. Of the timestamp the hour and the day of the week are features, in UTC.
    """

    def __init__(self, task: Task, columns: str, bits: int) -> None:
        """columns: names with commas ("c1, users.gender"), "all" that are no part of the split or the label, or "" for none.

        Raises InputError for a column that is not there, or of another type.
        """
        self._task, self.size = task, 1 << bits
        self._shift = np.uint64(64 - bits)
        chosen = [name.strip() for name in columns.split(",") if name.strip()]
        if columns.strip() == "all":
            chosen = self._all()
        known = {"interactions": self._names("interactions")} | {
            kind: self._names(kind) for kind in ("users", "items")
        }
        self._columns: list[tuple[str, str]] = []
        for name in chosen:
            kind, _, plain = name.rpartition(".")
            if plain not in known.get(kind or "interactions", ()):
                there = [
                    f"{k}.{c}" if k != "interactions" else c for k, found in known.items() for c in found
                ]
                raise InputError(
                    f"{task.name} has no column {name!r} for features; it has {', '.join(there) or 'none'}"
                )
            self._columns.append((kind or "interactions", plain))

    @cached_property
    def _origin(self) -> Origin:
        return Origin.of(self._task.manifest)

    def _names(self, kind: str) -> list[str]:
        if "corpus" not in self._task.manifest:
            return []
        types = self._origin.types().get(kind, {})
        return [name for name, text in types.items() if name not in _OWN and text.startswith(_KINDS)]

    def _all(self) -> list[str]:
        """Return every column but those that the protocol speaks of, which are the label or the split, and other splits."""
        protocol = self._task.protocol
        spoken: set[str] = set()
        for spec in (*protocol.get("filters", ()), protocol.get("split", {})):
            spoken |= {
                str(each) for arguments in spec.values() for key, each in arguments.items() if key == "column"
            }
        own = [
            name for name in self._names("interactions") if name not in spoken and not self._is_split(name)
        ]
        return own + [f"{kind}.{name}" for kind in ("users", "items") for name in self._names(kind)]

    def _is_split(self, column: str) -> bool:
        """Say whether a column holds nothing but names of parts: another split of the publisher's."""
        if self._origin.types()["interactions"][column] != "string":
            return False
        first = read_table(self._origin.path("interactions"), [column]).column(column).unique().to_pylist()
        return set(first) <= {None, *PARTS, CONTEXT}

    def matrix(self, rows: Rows) -> Any:
        """Return the features of rows as a CSR matrix, rows by ``size``."""
        owners, places = [], []
        for owner, place in self._features(rows):
            owners.append(owner)
            places.append(place)
        owner, place = np.concatenate(owners), np.concatenate(places)
        ones = np.ones(len(owner))
        found = _matrix.sparse().csr_matrix((ones, (owner, place)), shape=(len(rows.user), self.size))
        found.data[:] = 1
        return found

    def _features(self, rows: Rows) -> Iterator[tuple[Places, Places]]:
        """Yield whose each feature is (a place in ``rows``) and which it is, column by column."""
        import pyarrow as pa

        everyone = np.arange(len(rows.user))
        for name, code, ids in (
            ("user", rows.user, self._task.user_ids),
            ("item", rows.item, self._task.item_ids),
        ):
            used, place = np.unique(code, return_inverse=True)
            yield everyone, self._hashed(name, ids.take(pa.array(used)).to_pylist())[place]
        known = np.flatnonzero(~np.isnat(rows.timestamp))
        hours = rows.timestamp[known].astype("datetime64[h]").astype(np.int64)
        for name, number in (("hour", hours % 24), ("day", hours // 24 % 7)):
            yield known, self._hashed(name, [str(each) for each in range(24)])[number]
        for kind, column in self._columns:
            yield self._declared(kind, column, rows)

    def _declared(self, kind: str, column: str, rows: Rows) -> tuple[Places, Places]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if kind == "interactions":
            order = np.argsort(rows.row, kind="stable")
            taken = self._origin.take([column], rows.row[order]).column(column).combine_chunks()
            values = taken.take(pa.array(np.argsort(order, kind="stable")))
        else:
            entity = kind[:-1]
            table = read_table(self._origin.path(kind), [f"{entity}_id", column]).combine_chunks()
            ids = self._task.user_ids if entity == "user" else self._task.item_ids
            place = pc.index_in(ids, table.column(f"{entity}_id").combine_chunks())
            code = rows.user if entity == "user" else rows.item
            values = table.column(column).combine_chunks().take(place.take(pa.array(code)))
        owner: Places = np.arange(len(values))
        if pa.types.is_list(values.type):
            owner = filled(pc.list_parent_indices(values), 0).astype(np.int64)
            values = pc.list_flatten(values)
        codes = values.dictionary_encode()
        number = filled(codes.indices, -1).astype(np.int64)
        there = number >= 0
        name = column if kind == "interactions" else f"{kind}.{column}"
        return owner[there], self._hashed(name, _texts(codes.dictionary))[number[there]]

    def _hashed(self, column: str, values: Sequence[str]) -> Places:
        return (md5_words(values, column + UNIT) >> self._shift).astype(np.int64)


def _texts(values: pa.Array) -> list[str]:
    """Return distinct values as texts; see ``Features`` for numbers."""
    import pyarrow as pa

    if not pa.types.is_integer(values.type) and not pa.types.is_floating(values.type):
        return [str(value) for value in values.to_pylist()]
    numbers = np.array(values.to_pylist(), dtype=np.float64)
    logs = ln(np.maximum(numbers, 1.0))
    whole = np.floor(np.where(numbers > 2, logs * logs, numbers))
    # 2 itself is a value of its own; what is just above it falls to 0 as (ln 2)^2 does.
    kinds = np.where(numbers > 2, "log", "")
    return [f"{kind}{number:.0f}" for kind, number in zip(kinds, whole, strict=True)]
