"""Results of Spark's: they are saved at any address that Spark writes, as on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.engines.spark_places import place_of
from recdata.engines.spark_storage import Storage
from recdata.scoring.result import PerUnit, Result
from recdata.submission.finding import Findings


class SpreadResult(Result):
    """A result with the file systems of the session that it was scored in."""

    def __init__(
        self, document: Mapping[str, Any], per_user: PerUnit, findings: Findings, storage: Storage
    ) -> None:
        super().__init__(document, per_user, findings)
        self._storage = storage

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document to a path or URI, checked by its schema. Raises ResourceError where it cannot be written."""
        place = place_of(path)
        if isinstance(place, Path):
            super().save(place)
            return
        self.check()
        self._storage.write_text(place, self.to_json() + "\n")
