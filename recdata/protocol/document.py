"""Protocol files: found by name and version, checked by schema, defaults filled in."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata import resources
from recdata.errors import InputError, MissingError
from recdata.schema.documents import check, read_yaml

if TYPE_CHECKING:
    from recdata.protocol.names import Name


def protocol_files() -> dict[str, dict[int, Path]]:
    """Return the canonical protocols: name to version to file. A file is called ``<name>@<version>.yaml``."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(resources.folder("protocols").glob("*@*.yaml")):
        name, _, version = path.stem.partition("@")
        found.setdefault(name, {})[int(version)] = path
    return found


def load_protocol(name: str) -> dict[str, Any]:
    """Return the protocol called ``name`` ("loo-last", the newest version, or "loo-last@1").

    Raises MissingError where there is none of that name or version, InputError where its file is wrong.
    """
    short, _, version = name.partition("@")
    files = protocol_files()
    if short not in files:
        near = get_close_matches(short, files, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(files)}"
        raise MissingError(f"there is no protocol {short!r}; {hint}")
    if not version:
        return read_protocol(files[short][max(files[short])])
    if not re.fullmatch(r"[1-9]\d*", version) or int(version) not in files[short]:
        known = ", ".join(f"{short}@{number}" for number in files[short])
        raise MissingError(f"there is no protocol {name!r}; known are {known}")
    newest = max(files[short])
    if int(version) < newest:
        why = str(read_protocol(files[short][newest]).get("supersedes", "")).strip()
        warnings.warn(
            f"protocol {name} is superseded by {short}@{newest}" + (f": {why}" if why else ""), stacklevel=2
        )
    return read_protocol(files[short][int(version)])


def protocol_of(name: Name) -> dict[str, Any]:
    """Return the protocol in the name of a task, the newest version where it says none; errors as ``load_protocol``."""
    return load_protocol(
        f"{name.protocol}@{name.protocol_version}" if name.protocol_version else str(name.protocol)
    )


def check_corpus(protocol: Mapping[str, Any], corpus: str) -> None:
    """Raise InputError where a protocol is made for other corpora than ``corpus``, a name without a version."""
    patterns = protocol.get("corpora")
    if patterns and not any(fnmatchcase(corpus, pattern) for pattern in patterns):
        raise InputError(f"protocol {protocol['name']} is made for {', '.join(patterns)}, not for {corpus}")


def check_metrics(protocol: Mapping[str, Any]) -> None:
    """Raise InputError where a protocol names a metric that is none, or its primary one is not among them."""
    from recdata.metrics.spelling import expand, parse

    where, named, primary = protocol["name"], protocol["metrics"], protocol["primary"]
    # Of a task over examples there are those of each type of answers.
    for kind in named if isinstance(named, Mapping) else [None]:
        names, first = (named, primary) if kind is None else (named[kind], primary.get(kind))
        try:
            known = [str(measure) for measure in expand(names, protocol.get("cutoffs", ()))]
            chosen = None if first is None else str(parse(first))
        except InputError as error:
            raise InputError(f"protocol {where}: {error}") from None
        if chosen not in (None, *known):
            raise InputError(
                f"protocol {where}: primary is {first}; expected one of its metrics, {', '.join(known)}"
            )


def read_protocol(path: Path) -> dict[str, Any]:
    """Return the protocol in ``path`` with defaults filled in. Raises InputError where it is wrong."""
    document = read_yaml(path)
    check(document, "protocol", str(path))
    if path.stem != f"{document['name']}@{document['version']}":
        raise InputError(f"{path}: the file must be called {document['name']}@{document['version']}.yaml")
    return {**_defaults(document["task"]), **document}


@cache
def _defaults(task: str) -> Mapping[str, Any]:
    """Return the defaults of what a protocol for this kind of task may say."""
    schema = json.loads(resources.schema("protocol").read_text(encoding="utf-8"))
    defaults = {key: rule["default"] for key, rule in schema["properties"].items() if "default" in rule}
    if task != "answers":
        return defaults
    known = schema["then"]["propertyNames"]["enum"]
    return {key: value for key, value in defaults.items() if key in known}


def offered(document: Mapping[str, Any]) -> str:
    """Return what a model chooses from or is shown, in a word or two: "full", "sampled-uniform", "profile bm25"."""
    if document["task"] == "answers":
        return f"profile {next(iter(document['profile']))}"
    return str(next(iter(document["candidates"])))


def primaries(document: Mapping[str, Any]) -> str:
    """Return the metric that results are compared by; of a protocol over examples those of each type of answers."""
    primary = document["primary"]
    return primary if isinstance(primary, str) else ", ".join(dict.fromkeys(primary.values()))


def of_paper(documents: Sequence[dict[str, Any]], paper: str) -> list[dict[str, Any]]:
    """Return the protocols of ``documents`` that are set-ups of a paper, by one of its short names in any spelling.

    Raises MissingError, with the names that are known, where there is none.
    """

    def plain(name: str) -> str:
        return re.sub(r"[^a-z0-9]", "", name.lower())

    named = [(document, document.get("reference", {}).get("papers", [])) for document in documents]
    found = [document for document, names in named if plain(paper) in map(plain, names)]
    if not found:
        known = sorted({name for _, names in named for name in names})
        raise MissingError(f"there is no protocol of a paper {paper!r}; known are {', '.join(known)}")
    return found
