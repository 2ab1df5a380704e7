"""The Hugging Face Hub as recdata meets it: one file of a dataset repository at a commit, and its client's errors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from recdata.errors import InputError, MismatchError, MissingError, RecdataError, ResourceError
from recdata.sources.download import download

if TYPE_CHECKING:
    from recdata.sources.cards import HubFile


def download_at_commit(file: HubFile, target: Path) -> None:
    """Download a file of the Hub to ``target``; the bytes have to be those that the Hub names for that commit.

    The Hub says the SHA-256 of a large file, git's blob id of a small one. Otherwise as ``download``. Raises MissingError
    where the Hub, the repository, the commit or the file cannot be had, MismatchError where it answers with another commit,
    or the bytes are others.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(file.repo, file.file, repo_type="dataset", revision=file.revision)
    if os.environ.get("RECDATA_OFFLINE"):
        raise MissingError(f"{url} is not downloaded: RECDATA_OFFLINE is set")
    try:
        with hub_errors(file.repo):
            told = get_hf_file_metadata(url)
    except ResourceError as error:
        raise MissingError(str(error)) from None
    if told.commit_hash != file.revision:
        raise MismatchError(f"{url}: the Hub answers with the commit {told.commit_hash}")
    large = len(told.etag or "") == 64
    download(url, target, size=told.size, sha256=told.etag if large else None)
    if not large and blob_id(target.read_bytes()) != told.etag:
        target.unlink()
        raise MismatchError(f"{url} is not the file that was expected: git's id of it is not {told.etag}")


def blob_id(body: bytes) -> str:
    """Return the id that git gives to a file with these bytes."""
    return hashlib.sha1(b"blob %d\x00" % len(body) + body, usedforsecurity=False).hexdigest()


@contextmanager
def hub_errors(repo: str) -> Iterator[None]:
    """Turn what the Hub and its client raise into errors of recdata, in words that hold no token."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except RecdataError:
        raise
    except HFValidationError as error:
        raise InputError(f"{repo!r} is not a repository's name, ORG/NAME: {error}") from None
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise MissingError(
            f"{repo}: the Hub cannot be reached, or is switched off: {_first(error)}"
        ) from None
    except GatedRepoError:
        raise MissingError(f"{repo} is gated: ask for access on its page, then `hf auth login`") from None
    except RevisionNotFoundError:
        raise MissingError(f"{repo} has no such revision") from None
    except RepositoryNotFoundError:
        raise MissingError(
            f"{repo} is not on the Hub, or is private and the token does not allow it: `hf auth login`, or set HF_TOKEN"
        ) from None
    except EntryNotFoundError as error:
        raise MissingError(f"{repo}: {_first(error)}") from None
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status in (401, 403):
            raise MissingError(
                f"{repo}: the Hub refuses ({status}); a token that may write is needed: `hf auth login`, or set HF_TOKEN"
            ) from None
        raise ResourceError(_without(f"{repo}: the Hub answers {_first(error)}", get_token())) from None
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ResourceError(
            _without(f"{repo}: {type(error).__name__}: {_first(error)}", get_token())
        ) from None
    except Exception as error:
        # Errors of the HTTP library, whose name differs between versions of huggingface_hub (requests, httpx, httpx2).
        if not type(error).__module__.startswith(("httpx", "requests", "httpcore", "urllib3")):
            raise
        text = f"{repo}: the Hub cannot be reached: {type(error).__name__}: {_first(error)}; run it again to take it up"
        raise ResourceError(_without(text, get_token())) from None


def _first(error: BaseException) -> str:
    """Return the message of an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _without(text: str, token: str | None) -> str:
    return text.replace(token, "(token)") if token else text
