"""Getting a corpus's raw files: from a given path, from RECDATA_ARCHIVES, from the store, by download."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from recdata.errors import InputError, MismatchError, MissingError
from recdata.sources.cards import Archive, Card
from recdata.sources.download import download, record
from recdata.sources.huggingface import download_at_commit
from recdata.sources.unpack import is_archive, unpack
from recdata.store.atomic import scratch_folder
from recdata.store.files import sha256_of
from recdata.store.paths import archives

Lookup = Callable[[str], "list[Path]"]
"""Returns the files whose relative path matches a pattern, sorted."""


class RawFiles:
    """The raw files of a corpus by the names its card gives them, while ``obtain`` holds them ready.

    provenance: one entry for each archive, or for each raw file of a folder: its name, SHA-256, size in bytes,
    where it is ``from`` ("path", "archives", "download"), its url if it was downloaded (of the Hub its repo, revision and
    file, too), and whether the card fixes its bytes, by a checksum or by a commit of the Hub (``canonical``).
    """

    def __init__(
        self, card: Card, files: Mapping[str, Sequence[Path]], provenance: Sequence[Mapping[str, Any]]
    ) -> None:
        self.card = card
        self.provenance = tuple(dict(entry) for entry in provenance)
        self._files = files

    def has(self, name: str) -> bool:
        """Say whether the raw file ``name`` is there."""
        return name in self._files

    def path(self, name: str) -> Path:
        """Return the one file called ``name``. Raises MissingError where it is not there."""
        return self.paths(name)[0]

    def paths(self, name: str) -> list[Path]:
        """Return all files called ``name``, sorted by path. Raises MissingError where there is none."""
        if name not in self._files:
            accepted = self.card.files[name].accept if name in self.card.files else ()
            looked = f" (looked for {', '.join(accepted)})" if accepted else "; the card does not list it"
            raise MissingError(f"{self.card.name}: the raw file {name!r} is not there{looked}")
        return list(self._files[name])


@contextmanager
def obtain(card: Card, from_path: Path | None = None) -> Iterator[RawFiles]:
    """Get the raw files that ``card`` asks for, unpacked, and hold them ready while the block runs.

    from_path: a folder of raw files or of archives, an archive, or one raw file; nothing else is looked at then.
    Without it: the folder in RECDATA_ARCHIVES (archives by name, or folders of raw files), the archives that the
    store has, the download. What has to be unpacked is, into the store, for as long as the block runs.

    Raises MissingError with instructions where files cannot be had, MismatchError where an archive is not the one
    that the card knows, InputError where it cannot be unpacked, ResourceError where the disk refuses.
    """
    if not card.files:  # a generated corpus
        yield RawFiles(card, {}, ())
        return
    if from_path is not None:
        with _from_path(card, from_path) as raw:
            yield raw
        return
    folder = _archives_folder()
    if folder is not None and any(_locate(card, archive, folder) is None for archive in card.archives):
        # Not all packed: are the raw files there as folders? Only paths that name their folder count then (but
        # in a folder of the corpus's own name), since a bare ratings.csv could be anybody's.
        for root in _homes(card, folder):
            if raw_files := _from_folder(card, root, "archives", nested=root.name != card.name):
                yield raw_files
                return
    packed = [_packed(card, archive, folder) for archive in card.archives]
    if not packed:
        raise MissingError(f"{card.name}: the raw files are not at hand.\n{instructions(card)}")
    with _open_archives(card, packed) as raw:
        if missing := _missing(card, raw):
            raise MissingError(f"{card.name}: the archives lack {missing}\n{instructions(card)}")
        yield raw


def instructions(card: Card) -> str:
    """Return how to get the raw files of a corpus by hand, in steps."""
    name = card.name if card.shipped else str(card.source)
    steps = [f"Read the terms: {card.licence}"]
    if card.obtain:
        steps.append(card.obtain.strip())
    for archive in card.archives:
        known = [f"{archive.size:,} bytes"] if archive.size else []
        known += [f"SHA-256 {archive.sha256}"] if archive.sha256 else []
        steps.append(
            f"Get {archive.name} from {archive.url or card.homepage}"
            + (f" ({', '.join(known)})" if known else "")
        )
    steps.append(
        f"Run: recdata build {name} --from PATH, where PATH is what you got or the folder it is in\n"
        f"     (or put it into the folder that RECDATA_ARCHIVES names and run: recdata build {name})"
    )
    lines = [f"  {place}. {step}" for place, step in enumerate(steps, 1)]
    return "To get them by hand:\n" + "\n".join(lines)


@contextmanager
def _from_path(card: Card, path: Path) -> Iterator[RawFiles]:
    if path.is_dir():
        if raw := _from_folder(card, path, "path"):
            yield raw
            return
        located = [(archive, _locate(card, archive, path, bare=True)) for archive in card.archives]
        packed = [(archive, found, "path") for archive, found in located if found]
    elif not path.is_file():
        raise MissingError(
            f"{path} is not there; expected a folder or archive with the raw files of {card.name}"
        )
    elif is_archive(path):
        packed = [(_named(card, path), path, "path")]
    else:
        yield _from_file(card, path)
        return
    with _open_archives(card, packed) as raw:
        if missing := _missing(card, raw):
            raise MissingError(f"{path} lacks {missing}\n{instructions(card)}")
        yield raw


def _from_file(card: Card, path: Path) -> RawFiles:
    """Return the raw files of a corpus of which one was given: the one of its name, else the one that has to be there.

    Raises InputError where neither says which it is, MissingError where others have to be there too.
    """
    required = [name for name, wanted in card.files.items() if wanted.required]
    named = [name for name, wanted in card.files.items() if any(map(path.match, wanted.accept))]
    if len(named or required) != 1:
        accepted = ", ".join(pattern for wanted in card.files.values() for pattern in wanted.accept)
        raise InputError(
            f"{path} is neither a folder nor an archive, and which raw file of {card.name} it is its name does not say; "
            f"they are called {accepted}"
        )
    (name,) = named or required
    raw = RawFiles(card, {name: [path]}, [_raw_entry(card, path.name, path, "path")])
    if missing := _missing(card, raw):
        raise MissingError(f"{path} is not all: there is no {missing}\n{instructions(card)}")
    return raw


def _from_folder(card: Card, folder: Path, origin: str, nested: bool = False) -> RawFiles | None:
    """Return the raw files in a folder, None where a required one is not there.

    nested: look only where the card's paths name a folder of their own.
    """

    def lookup(pattern: str) -> list[Path]:
        if nested and "/" not in pattern:
            return []
        return sorted(found for found in folder.glob(pattern) if found.is_file())

    files = _match(card, [lookup])
    if not files or any(wanted.required and name not in files for name, wanted in card.files.items()):
        return None
    used = sorted({path for paths in files.values() for path in paths})
    provenance = [_raw_entry(card, path.relative_to(folder).as_posix(), path, origin) for path in used]
    return RawFiles(card, files, provenance)


def _match(card: Card, lookups: Sequence[Lookup]) -> dict[str, list[Path]]:
    """Return the files that the card asks for, those that are there, by the first of their patterns that matches."""
    files = {}
    for name, wanted in card.files.items():
        for pattern in wanted.accept:
            found = next(filter(None, (lookup(pattern) for lookup in lookups)), [])
            if len(found) > 1 and not wanted.several:
                raise InputError(
                    f"{card.name}: {pattern} could be {' or '.join(map(str, found[:3]))}; keep the one that is meant"
                )
            if found:
                files[name] = found
                break
    return files


def _missing(card: Card, raw: RawFiles) -> str:
    """Name the required files that are not there, with the paths they were looked for at; empty if all are."""
    return ", ".join(
        f"{name} (looked for {' or '.join(wanted.accept)})"
        for name, wanted in card.files.items()
        if wanted.required and not raw.has(name)
    )


def _archives_folder() -> Path | None:
    chosen = os.environ.get("RECDATA_ARCHIVES")
    if not chosen:
        return None
    folder = Path(chosen).expanduser()
    if not folder.is_dir():
        raise MissingError(f"RECDATA_ARCHIVES is {chosen!r}, which is not a folder")
    return folder


def _homes(card: Card, folder: Path) -> list[Path]:
    """Return where in a folder of archives a corpus may be: under its own name, at the top, one folder down."""
    own = folder / card.name
    return [own, folder, *sorted(path for path in folder.iterdir() if path.is_dir() and path != own)]


def _locate(card: Card, archive: Archive, folder: Path, bare: bool = False) -> Path | None:
    """Return where an archive is in a folder, None if it is not there.

    A raw file's name may be anybody's (train.txt), so it is looked for only under the corpus's own name, or where
    ``bare`` says that the folder is meant for this corpus.
    """
    homes = _homes(card, folder)[: None if archive.unpack else 2 if bare else 1]
    return next((home / archive.name for home in homes if (home / archive.name).is_file()), None)


def _named(card: Card, path: Path) -> Archive:
    """Return the card's archive of a file's name; a file of any other name is an archive nothing is known of."""
    return next((archive for archive in card.archives if archive.name == path.name), Archive(path.name))


def _packed(card: Card, archive: Archive, folder: Path | None) -> tuple[Archive, Path, str]:
    """Return an archive with its path and origin: from the folder, from the store, or downloaded into the store."""
    if folder is not None and (found := _locate(card, archive, folder)):
        return archive, found, "archives"
    target = archives() / card.name / (archive.hub.revision if archive.hub else "") / archive.name
    if not target.is_file():
        if archive.url is None:
            raise MissingError(f"{card.name}: {archive.name} is not at hand.\n{instructions(card)}")
        try:
            if archive.hub:
                download_at_commit(archive.hub, target)
            else:
                download(archive.url, target, size=archive.size, sha256=archive.sha256)
        except MissingError as error:
            raise MissingError(f"{card.name}: {error}\n{instructions(card)}") from error
    return archive, target, "download"


@contextmanager
def _open_archives(card: Card, packed: Sequence[tuple[Archive, Path, str]]) -> Iterator[RawFiles]:
    """Verify archives, unpack those that are packed, and find the card's files in them."""
    provenance = [_verified(archive, path, origin) for archive, path, origin in packed]
    if not any(archive.unpack for archive, _, _ in packed):
        yield RawFiles(card, _match(card, [_by_name({a.name: path for a, path, _ in packed})]), provenance)
        return
    with scratch_folder(archives()) as scratch:
        lookups = []
        for place, (archive, path, _) in enumerate(packed):
            names = {archive.name: path}
            if archive.unpack:
                folder = scratch / str(place)
                folder.mkdir()
                names = {name: folder / name for name in unpack(path, folder, _wanted(card))}
            lookups.append(_by_name(names))
        yield RawFiles(card, _match(card, lookups), provenance)


