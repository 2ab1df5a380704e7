"""Loading what was published: files by revision from the Hub or its cache, and proof that they are what was asked for.

``datasets`` gives, where it cannot reach the Hub, whatever revision its cache holds, without a word. Here a revision that
is not at hand is an error, and the content has to have the fingerprints of the manifest and of the address.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError, MismatchError, MissingError
from recdata.hub.address import Address, parse_address
from recdata.hub.install import install, stored
from recdata.hub.manifest import read_export
from recdata.protocol.answers import AnyTask
from recdata.protocol.built import task_folder
from recdata.protocol.make import make_task
from recdata.protocol.names import card_of, parse_name
from recdata.sources.huggingface import hub_errors
from recdata.store.files import sha256_of
from recdata.store.manifest import NAME


def load_corpus(text: str, *, from_path: Path | None = None, allow_partial: bool = False) -> Corpus:
    """Return the corpus at an address, from the store where it has it, else from the published rows.

    Of a recipe, the corpus is built from the raw files (``from_path``, or as ever) and compared. Raises MissingError where
    the repository or its revision cannot be had, MismatchError where the bytes are not those that were asked for,
    InputError where the address names a task, or a sample was published and ``allow_partial`` is not said.
    """
    address = parse_address(text)
    if address.protocol is not None:
        raise InputError(f"{text!r} names a task; recdata.task loads those")
    manifest, commit = _manifest(address)
    corpus = _corpus(address, manifest, commit, from_path, allow_partial)
    _check(text, address, corpus.fingerprint)
    return corpus


def load_task(text: str, *, from_path: Path | None = None, allow_partial: bool = False) -> AnyTask:
    """Return the task at an address, made again from the published corpus (or, of a recipe, the raw files), and compared.

    Where the address names no protocol, the repository must have one task alone. Errors as ``load_corpus``.
    """
    address = parse_address(text)
    manifest, commit = _manifest(address)
    published = _published_task(text, address, manifest)
    corpus = _corpus(address, manifest, commit, from_path, allow_partial)
    protocol = published["protocol"]
    task = make_task(corpus.folder, protocol, task_folder(corpus.name, protocol))
    if task.fingerprint != published["fingerprint"]:
        raise MismatchError(
            f"{text}: the task made here has the fingerprint {task.fingerprint[:12]}, the published one has "
            f"{published['fingerprint'][:12]}; this recdata makes another of that protocol, or it was altered"
        )
    _check(text, address, task.fingerprint)
    return task


def _manifest(address: Address) -> tuple[dict[str, Any], str]:
    """Return the manifest at the address's revision, and the commit that this is."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    where = f"{address.repo} at {address.revision}"
    with hub_errors(address.repo):
        try:
            path = Path(hf_hub_download(address.repo, NAME, repo_type="dataset", revision=address.revision))
        except LocalEntryNotFoundError:
            raise MissingError(
                f"{where} cannot be had: the Hub cannot be reached, and its cache here has no such revision. (datasets "
                "would give whatever revision its cache holds; recdata does not.)"
            ) from None
        except EntryNotFoundError:
            raise MissingError(f"{where} has no {NAME}: it was not published by recdata") from None
    manifest = read_export(path, where)
    if re.fullmatch(r"v\d+\.\d+\.\d+", address.revision) and address.revision != f"v{manifest['version']}":
        raise MismatchError(
            f"{where} holds version {manifest['version']}: the tag was moved or the cache is wrong"
        )
    if address.revision != "main":
        _warn_if_superseded(address, manifest)
    # The cache keeps each commit's files in a folder of that name.
    return manifest, path.parent.name


def _warn_if_superseded(address: Address, manifest: Mapping[str, Any]) -> None:
    """Warn where the repository's main branch has a newer version, in the words in which that says why.

    Of the corpus by its card's changes, of the protocol that the address names by what it says that it supersedes.
    """
    from huggingface_hub import hf_hub_download

    try:
        with hub_errors(address.repo):
            path = hf_hub_download(address.repo, NAME, repo_type="dataset", revision="main")
        newest = read_export(Path(path), f"{address.repo} at main")
    except (MissingError, MismatchError, InputError):
        return
    if newest["version"] != manifest["version"]:
        why = "; ".join(c["what"].strip() for c in newest["changes"] if c["version"] == newest["version"])
        _superseded(address.repo, manifest["version"], newest["version"], why)
    for name, task in manifest["tasks"].items():
        other = newest["tasks"].get(name)
        if address.protocol in (None, name) and other is not None:
            old, new = (int(each["protocol"]["version"]) for each in (task, other))
            if new > old:
                why = str(other["protocol"].get("supersedes", "")).strip()
                _superseded(address.repo, f"{name}@{old}", f"{name}@{new}", why)


