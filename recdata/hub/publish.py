"""Publishing a folder on the Hugging Face Hub: planned first, sent once, tagged by version, never over a licence."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError, MismatchError, MissingError
from recdata.hub.manifest import read_export
from recdata.hub.verify import check_data, is_export
from recdata.protocol.versions import numbers
from recdata.sources.cards import Licence
from recdata.sources.huggingface import blob_id, hub_errors
from recdata.store.files import sha256_of
from recdata.store.manifest import NAME

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MAIN = "main"
_HEADS = {
    "space": "---\ntitle: {title}\nemoji: 📊\ncolorFrom: blue\ncolorTo: gray\nsdk: static\npinned: false\n---\n",
    "dataset": "---\npretty_name: {title}\nviewer: false\ntags:\n- recommendation\n- recdata\n- leaderboard\n---\n",
}
"""What the Hub wants at the beginning of the README.md of a site and of a ledger."""


@dataclass(frozen=True)
class Plan:
    """What publishing does. kind: "dataset" or "space". create: whether the repository is made. send: path to bytes of what
    is new or changed; delete: what is there and not in the folder. tag: what will be set; None where none is, or where it
    stands already. note: why nothing is to be done, or what is left as it is.
    """

    repo: str
    kind: str
    private: bool
    create: bool
    send: dict[str, int]
    delete: list[str]
    tag: str | None
    note: str = ""

    @property
    def nothing(self) -> bool:
        """Whether everything is there already."""
        return not (self.create or self.send or self.delete or self.tag)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as a document."""
        return asdict(self)


def publish(
    folder: Path,
    repo: str,
    *,
    private: bool = False,
    tag: str | None = None,
    allow_partial: bool = False,
    dry_run: bool = False,
) -> Plan:
    """Publish ``folder`` as the repository ``repo`` (ORG/NAME) and return what was done, or would be (``dry_run``).

    An exported folder becomes a dataset repository tagged with its version; a folder with an index.html a static Space;
    another one, such as a ledger, a dataset repository. tag: another tag than the version's. Files go up in one commit, each
    only where the Hub has not its bytes, so that an interrupted call is taken up by the next; a tag is never moved. The
    token comes from where ``huggingface_hub`` looks for it. Raises InputError where the licence, a sample or an older
    version stands against it, MismatchError where the tag exists with other content or a file was changed since the
    export, MissingError where the Hub refuses or cannot be reached.
    """
    if not folder.is_dir():
        raise MissingError(f"there is no folder {folder}")
    manifest = read_export(folder / NAME, str(folder)) if is_export(folder) else None
    kind = "space" if manifest is None and (folder / "index.html").is_file() else "dataset"
    files = _files(folder)
    if manifest is not None:
        _check_licence(manifest, private)
        if manifest["corpus"]["partial"] and not allow_partial:
            raise InputError(
                f"{manifest['name']} is built from a sample of the raw files ({'; '.join(manifest['corpus']['notes'])}); "
                "build the whole corpus, or say --allow-partial"
            )
        check_data(folder, manifest)
        tag = tag or str(manifest["tag"])
    content = {**files, "README.md": _readme(kind, repo, files.get("README.md"))}
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi(library_name="recdata")
    with hub_errors(repo), _without_advice():
        plan = _plan(api, repo, kind, private, tag, content, manifest)
        if dry_run or plan.nothing:
            return plan
        if plan.create:
            sdk = "static" if kind == "space" else None
            api.create_repo(repo, repo_type=kind, private=private, exist_ok=True, space_sdk=sdk)
            # A new repository has files of the Hub's own, .gitattributes at least.
            made = _plan(api, repo, kind, private, tag, content, manifest)
            plan = Plan(**{**asdict(made), "create": True})
        head = api.repo_info(repo, repo_type=kind, revision=MAIN).sha
        if plan.send or plan.delete:
            additions = [
                CommitOperationAdd(path, source if isinstance(source, bytes) else str(source))
                for path, source in ((path, content[path]) for path in plan.send)
            ]
            # Two files may have the same bytes (tasks that share a part): these go up once, before the commit names both.
            once = {addition.upload_info.sha256: addition for addition in additions}
            api.preupload_lfs_files(repo, once.values(), repo_type=kind, revision=MAIN, free_memory=False)
            operations: list[Any] = [*(CommitOperationDelete(path) for path in plan.delete), *additions]
            message = (
                f"{manifest['name']} ({tag})"
                if manifest
                else f"Published by recdata{f' ({tag})' if tag else ''}"
            )
            done = api.create_commit(
                repo,
                operations,
                commit_message=message,
                repo_type=kind,
                revision=MAIN,
                parent_commit=head,
            )
            head = done.oid
        if plan.tag:
            api.create_tag(repo, tag=plan.tag, repo_type=kind, revision=head)
    return plan


def _files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their paths in the repository; hidden ones stay at home."""
    found = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in place.parts):
            found[place.as_posix()] = path
    if not found:
        raise InputError(f"{folder} is empty")
    return found


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep the client from asking of each data file of a site whether it is meant to go into a Space."""
    logger = logging.getLogger("huggingface_hub.hf_api")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _readme(kind: str, repo: str, written: Path | None) -> Path | bytes:
    """Return the README.md of a repository: the one that the folder has, with the head that the Hub wants."""
    body = written.read_bytes() if written else f"# {repo.partition('/')[2]}\n".encode()
    if written and body.startswith(b"---"):
        return written
    return _HEADS[kind].format(title=json.dumps(repo.partition("/")[2])).encode() + b"\n" + body


