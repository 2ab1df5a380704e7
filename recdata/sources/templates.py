"""Card templates: one file that stands for many corpora, such as one for every category of Amazon Reviews.

``cards/<prefix>.template.yaml`` holds ``each`` (what the corpora differ in: one placeholder's name, and its values with
those of other placeholders), ``common`` (what their cards share) and ``cards`` (one entry for each kind of corpus, which
``common`` is merged into). ``<placeholder>`` in a text becomes its value; a text that is nothing else becomes the value
itself, or is left out with its key where the corpus has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recdata.errors import InputError
from recdata.schema.documents import read_yaml

SUFFIX = ".template.yaml"

_PLACEHOLDER = re.compile(r"<([a-z0-9_]+)>")
_ABSENT = object()
_PARTS = {"each", "common", "cards"}


@dataclass(frozen=True)
class Pattern:
    """One kind of corpus of a template: its card with placeholders, and the values of each corpus by name."""

    name: str
    title: str
    card: Mapping[str, Any]
    corpora: Mapping[str, Mapping[str, Any]]
    source: Path

    def expand(self, corpus: str) -> dict[str, Any]:
        """Return the card document of one corpus. Raises InputError for a placeholder without a value."""
        return dict(_fill(self.card, self.corpora[corpus], f"{self.source} ({corpus})"))


def patterns(folder: Path) -> Iterator[Pattern]:
    """Yield what the templates in ``folder`` stand for, by name."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield from read_template(path)


def find(folder: Path, corpus: str) -> Pattern | None:
    """Return the pattern that a corpus belongs to, None where none has it; reads no template of another prefix."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if f"{corpus}-".startswith(path.name.removesuffix(SUFFIX) + "-"):
            for pattern in read_template(path):
                if corpus in pattern.corpora:
                    return pattern
    return None


@cache
def read_template(path: Path) -> tuple[Pattern, ...]:
    """Return the patterns in a template.

    Raises InputError where it is not one, and where two corpora have one name or a name lacks the file's prefix.
    """
    document = read_yaml(path)
    if not isinstance(document, dict) or set(document) != _PARTS:
        raise InputError(f"{path}: a template has the keys {', '.join(sorted(_PARTS))}")
    if not isinstance(document["each"], dict) or len(document["each"]) != 1:
        raise InputError(f"{path}: 'each' has one key, the placeholder that the corpora differ in")
    ((placeholder, entries),) = document["each"].items()
    known = {placeholder, *(key for values in entries.values() for key in values or {})}
    found, names = [], set()
    for part in document["cards"]:
        card = _merged(document["common"], part)
        corpora = {}
        for key, values in entries.items():
            values = dict.fromkeys(known, _ABSENT) | {placeholder: key} | (values or {})
            name = _fill(card["name"], values, str(path))
            if name in names or not f"{name}-".startswith(path.name.removesuffix(SUFFIX) + "-"):
                raise InputError(f"{path}: the name {name!r} is there twice, or does not begin as the file's")
            names.add(name)
            corpora[name] = values
        found.append(Pattern(card["name"], card["title"], card, corpora, path))
    return tuple(found)


def _merged(base: Any, more: Any) -> Any:
    """Return ``base`` with ``more`` over it: mappings key by key, anything else as a whole."""
    if isinstance(base, dict) and isinstance(more, dict):
        return base | {key: _merged(base.get(key), value) for key, value in more.items()}
    return more


def _fill(part: Any, values: Mapping[str, Any], source: str) -> Any:
    """Return ``part`` with its placeholders filled in."""
    if isinstance(part, dict):
        filled = {key: _fill(value, values, source) for key, value in part.items()}
        return {key: value for key, value in filled.items() if value is not _ABSENT}
    if isinstance(part, list):
        return [value for item in part if (value := _fill(item, values, source)) is not _ABSENT]
    if not isinstance(part, str):
        return part
    if whole := _PLACEHOLDER.fullmatch(part):
        return values.get(whole[1], part)

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1], match[0])
        if value is _ABSENT:
            raise InputError(f"{source}: there is no value for {match[0]}")
        return str(value)

    return _PLACEHOLDER.sub(fill, part)
