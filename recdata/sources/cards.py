"""Corpus cards: what a corpus is, its licence and citation, its raw files, and what they must hold."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from recdata import resources
from recdata.errors import InputError, MissingError
from recdata.schema.documents import check, read_yaml
from recdata.schema.kinds import KINDS, Column
from recdata.sources import templates
from recdata.sources.templates import Pattern
from recdata.store.paths import corpora

CARD = "card.yaml"
"""What a built corpus's folder keeps a card as that does not ship with recdata."""


@dataclass(frozen=True)
class Licence:
    """The terms of a corpus: an SPDX id, or the name of the publisher's terms with a link to them."""

    may_redistribute: bool
    spdx: str | None = None
    name: str | None = None
    link: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        """Return the terms in one line."""
        if self.spdx:
            return f"{self.spdx} (https://spdx.org/licenses/{self.spdx}.html)"
        return f"{self.name} ({self.link})"


class HubFile(NamedTuple):
    """A file of a dataset repository on the Hub. revision: a whole commit id, so that it is the same file for ever."""

    repo: str
    revision: str
    file: str


@dataclass(frozen=True)
class Archive:
    """A file that the publisher offers: packed raw files, or (``unpack`` false) a raw file itself.

    hub: where on the Hugging Face Hub it stands, if it does; ``url`` is its address there. size is in bytes, sha256 in hex;
    None where none is known, and then no bytes of it count as canonical, but for those of a commit of the Hub.
    """

    name: str
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    unpack: bool = True
    note: str | None = None
    hub: HubFile | None = None


@dataclass(frozen=True)
class Wanted:
    """A raw file that a family's module asks for: the paths it is accepted at, the first match counts.

    several: every file that matches is one part of it.
    """

    accept: tuple[str, ...]
    required: bool = True
    several: bool = False


@dataclass(frozen=True)
class Table:
    """What a corpus adds to a record kind, and what must hold in it; a key of its own where the kind's is too short."""

    columns: tuple[Column, ...] = ()
    unique: tuple[str, ...] = ()
    orphans: str = "error"
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A corpus card, checked.

    source: the file it came from. options: for the family's module. answers: of a corpus of examples, what the answers are.
    """

    name: str
    version: str
    title: str
    description: str
    homepage: str
    family: str
    licence: Licence
    citation: str
    source: Path
    files: Mapping[str, Wanted]
    expected: tuple[tuple[str | None, Mapping[str, int]], ...]
    archives: tuple[Archive, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    obtain: str | None = None
    changes: tuple[Mapping[str, str], ...] = ()
    answers: Mapping[str, Any] | None = None

    @property
    def shipped(self) -> bool:
        """Whether the card is one of recdata's own."""
        return self.source.resolve().parent == resources.folder("cards").resolve()

    def table(self, kind: str) -> Table:
        """Return what the corpus adds to a record kind: nothing where the card does not speak of it."""
        return self.tables.get(kind, Table())

    def extra_columns(self, kind: str) -> tuple[Column, ...]:
        """Return the columns that the corpus adds to a record kind, in order."""
        return self.table(kind).columns

    def key(self, kind: str) -> tuple[str, ...]:
        """Return the columns that identify a row of a record kind in this corpus; empty: those of the kind."""
        return self.table(kind).key

    def unique(self, kind: str) -> tuple[str, ...]:
        """Return the columns whose combination occurs once in a record kind; empty: nothing is promised."""
        return self.table(kind).unique

    def orphans(self, kind: str) -> str:
        """Say what ids are that the corpus's own users or items table lacks: "error" or "allow"."""
        return self.table(kind).orphans

    def editions(self) -> Sequence[tuple[str | None, Mapping[str, int]]]:
        """Return (edition, expected counts) pairs; one with the name None where the card knows no editions.

        Counts are rows by record kind; ``interacting_users`` and ``interacting_items`` count the distinct ids
        in interactions, ``pairs`` the distinct pairs of them. What is not known is left out.
        """
        return self.expected


def card_names() -> list[str]:
    """Return the names of the corpora that recdata has cards of, sorted; of the cards only templates are read."""
    expanded = (name for pattern in card_patterns() for name in pattern.corpora)
    return sorted([*plain_card_names(), *expanded])


def plain_card_names() -> list[str]:
    """Return the names of the corpora that have a card of their own, sorted, without reading any."""
    paths = resources.folder("cards").glob("*.yaml")
    return sorted(path.stem for path in paths if not path.name.endswith(templates.SUFFIX))


def card_patterns() -> list[Pattern]:
    """Return what stands for many corpora at once, such as ``amazon-2018-<category>``, by name."""
    return sorted(templates.patterns(resources.folder("cards")), key=lambda pattern: pattern.name)