def _superseded(repo: str, old: str, new: str, why: str) -> None:
    warnings.warn(f"{repo}: {old} is superseded by {new}" + (f": {why}" if why else ""), stacklevel=5)


def _published_task(text: str, address: Address, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    tasks: Mapping[str, Mapping[str, Any]] = manifest["tasks"]
    if address.protocol is None:
        if len(tasks) != 1:
            raise InputError(
                f"{text} has the tasks {', '.join(tasks) or 'none'}: name one, as in {text}/PROTOCOL"
            )
        return next(iter(tasks.values()))
    if address.protocol not in tasks:
        raise MissingError(
            f"{text}: there is no task {address.protocol!r}; there are {', '.join(tasks) or 'none'}"
        )
    task = tasks[address.protocol]
    version = str(task["protocol"]["version"])
    if address.protocol_version not in (None, version):
        raise MissingError(
            f"{text}: {address.protocol} is at version {version} there; an older one has an older tag"
        )
    return task


def _corpus(
    address: Address,
    manifest: Mapping[str, Any],
    commit: str,
    from_path: Path | None,
    allow_partial: bool,
) -> Corpus:
    corpus = manifest["corpus"]
    if corpus["partial"] and not allow_partial:
        raise InputError(
            f"{address.repo} holds a sample ({'; '.join(corpus['notes'])}); say allow_partial to take it"
        )
    if not manifest["rows"]:
        card = card_of(parse_name(f"{corpus['name']}@{corpus['version']}"))
        built = Corpus.open(build(card, from_path, allow_partial=allow_partial))
        if built.fingerprint != corpus["fingerprint"]:
            raise MismatchError(
                f"{built.name} as built here has the fingerprint {built.fingerprint[:12]}, the recipe of {address.repo} is "
                f"for {corpus['fingerprint'][:12]}: other raw files, or another edition"
            )
        return built
    there = stored(manifest)
    if there is None:
        files, provenance = _download(address.repo, commit, manifest)
        there = install(manifest, files, provenance)
    return Corpus.open(there)


def _download(
    repo: str, commit: str, manifest: Mapping[str, Any]
) -> tuple[dict[str, list[Path]], list[dict[str, Any]]]:
    """Return the shards of each record kind, checked by their SHA-256, and where they came from."""
    from huggingface_hub import hf_hub_download

    files: dict[str, list[Path]] = {}
    provenance = []
    for name, config in manifest["configs"].items():
        if config["holds"] != "kind":
            continue
        for entry in config["splits"]["full"]["files"]:
            with hub_errors(repo):
                path = Path(hf_hub_download(repo, entry["file"], repo_type="dataset", revision=commit))
            if sha256_of(path) != entry["sha256"]:
                raise MismatchError(
                    f"{repo}: {entry['file']} is not the file that was published: its SHA-256 differs from the manifest's. "
                    f"If its copy {path} is damaged, remove it."
                )
            files.setdefault(name, []).append(path)
            source = f"hf://datasets/{repo}@{commit}/{entry['file']}"
            provenance.append({"name": source, "sha256": entry["sha256"], "size": entry["bytes"]})
    absent = [kind for kind in manifest["corpus"]["kinds"] if kind not in files]
    if absent:
        raise MismatchError(f"{repo} has no rows of {', '.join(absent)}, which its manifest counts")
    return files, provenance


def _check(text: str, address: Address, fingerprint: str) -> None:
    if address.fingerprint is not None and not fingerprint.startswith(address.fingerprint):
        raise MismatchError(
            f"{text}: what is published there has the fingerprint {fingerprint[:12]}; the bytes differ"
        )
