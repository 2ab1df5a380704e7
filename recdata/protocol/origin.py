"""The built corpus that a task is made of: columns that parts do not hold, by row and by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError, MismatchError
from recdata.store.arrays import filled, parquet_files, read_table
from recdata.store.manifest import NAME, read_manifest
from recdata.store.paths import corpora

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.integer[Any]]


class Groups(NamedTuple):
    """Members of groups: those of group g are ``member[start[g]:start[g + 1]]``. start: int64[groups + 1]."""

    start: npt.NDArray[np.int64]
    member: Ints

    @classmethod
    def make(cls, group: Ints, member: Ints, groups: int) -> Groups:
        """Arrange (group, member) pairs, in any order."""
        order = np.argsort(group, kind="stable")
        return cls(np.searchsorted(group[order], np.arange(groups + 1)), member[order])

    def of(self, group: int) -> Ints:
        """Return the members of one group."""
        return self.member[self.start[group] : self.start[group + 1]]

    def spread(self, groups: Ints) -> tuple[npt.NDArray[np.int64], Ints]:
        """Return all members of ``groups``: whose each is (a place in ``groups``), and the member."""
        first = self.start[groups]
        many = self.start[groups + 1] - first
        owner = np.repeat(np.arange(len(groups)), many)
        ends = np.cumsum(many)
        place = np.arange(len(owner)) + np.repeat(first - (ends - many), many)
        return owner, self.member[place]


class Origin:
    """A built corpus's folder and manifest."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder, self.manifest = folder, manifest

    @classmethod
    def of(cls, task: Mapping[str, Any], place: Path | None = None) -> Origin:
        """Return the corpus of a task's manifest as it stands in the store.

        place: the folder that the task stands in; where that is another store, the corpus of that one comes first. Raises
        MissingError where it is not in the store any more, MismatchError where another one stands there.
        """
        known = task["corpus"]
        name = f"{known['name']}@{known['version']}"
        beside = place.parents[2] / "corpora" / name if place is not None and len(place.parents) > 2 else None
        folder = beside if beside is not None and (beside / NAME).is_file() else corpora() / name
        manifest = read_manifest(folder)
        if manifest["fingerprint"] != known["fingerprint"]:
            raise MismatchError(
                f"{task['name']} was made from another build of {manifest['name']}; run recdata split again"
            )
        return cls(folder, manifest)

    def types(self) -> dict[str, dict[str, str]]:
        """Return for each record kind the canonical type of each of its columns."""
        return {
            kind: {column["name"]: column["type"] for column in table["columns"]}
            for kind, table in self.manifest["tables"].items()
        }

    def path(self, kind: str) -> Path:
        """Return the Parquet file of a record kind."""
        return self.folder / self.manifest["tables"][kind]["file"]

    def read(self, kind: str, columns: Sequence[str]) -> pa.Table:
        """Return columns of the table of a record kind."""
        return read_table(self.path(kind), columns)

    def take(self, columns: Sequence[str], row: npt.NDArray[np.int64]) -> pa.Table:
        """Return columns of the interactions at places ``row``, one row group in memory at a time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if (row[1:] < row[:-1]).any():
            order = np.argsort(row, kind="stable")
            return self.take(columns, row[order]).take(pa.array(np.argsort(order)))
        pieces, first = [], 0
        for path in parquet_files(self.path("interactions")):
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    last = first + file.metadata.row_group(group).num_rows
                    low, high = np.searchsorted(row, [first, last])
                    if high > low:
                        table = file.read_row_group(group, columns=list(columns)).replace_schema_metadata()
                        pieces.append(table.take(pa.array(row[low:high] - first)))
                    first = last
                schema = file.schema_arrow
        if pieces:
            return pa.concat_tables(pieces).select(list(columns))
        return pa.schema([schema.field(name) for name in columns]).empty_table()

    def listed_ids(self, column: str, row: npt.NDArray[np.int64]) -> pa.Array:
        """Return the item ids in the lists that ``column`` of the interactions holds at ``row``, flat.

        Raises InputError where there is no such column of lists, or a row without a list.
        """
        return self._lists(column, row).flatten()

    def listed(
        self, column: str, row: npt.NDArray[np.int64], item_ids: pa.Array
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Return the lists of ``listed_ids`` as two arrays: whose each item is (a place in ``row``), and its code."""
        import pyarrow.compute as pc

        lists = self._lists(column, row)
        many = filled(pc.list_value_length(lists), 0)
        code = filled(pc.index_in(lists.flatten(), item_ids), -1).astype(np.int32)
        return np.repeat(np.arange(len(row)), many), code

    def check_lists(self, column: str) -> None:
        """Raise InputError where the interactions have no such column of lists of ids."""
        types = self.types()["interactions"]
        if types.get(column) != "list<string>":
            lists = [name for name, kind in types.items() if kind == "list<string>"]
            raise InputError(
                f"{self.manifest['name']}: interactions have no column {column!r} of lists of ids; "
                f"they have {', '.join(lists) or 'none'}"
            )

    def _lists(self, column: str, row: npt.NDArray[np.int64]) -> pa.Array:
        import pyarrow as pa

        self.check_lists(column)
        chunks = self.take([column], row).column(column)
        lists = chunks.combine_chunks() if chunks.num_chunks else pa.array([], chunks.type)
        if lists.null_count:
            raise InputError(f"{self.manifest['name']}: {lists.null_count:,} rows asked for have no {column}")
        return lists

    def categories(
        self, column: str, match: Literal["any", "last"], item_ids: pa.Array
    ) -> tuple[Groups, Groups]:
        """Return the categories of each item, and the items of each category, from ``column`` of the items table.

        Items are codes in ``item_ids``, categories are numbered. match: "last" takes the last one of a list alone.
        Raises InputError where the corpus has no such column of texts or lists of texts.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        types = self.types().get("items", {})
        if types.get(column) not in ("string", "list<string>"):
            texts = [name for name, kind in types.items() if kind in ("string", "list<string>")]
            raise InputError(
                f"{self.manifest['name']}: items have no column {column!r} of texts; they have {', '.join(texts) or 'none'}"
            )
        table = self.read("items", ["item_id", column]).combine_chunks()
        code = pc.index_in(table.column("item_id"), item_ids).combine_chunks()
        values = table.column(column).combine_chunks()
        if types[column] == "list<string>":
            parents = pc.list_parent_indices(values)
            code, values = pc.take(code, parents), pc.list_flatten(values)
            if match == "last":
                owner = filled(parents, 0)
                last = pa.array(np.append(owner[1:] != owner[:-1], True)[: len(owner)])
                code, values = code.filter(last), values.filter(last)
        known = pc.and_(pc.is_valid(code), pc.is_valid(values))
        code, category = code.filter(known), values.filter(known).dictionary_encode()
        of_item, number = filled(code, -1).astype(np.int64), filled(category.indices, -1).astype(np.int64)
        return (
            Groups.make(of_item, number, len(item_ids)),
            Groups.make(number, of_item, len(category.dictionary)),
        )
