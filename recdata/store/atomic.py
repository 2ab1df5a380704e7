"""Files and folders that appear on disk whole or not at all: temporary name, fsync, rename."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from recdata.errors import InputError, ResourceError

_TEMPORARY = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp")
_STALE_SECONDS = 86_400
_NAME_BYTES = 120

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "the file is larger than the file system or a limit allows",
    errno.EROFS: "the file system is read-only; choose another folder (for the store: set RECDATA_HOME)",
    errno.EIO: "the disk reports an input/output error",
}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EACCES}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusals to write ``path`` (a file or a folder) into a ResourceError that says why.

    A permission that is refused counts only where it concerns the folder that ``path`` stands in, so that raw
    files which cannot be read inside the block are not blamed on the store.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _REASONS:
            raise ResourceError(f"cannot write {path}: {_REASONS[error.errno]}") from error
        if error.errno in _FORBIDDEN | _IN_THE_WAY and _concerns(error, path):
            reason = (
                "permission denied; choose another folder (for the store: set RECDATA_HOME)"
                if error.errno in _FORBIDDEN
                else f"{error.filename} is in the way"
            )
            raise ResourceError(f"cannot write {path}: {reason}") from error
        raise


def refusal(error: OSError) -> str | None:
    """Return in words why the machine refused, or None where it is another kind of error."""
    return _REASONS.get(error.errno or 0)


def _concerns(error: OSError, path: Path) -> bool:
    if not isinstance(error.filename, str | os.PathLike):
        return False
    named = Path(error.filename)
    return path == named or path.parent in named.parents or named in path.parents


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, which becomes ``path`` when the block ends well.

    An existing file is replaced (through a symbolic link: the file it points to). A device or pipe, such as
    /dev/stdout, is yielded itself, since there is nothing to rename. The parent folders are made.

    Raises ResourceError where the disk refuses, InputError where ``path`` is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; a file's name was expected")
    if _is_stream(path):
        yield path
        return
    path = Path(os.path.realpath(path))
    with writing(path):
        temporary = _temporary(path)
        try:
            yield temporary
            sync(temporary)
            temporary.replace(path)
            _sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def _is_stream(path: Path) -> bool:
    """Say whether ``path`` is a device, a pipe, or a name for an open file (/dev/stdout, /dev/fd/3)."""
    if not path.exists():
        return False
    target = str(path.readlink()) if path.is_symlink() else os.path.realpath(path.parent) + "/"
    return not path.is_file() or target.startswith("/proc/")


@contextmanager
def atomic_folder(path: Path, replace: bool = False, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``, which becomes ``path`` when the block ends well.

    If a finished folder (one with a manifest.json) stands there by then, because another process won, this
    one is dropped; ``replace=True`` takes its place instead. An unfinished one is always replaced. While a
    folder is being replaced there is a moment when neither stands there, never one when a torn one does. durable: whether to
    wait until the disk has every file, which takes long for thousands and is not needed of what is soon made again.

    Raises ResourceError where the disk refuses.
    """
    path = path.absolute()
    with writing(path):
        temporary = _temporary(path)
        try:
            temporary.mkdir()
            yield temporary
            if durable:
                _sync_tree(temporary)
            _put(temporary, path, replace)
            _sync_folder(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a new temporary folder in ``parent``, which is removed when the block ends.

    Raises ResourceError where the disk refuses.
    """
    with writing(parent / "scratch"):
        temporary = _temporary(parent / "scratch")
        try:
            temporary.mkdir()
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _put(temporary: Path, path: Path, replace: bool) -> None:
    for _ in range(100):
        if path.is_symlink() or path.exists():
            if not replace and (path / "manifest.json").is_file():
                return
            aside = _temporary(path)
            with suppress(FileNotFoundError):  # another process has just moved it
                path.rename(aside)
            if aside.is_dir() and not aside.is_symlink():
                shutil.rmtree(aside, ignore_errors=True)
            else:
                aside.unlink(missing_ok=True)
        try:
            temporary.rename(path)
        except OSError as error:
            if error.errno not in _TAKEN or not path.exists():
                raise
        else:
            return
    raise ResourceError(f"cannot write {path}: other processes keep putting something else there")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write ``document`` to ``path`` as JSON for people (indented, UTF-8, keys as given), atomically.

    Raises ValueError where a number is NaN or infinite, which JSON cannot hold.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sweep(folder: Path) -> None:
    """Remove what killed processes left in ``folder``: temporaries of processes that are gone, or a day old.

    The process that owns a temporary is known by the number in its name, on this machine alone; what came
    from another machine goes when nothing in it has changed for a day.
    """
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            match = _TEMPORARY.fullmatch(entry.name)
            if match and _stale(Path(entry.path), match[1], int(match[2])):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with suppress(OSError):
                        Path(entry.path).unlink()


def _stale(path: Path, machine: str, process: int) -> bool:
    if machine == _machine() and os.name == "posix":
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            pass
        return False
    newest = 0.0
    for entry in (path, *path.rglob("*")):
        with suppress(OSError):
            newest = max(newest, entry.lstat().st_mtime)
    return _now(path.parent) - newest > _STALE_SECONDS


def _now(folder: Path) -> float:
    """Return the time by the clock that dates files in ``folder``, which may be another machine's; 0 where nothing tells.

    This machine's own clock may be wrong, and what others are writing would look old to it.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return 0.0


def _temporary(path: Path) -> Path:
    """Return a new temporary name beside ``path``, its folder made and swept of what others left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    name = os.fsdecode(os.fsencode(path.name)[:_NAME_BYTES])
    return path.parent / f".{name}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.tmp"


@lru_cache(maxsize=1)
def _machine() -> str:
    """Return 8 hex digits for the space in which process numbers mean something: host and container."""
    space = platform.node()
    with suppress(OSError):
        space += str(Path("/proc/self/ns/pid").readlink())
    return hashlib.md5(space.encode(), usedforsecurity=False).hexdigest()[:8]


def sync(path: Path) -> None:
    """Wait until the bytes of a file (or, on POSIX, the entries of a folder) are on the disk."""
    # Windows flushes only through a handle that may write.
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, nor need it be
        with suppress(PermissionError):
            sync(folder)


def _sync_tree(folder: Path) -> None:
    for parent, _, files in os.walk(folder, topdown=False):
        for file in files:
            sync(Path(parent, file))
        _sync_folder(Path(parent))