def _by_name(names: Mapping[str, Path]) -> Lookup:
    return lambda pattern: [names[name] for name in sorted(names) if _fits(name, pattern)]


def _fits(name: str, pattern: str) -> bool:
    """Say whether a relative path is what a pattern means: part by part, * and ? within a part."""
    parts, patterns = name.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _wanted(card: Card) -> Callable[[str], bool]:
    patterns = [pattern for wanted in card.files.values() for pattern in wanted.accept]
    return lambda name: any(_fits(name, pattern) for pattern in patterns)


def _verified(archive: Archive, path: Path, origin: str) -> dict[str, Any]:
    """Return the provenance of an archive. Raises MismatchError where it is not the one that is known."""
    entry = _entry(archive.name, path, origin)
    recorded = record(path) if origin == "download" else {}
    known = archive.sha256 or recorded.get("sha256")
    if known and entry["sha256"] != known:
        source = "the card knows" if archive.sha256 else "recorded when it was downloaded:"
        raise MismatchError(
            f"{path} is not the file that is expected. Its SHA-256: {entry['sha256']} ({entry['size']:,} bytes); "
            f"{source} {known}" + (f" ({archive.size:,} bytes)" if archive.size else "") + ". Get it again."
        )
    if origin != "download":
        return entry | {"canonical": archive.sha256 is not None}
    entry["url"] = recorded.get("url", archive.url)
    if (
        archive.hub
    ):  # the card names a commit, and what came was compared with what the Hub has at that commit
        entry |= archive.hub._asdict()
    return entry | {"canonical": archive.sha256 is not None or archive.hub is not None}


def _raw_entry(card: Card, name: str, path: Path, origin: str) -> dict[str, Any]:
    """Return the provenance of a raw file that came unpacked: recorded, and canonical if the card knows it."""
    entry = _entry(name, path, origin)
    return entry | {"canonical": entry["sha256"] in {archive.sha256 for archive in card.archives}}


def _entry(name: str, path: Path, origin: str) -> dict[str, Any]:
    return {"name": name, "sha256": sha256_of(path), "size": path.stat().st_size, "from": origin}
