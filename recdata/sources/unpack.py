"""Unpacking of raw files that come from strangers: zip, tar and single compressed files, within limits."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from recdata.errors import InputError, ResourceError

_CHUNK = 1 << 20
_FLOOR = 64 * 2**20
# What the standard library raises over bytes that make no sense; the last four where it did not look. RuntimeError is
# what zipfile raises for a password, and for a method of packing or a version of the format that it lacks.
_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError),
    *(ValueError, LookupError, ArithmeticError, struct.error),
)
_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_SUFFIXES = (".gz", ".bz2", ".xz")


@dataclass(frozen=True)
class Limits:
    """What an archive may grow to.

    members: how many entries. total: bytes of all that is unpacked. ratio: unpacked bytes for each packed one
    (checked only beyond 64 MiB; text packs 5 to 20 times, an archive made to blow up 1,000 times and more).
    """

    members: int = 100_000
    total: int = 512 * 2**30
    ratio: int = 200


def is_archive(path: Path) -> bool:
    """Say whether ``path`` is something that ``unpack`` reads, by its first bytes."""
    return _format(path) is not None


def unpack(
    archive: Path,
    folder: Path,
    wanted: Callable[[str], bool] = lambda name: True,
    limits: Limits = Limits(),
) -> list[str]:
    """Unpack ``archive`` into ``folder``, which exists, and return the names of the files written, sorted.

    wanted: called with each member's name (relative, with /); the others are checked and left where they are.
    A single compressed file becomes a file of its own name without the last suffix.

    Nothing is written outside ``folder``. Raises InputError for a member whose name leaves the folder or that
    is a link, a device, sparse or encrypted, for two names that are one on some systems, and for an archive that
    is damaged; ResourceError for one that exceeds ``limits``. What was written by then is the caller's to drop.
    """
    kind = _format(archive)
    if kind is None:
        raise InputError(f"{archive} is not an archive (zip, tar, gz, bz2, xz)")
    writer = _Writer(archive, folder, wanted, limits)
    try:
        {"zip": _unzip, "tar": _untar, "file": _decompress}[kind](archive, writer)
    except _DAMAGE as error:
        raise InputError(f"{archive} is damaged or not complete: {error or type(error).__name__}") from error
    except OSError as error:
        # The system's own, and not over an offset or a name that makes no sense.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise InputError(f"{archive} is damaged or not complete: {error}") from error
    return sorted(writer.written)


def member_name(name: str) -> str:
    """Return a member's name as a safe relative path with /.

    >>> member_name("./ml-100k/u.data")
    'ml-100k/u.data'

    Raises ValueError, with the reason, for a name that leaves the folder or that some system reads otherwise.
    """
    if "\\" in name or ":" in name:
        raise ValueError("a name with a backslash or colon, which some systems read as a path")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise ValueError("a name with control characters")
    if name.startswith("/"):
        raise ValueError("an absolute path")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError("a path that leaves the folder")
    if any(len(part.encode()) > 255 for part in parts) or len(name.encode()) > 2048:
        raise ValueError("a name too long for a file system")
    if not parts or any(part != part.strip() or part.endswith(".") for part in parts):
        raise ValueError("a name that is empty, ends in a dot or has white space around it")
    return "/".join(parts)


class _Writer:
    """Writes the members of one archive, keeping account of names and sizes."""

    def __init__(self, archive: Path, folder: Path, wanted: Callable[[str], bool], limits: Limits) -> None:
        self.archive, self.folder, self.wanted, self.limits = archive, folder, wanted, limits
        self.written: list[str] = []
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._members = self._bytes = 0
        self._most = min(limits.total, max(_FLOOR, limits.ratio * archive.stat().st_size))

    def refuse(self, member: str, reason: str) -> InputError:
        return InputError(f"{self.archive}: member {member[:200]!r} is {reason}; the archive is not unpacked")

    def claim(self, member: str, is_folder: bool = False) -> str:
        """Return the safe name of a member, after checking it against all names before it."""
        self._members += 1
        if self._members > self.limits.members:
            raise ResourceError(f"{self.archive} has more than {self.limits.members:,} members: not unpacked")
        try:
            name = member_name(member)
        except ValueError as error:
            if is_folder and member.strip("./") == "" and ".." not in member:
                return ""  # "./", the archive's own root
            raise self.refuse(member, str(error)) from None
        key = unicodedata.normalize("NFC", name).casefold()
        parts = key.split("/")
        parents = {"/".join(parts[:end]) for end in range(1, len(parts) + is_folder)}
        for other in parents & self._files.keys():
            raise self.refuse(member, f"inside of {self._files[other]!r}, which is a file")
        self._folders.update(dict.fromkeys(parents, name))
        if not is_folder:
            if key in self._files or key in self._folders:
                raise self.refuse(member, "there twice, as letters' case does not count on every system")
            self._files[key] = name
        return name

    def count(self, size: int) -> None:
        """Count bytes that came out of the archive, wherever they go."""
        self._bytes += size
        if self._bytes > self._most:
            raise ResourceError(
                f"{self.archive} unpacks to more than {self._most:,} bytes (packed it has "
                f"{self.archive.stat().st_size:,}): not unpacked"
            )

    def write(self, name: str, source: IO[bytes], counted: bool = False) -> None:
        """Copy a member's bytes to its place."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                if not counted:
                    self.count(len(chunk))
                file.write(chunk)
        self.written.append(name)