def _check_licence(manifest: Mapping[str, Any], private: bool) -> None:
    terms = Licence(**manifest["licence"])
    if not manifest["rows"] or terms.may_redistribute:
        return
    if not manifest["permission"]:
        raise InputError(
            f"{manifest['name']} has rows that its licence, {terms}, does not allow to be published"
        )
    if not private:
        raise InputError(
            f"{manifest['name']} has rows under the licence {terms}, by permission ({manifest['permission']!r}): they go to "
            "a private repository alone; say --private"
        )


def _plan(
    api: HfApi,
    repo: str,
    kind: str,
    private: bool,
    tag: str | None,
    content: Mapping[str, Path | bytes],
    manifest: Mapping[str, Any] | None,
) -> Plan:
    sizes = {path: len(c) if isinstance(c, bytes) else c.stat().st_size for path, c in content.items()}
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        info = api.repo_info(repo, repo_type=kind)
    except RepositoryNotFoundError:
        return Plan(repo, kind, private, True, sizes, [], tag)
    if private and not info.private:
        raise InputError(f"{repo} is public already; make it private on its page, or choose another name")
    known = {ref.name for ref in api.list_repo_refs(repo, repo_type=kind).tags}
    if manifest is not None and tag in known:
        return _against_tag(api, repo, kind, bool(info.private), str(tag), content, manifest)
    send, delete = _differences(api, repo, kind, MAIN, content, sizes)
    if tag in known:
        at_tag, gone = _differences(api, repo, kind, str(tag), content, sizes)
        if at_tag or gone:
            raise MismatchError(
                f"{repo} has a tag {tag} with other content; a tag is never moved: choose another"
            )
    if manifest is not None:
        _check_order(api, repo, manifest)
    return Plan(repo, kind, bool(info.private), False, send, delete, None if tag in known else tag)


def _against_tag(
    api: HfApi,
    repo: str,
    kind: str,
    private: bool,
    tag: str,
    content: Mapping[str, Path | bytes],
    manifest: Mapping[str, Any],
) -> Plan:
    """Plan nothing where the tag has this content. Raises MismatchError where it has another."""
    there = remote_manifest(repo, tag)
    if there["content"] != manifest["content"]:
        raise MismatchError(
            f"{repo} has {there['name']} with the fingerprint {there['fingerprint'][:12]} under the tag {tag}, and this is "
            f"{manifest['name']} with {manifest['fingerprint'][:12]}, or other tables or tasks: a changed content needs a "
            "new version in the corpus's card (major: rows changed, minor: rows or columns added, patch: packaging)"
        )
    sizes = dict.fromkeys(content, 0)
    changed, gone = _differences(api, repo, kind, tag, content, sizes)
    note = f"the tag {tag} has this content already"
    if changed or gone:
        files = ", ".join([*changed, *gone][:3])
        note += f"; its packaging differs ({files}) and is left as it is: a patch version changes it"
    return Plan(repo, kind, private, False, {}, [], None, note)


def _check_order(api: HfApi, repo: str, manifest: Mapping[str, Any]) -> None:
    """Raise InputError where the repository's main branch has a newer version."""
    if not api.file_exists(repo, NAME, repo_type="dataset", revision=MAIN):
        return
    newest = str(remote_manifest(repo, MAIN)["version"])
    if numbers(newest) > numbers(str(manifest["version"])):
        raise InputError(
            f"{repo} is at version {newest}; publishing {manifest['version']} would set it back. An older version stays "
            "loadable by its tag."
        )


def remote_manifest(repo: str, revision: str) -> dict[str, Any]:
    """Return the manifest of a published export at a revision."""
    from huggingface_hub import hf_hub_download

    path = hf_hub_download(repo, NAME, repo_type="dataset", revision=revision)
    return read_export(Path(path), f"{repo} at {revision}")


def _differences(
    api: HfApi,
    repo: str,
    kind: str,
    revision: str,
    content: Mapping[str, Path | bytes],
    sizes: Mapping[str, int],
) -> tuple[dict[str, int], list[str]]:
    """Return what has to be sent (path to bytes) and deleted for ``revision`` to have ``content``."""
    from huggingface_hub.hf_api import RepoFile

    there = {
        entry.path: entry
        for entry in api.list_repo_tree(repo, recursive=True, revision=revision, repo_type=kind)
        if isinstance(entry, RepoFile)
    }
    send = {path: sizes[path] for path, source in content.items() if not _same(source, there.get(path))}
    delete = [path for path in there if path not in content and not path.startswith(".")]
    return send, sorted(delete)


def _same(source: Path | bytes, there: Any) -> bool:
    """Say whether the Hub's file has these bytes: by SHA-256 where it is kept as a large file, by git's hash otherwise."""
    if there is None:
        return False
    if there.lfs is not None:
        found = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else sha256_of(source)
        return bool(found == there.lfs.sha256)
    body = source if isinstance(source, bytes) else source.read_bytes()
    return bool(blob_id(body) == there.blob_id)
