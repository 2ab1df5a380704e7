"""A built corpus as people hold it: its tables as datasets, Arrow or pandas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.schema.kinds import KINDS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from recdata.store.dataset import Table

_CODES = ("row", "user", "item")


class Corpus:
    """Canonical tables of one corpus, with the manifest that says what they are and where they came from."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Open the built corpus in ``folder``. Raises MissingError where there is none."""
        from recdata.store.manifest import read_manifest

        return cls(folder, read_manifest(folder))

    @property
    def name(self) -> str:
        """The name with the version: ``movielens-100k@1.0.0``."""
        return str(self.manifest["name"])

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the content of all tables, 64 hex digits."""
        return str(self.manifest["fingerprint"])

    @property
    def kinds(self) -> tuple[str, ...]:
        """The record kinds that the corpus has, of those that this recdata knows."""
        return tuple(kind for kind in self.manifest["tables"] if kind in KINDS)

    def to_arrow(self, kind: str) -> pa.Table:
        """Return the table of a record kind in the canonical schema, without the store's integer codes."""
        import pyarrow.parquet as pq

        if kind not in self.kinds:
            raise InputError(f"{self.name} has no {kind}; it has {', '.join(self.kinds)}")
        entry = self.manifest["tables"][kind]
        columns = [column["name"] for column in entry["columns"]]
        if kind == "interactions":
            columns = [name for name in columns if name not in _CODES]
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
        sizes = ", ".join(f"{kind} {entry['rows']:,}" for kind, entry in self.manifest["tables"].items())
        return f"<Corpus {self.name}#{self.fingerprint[:12]}: {sizes}>"