def load_card(name: str) -> Card:
    """Return the card of a corpus by name: one that ships, or one outside the package that the store has built.

    Raises MissingError where there is none of that name.
    """
    if card := _shipped_card(name):
        return card
    if kept := sorted(corpora().glob(f"{name}@*/{CARD}"), key=lambda path: path.stat().st_mtime):
        return read_card(kept[-1])
    near = difflib.get_close_matches(name, [*card_names(), *own_card_names()], n=3, cutoff=0.5)
    names = sorted([*plain_card_names(), *(pattern.name for pattern in card_patterns()), *own_card_names()])
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names)}"
    raise MissingError(f"there is no corpus {name!r}; {hint}")


def own_card_names() -> list[str]:
    """Return the names of the corpora that the store has built from cards outside the package, sorted."""
    return sorted({path.parent.name.partition("@")[0] for path in corpora().glob(f"*@*/{CARD}")})


@cache
def _shipped_card(name: str) -> Card | None:
    """Return the card of that name that ships with recdata, None where none does."""
    folder = resources.folder("cards")
    if name in plain_card_names():
        card = read_card(folder / f"{name}.yaml")
        if card.name != name:
            raise InputError(f"{card.source}: the name is {card.name!r}; it must be the file's")
        return card
    pattern = templates.find(folder, name)
    if pattern is None:
        return None
    return _card(pattern.expand(name), pattern.source, f"{pattern.source} ({name})")


def read_own_card(path: Path) -> Card:
    """Read a card outside the package, for a corpus of one's own.

    Raises InputError where a card that ships has its name, else as ``read_card``.
    """
    card = read_card(path)
    if not card.shipped and _shipped_card(card.name) is not None:
        raise InputError(
            f"{path}: {card.name!r} is the name of a card that ships with recdata; give yours another"
        )
    return card


def read_card(path: Path) -> Card:
    """Read and check the card in ``path``, which need not belong to the package.

    Raises MissingError where the file is not there, InputError naming the place in it for what is wrong.
    """
    return _card(read_yaml(path), path, str(path))


def _card(document: Any, path: Path, source: str) -> Card:
    """Return a card from its document; ``source`` is what messages call it."""
    check(document, "card", source)
    tables = {kind: _table(kind, table, path) for kind, table in document.pop("tables", {}).items()}
    columns = {column.name for column in tables.get("examples", Table()).columns}
    for name in document.get("answers", {}).get("groups", ()):
        if name not in columns:
            raise InputError(
                f"{source}: answers: groups: {name!r} is not a column that the card declares for examples"
            )
    editions = document.pop("editions", None) or [{"name": None, "expected": document.pop("expected", None)}]
    archives = tuple(map(_archive, document.pop("archives", [])))
    if len({archive.name for archive in archives}) < len(archives):
        raise InputError(f"{path}: two archives have the same name")
    return Card(
        **document
        | {
            "source": path,
            "licence": Licence(**document["licence"]),
            "files": {name: _wanted(file) for name, file in document["files"].items()},
            "expected": tuple((edition["name"], edition["expected"]) for edition in editions),
            "archives": archives,
            "changes": tuple(document.pop("changes", ())),
            "tables": tables,
        }
    )


def _archive(entry: Mapping[str, Any]) -> Archive:
    """Return one entry of ``archives``; a file of a dataset repository on the Hub has its address there."""
    entry = dict(entry)
    if hub := entry.get("hub"):
        from huggingface_hub import hf_hub_url

        entry["hub"] = HubFile(**hub)
        entry["url"] = hf_hub_url(hub["repo"], hub["file"], repo_type="dataset", revision=hub["revision"])
    return Archive(**entry)


def _wanted(file: Any) -> Wanted:
    if isinstance(file, list):
        return Wanted(tuple(file))
    return Wanted(**file | {"accept": tuple(file["accept"])})


def _table(kind: str, table: Mapping[str, Any], path: Path) -> Table:
    """Return one entry of ``tables``. Raises InputError for an unknown kind, a repeated or unknown column."""
    if kind not in KINDS:
        raise InputError(f"{path}: tables: {kind!r} is not a record kind; there are {', '.join(KINDS)}")
    columns = tuple(Column(**{"nullable": False} | column) for column in table.get("columns", ()))
    try:
        known = [column.name for column in KINDS[kind].with_extra(columns).columns]
    except InputError as error:
        raise InputError(f"{path}: tables: {error}") from None
    for rule in ("unique", "key"):
        for name in table.get(rule, ()):
            if name not in known:
                raise InputError(
                    f"{path}: tables: {kind}: {rule}: there is no column {name!r}, only {', '.join(known)}"
                )
    key = tuple(table.get("key", ()))
    if key and key[: len(KINDS[kind].key)] != KINDS[kind].key:
        raise InputError(f"{path}: tables: {kind}: the key begins with {', '.join(KINDS[kind].key)}")
    return Table(columns, tuple(table.get("unique", ())), table.get("orphans", "error"), key)
