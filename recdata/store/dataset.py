"""Tables as people hold them: Arrow tables as ``datasets.Dataset``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import datasets
import pyarrow as pa

if TYPE_CHECKING:
    from typing_extensions import Self


class Table(datasets.Dataset):
    """A ``datasets.Dataset`` that also gives its rows as an Arrow table."""

    def to_arrow(self) -> pa.Table:
        """Return the rows as one Arrow table."""
        return self.with_format("arrow")[:]

    @classmethod
    def of(cls, table: pa.Table) -> Self:
        """Wrap an Arrow table that is in memory."""
        return cls(datasets.table.InMemoryTable(table))
