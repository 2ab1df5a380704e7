"""A built corpus as people hold it: its tables as datasets, Arrow or pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recdata.errors import InputError
from recdata.schema.kinds import KINDS
from recdata.store.folder import Folder

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from recdata.store.dataset import Table

CODED = ("row", "user", "item")
"""The store's own columns of interactions, which protocols work on and nobody is handed."""


class Corpus(Folder):
    """Canonical tables of one corpus, with the manifest that says what they are and where they came from."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The record kinds that the corpus has, of those that this recdata knows."""
        return tuple(kind for kind in self.manifest["tables"] if kind in KINDS)

    def to_arrow(self, kind: str) -> pa.Table:
        """Return the table of a record kind in the canonical schema, without the store's integer codes.

        Raises InputError where the corpus has none of that kind.
        """
        import pyarrow.parquet as pq

        if kind not in self.kinds:
            raise InputError(f"{self.name} has no {kind}; it has {', '.join(self.kinds)}")
        entry = self.manifest["tables"][kind]
        columns = [column["name"] for column in entry["columns"]]
        if kind == "interactions":
            columns = [name for name in columns if name not in CODED]
        return pq.read_table(self.folder / entry["file"], columns=columns)

    def to_pandas(self, kind: str) -> pd.DataFrame:
        """Return the table of a record kind as a pandas data frame."""
        return self.to_arrow(kind).to_pandas()

    def table(self, kind: str) -> Table:
        """Return the table of a record kind as a ``datasets.Dataset``. Raises InputError where there is none."""
        from recdata.store.dataset import Table

        return Table.of(self.to_arrow(kind))

    @property
    def interactions(self) -> Table:
        """What users did with items."""
        return self.table("interactions")

    @property
    def items(self) -> Table:
        """What can be recommended."""
        return self.table("items")

    @property
    def users(self) -> Table:
        """Who acts."""
        return self.table("users")

    def __repr__(self) -> str:
        """Show the name, the fingerprint's beginning and the sizes of the tables."""
        return self._shown(self.manifest["tables"])
