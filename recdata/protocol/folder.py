"""What tasks of both kinds have in common: a folder with a protocol and with parts, each a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.store.folder import Folder

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from recdata.store.dataset import Table


class TaskFolder(Folder, ABC):
    """A task as it stands on disk: over interactions (``Task``), or over examples (``AnswerTask``)."""

    @property
    def protocol(self) -> Mapping[str, Any]:
        """The protocol document that the task was made with, defaults filled in."""
        return self.manifest["protocol"]  # type: ignore[no-any-return]

    def engine(self, asked: Any = None) -> Any:
        """Return the engine that works on the task: the one that is asked for, as ``open_engine`` takes it."""
        return asked

    @property
    @abstractmethod
    def parts(self) -> tuple[str, ...]:
        """The parts that the task has."""

    @property
    @abstractmethod
    def metrics(self) -> list[str]:
        """The protocol's metrics."""

    @property
    @abstractmethod
    def primary(self) -> str:
        """The metric that results are compared by."""

    @property
    @abstractmethod
    def compared_part(self) -> str:
        """The part that results are compared on."""

    @abstractmethod
    def to_arrow(self, part: str = "test") -> pa.Table:
        """Return ``part`` as an Arrow table in the canonical schema. Raises InputError where the task has no such part."""

    def to_pandas(self, part: str = "test") -> pd.DataFrame:
        """Return ``part`` as a pandas data frame; see ``to_arrow``."""
        return self.to_arrow(part).to_pandas()

    @property
    def train(self) -> Table:
        """The training part as a ``datasets.Dataset``."""
        return self._dataset("train")

    @property
    def valid(self) -> Table:
        """The validation part as a ``datasets.Dataset``; empty where the protocol has none."""
        return self._dataset("valid")

    @property
    def test(self) -> Table:
        """The test part as a ``datasets.Dataset``."""
        return self._dataset("test")

    def _dataset(self, part: str) -> Table:
        from recdata.store.dataset import Table

        return Table.of(self.to_arrow(part))

    def _path(self, part: str) -> Path:
        """Return the file of ``part``; see ``_check``."""
        self._check(part)
        return self.folder / f"{part}.parquet"

    def _check(self, part: str) -> None:
        """Raise InputError where the task has no such part."""
        if part not in self.parts:
            raise InputError(f"this task has the parts {', '.join(self.parts)}; there is no {part!r}")

    def __repr__(self) -> str:
        """Show the citation and the sizes of the parts."""
        return self._shown(self.manifest["parts"])