def _format(path: Path) -> str | None:
    """Return "zip", "tar", "file" (one compressed file) or None, by the bytes that formats begin with."""
    with path.open("rb") as file:
        head = file.read(512)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if not head.startswith(tuple(_OPENERS)):
        return "tar" if head[257:262] == b"ustar" else None
    try:
        with _decompressor(path, head) as stream:
            inner = stream.read(512)
    except (*_DAMAGE, OSError):
        inner = b""  # unpacking will say what is wrong with it
    return "tar" if inner[257:262] == b"ustar" else "file"


def _decompressor(path: Path, head: bytes) -> IO[bytes]:
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            return cast("IO[bytes]", opener(path, "rb"))
    return path.open("rb")


def _unzip(archive: Path, writer: _Writer) -> None:
    with zipfile.ZipFile(archive) as packed:
        members = packed.infolist()
        names = []
        for member in members:
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise writer.refuse(member.filename, "a link or a device")
            if member.flag_bits & 1:
                raise writer.refuse(member.filename, "encrypted")
            # zipfile cuts a name at a NUL; what it cut is as suspicious as the rest
            names.append(writer.claim(member.orig_filename, member.is_dir()))
        for member, name in zip(members, names, strict=True):
            if not member.is_dir() and writer.wanted(name):
                with packed.open(member) as source:
                    writer.write(name, source)


def _untar(archive: Path, writer: _Writer) -> None:
    with archive.open("rb") as file:
        head = file.read(512)
    with _decompressor(archive, head) as stream:
        counting = _Counting(stream, writer)
        # Read as a stream: one pass, and no trust in offsets.
        with tarfile.open(fileobj=counting, mode="r|") as packed:  # type: ignore[call-overload]
            for member in packed:
                if not (member.isreg() or member.isdir()) or member.issparse():
                    raise writer.refuse(member.name, "a link, a device or sparse")
                name = writer.claim(member.name, member.isdir())
                if member.isreg() and writer.wanted(name):
                    source = packed.extractfile(member)
                    if source is None:
                        raise writer.refuse(member.name, "not readable")
                    writer.write(name, source, counted=True)
        while counting.read(_CHUNK):  # to the end, where the checksum of the compression stands
            pass
        if counting.tail.strip(b"\0") or len(counting.tail) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("the end is missing")  # tarfile itself takes a cut for the end


class _Counting:
    """A stream whose bytes count against the limits, headers and padding included."""

    def __init__(self, stream: IO[bytes], writer: _Writer) -> None:
        self._stream, self._writer = stream, writer
        self.tail = b""

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._writer.count(len(chunk))
        self.tail = (self.tail + chunk)[-tarfile.BLOCKSIZE :]
        return chunk


def _decompress(archive: Path, writer: _Writer) -> None:
    name = archive.name.removesuffix(archive.suffix) if archive.suffix in _SUFFIXES else archive.name
    name = writer.claim(name)
    with archive.open("rb") as file:
        head = file.read(512)
    if writer.wanted(name):
        with _decompressor(archive, head) as stream:
            writer.write(name, stream)
