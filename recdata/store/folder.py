"""A finished folder of the store as people hold it: its name, its fingerprint, and the manifest that says what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class Folder:
    """What corpora and tasks have in common: a folder with a manifest, opened to be read."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what was built in ``folder``. Raises MissingError where nothing was."""
        from recdata.store.manifest import read_manifest

        return cls(folder, read_manifest(folder))

    def check_files(self) -> None:
        """Compare the files with the manifest. Raises MismatchError naming the first that differs."""
        from recdata.store.files import check_files

        check_files(self.folder, self.manifest.get("tables", {}))

    @property
    def name(self) -> str:
        """The name with its versions: ``movielens-100k@1.0.0``, ``movielens-100k@1.0.0/loo-last@1``."""
        return str(self.manifest["name"])

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the content, 64 hex digits."""
        return str(self.manifest["fingerprint"])

    @property
    def citation(self) -> str:
        """The name with the first 12 digits of the fingerprint, as papers print it."""
        return f"{self.name}#{self.fingerprint[:12]}"

    def to_json(self) -> str:
        """Return the manifest as JSON text."""
        return json.dumps(self.manifest, indent=2, sort_keys=True)

    def _shown(self, sizes: Mapping[str, Mapping[str, Any]]) -> str:
        """Return the class, the citation and how many rows there are of what, for ``repr``."""
        rows = ", ".join(f"{what} {entry['rows']:,}" for what, entry in sizes.items())
        return f"<{type(self).__name__} {self.citation}: {rows}>"
