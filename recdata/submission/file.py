"""A prediction file on disk: its bytes, unpacked while they are read, and their SHA-256."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recdata.errors import MismatchError, MissingError
from recdata.store.files import sha256_of
from recdata.submission.finding import Findings, StopReadingError, escape
from recdata.submission.limits import Limits

_MAGIC = {b"\x1f\x8b": ("gz", "gzip"), b"\x28\xb5\x2f\xfd": ("zst", "zstd"), b"BZh": ("bz2", "bz2")}
_ZIP = b"PK\x03\x04"
_PACKED = {".zip": "zip", ".gz": "gz", ".gzip": "gz", ".zst": "zst", ".zstd": "zst", ".bz2": "bz2"}
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)
"""What is raised for packed files that are damaged, encrypted, or packed in a way that is not known."""


class File:
    """A file by its path. How it is packed is told by its first bytes; ``packing`` is "", "gz", "zst", "bz2" or "zip"."""

    def __init__(self, path: Path, limits: Limits | None = None, name: str | None = None) -> None:
        """Look at the first bytes. Raises MissingError where there is no such file."""
        self.path = path
        self.name = escape(path, 200) if name is None else name
        self.limits = limits or Limits()
        try:
            self._state = self._stat()
            with path.open("rb") as file:
                head = file.read(4)
        except FileNotFoundError:
            raise MissingError(f"there is no file {self.name}") from None
        except IsADirectoryError:
            raise MissingError(f"{self.name} is a folder; a prediction file was expected") from None
        except OSError as error:
            raise MissingError(f"{self.name} cannot be opened: {error.strerror}") from None
        self.packing, self._codec = next(
            (packed for magic, packed in _MAGIC.items() if head.startswith(magic)), ("", "")
        )
        if head == _ZIP:
            self.packing = "zip"
        self._place: Callable[[], int] = int

    def _stat(self) -> tuple[int, int]:
        state = self.path.stat()
        return state.st_size, state.st_mtime_ns

    def size(self) -> int:
        """Return the size in bytes, as the file is on disk."""
        return self._state[0]

    def extensions(self) -> tuple[str, str]:
        """Return what the name says, in small letters: the format's extension (".csv"), the packing ("gz")."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes[-2:]]
        packing = _PACKED.get(suffixes[-1], "") if suffixes else ""
        if packing:
            suffixes.pop()
        return (suffixes[-1] if suffixes else "", packing)

    def digest(self) -> str:
        """Return the SHA-256 of the file's bytes. Raises MismatchError where it changed since it was opened."""
        digest = sha256_of(self.path)
        if self._stat() != self._state:
            raise MismatchError(
                f"{self.name} was changed while it was read; score it again when it is finished"
            )
        return digest

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        return "the file's bytes"

    def open(self, findings: Findings) -> Any:
        """Return the unpacked bytes as a stream with ``read(n)``.

        Raises StopReadingError, with the reason in ``findings``, where a zip file is damaged or has not one member.
        """
        if self.packing == "zip":
            return self._open_zip(findings)
        import pyarrow as pa

        raw = pa.OSFile(str(self.path), "rb")
        self._place = raw.tell
        return pa.CompressedInputStream(raw, self._codec) if self._codec else raw

    def _open_zip(self, findings: Findings) -> Any:
        try:
            archive = zipfile.ZipFile(self.path)
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                one = "a zip file with one file in it"
                many, remedy = f"a zip file with {len(members):,} files", "put the predictions into it alone"
                findings.add("unknown-format", value=many, expected=one, remedy=remedy)
                raise StopReadingError
            stream = archive.open(members[0])
            size = max(members[0].file_size, 1)
            self._place = lambda: stream.tell() * self.size() // size
            return stream
        except (*DAMAGED, ValueError, IndexError) as error:
            findings.add("unreadable", value=error)
            raise StopReadingError from None

    def done(self) -> float:
        """Return how much of the file was read since it was opened, from 0 to 1."""
        try:
            return min(self._place() / max(self.size(), 1), 1.0)
        except (*DAMAGED, ValueError):  # it is closed, or of a kind that cannot say
            return 0.0

    def packed(self, format: str) -> str:
        """Return what a result calls ``format`` as this file is packed: "csv+gz"."""
        return f"{format}+{self.packing}" if self.packing else format

    def read(self, stream: Any, size: int, findings: Findings, line: int | None = None) -> bytes:
        """Read ``size`` bytes. Raises StopReadingError, with the reason in ``findings``, where the packing is damaged."""
        try:
            data: bytes = stream.read(size)
        except DAMAGED as error:
            findings.add("unreadable", row=line, value=error)
            raise StopReadingError from None
        return data


class OfFile:
    """A reader of one file: what a result says of its name, size and hash is what the file says."""

    def __init__(self, file: File) -> None:
        self.name, self.limits = file.name, file.limits
        self.size, self.digest, self.digest_of = file.size, file.digest, file.digest_of
        self._file = file
