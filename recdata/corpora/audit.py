"""Holding a built corpus against its card and the canonical schema: what differs, one finding a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recdata.corpora.built import kind_of
from recdata.corpora.check import check_counts, check_tables
from recdata.corpora.tables import CODES
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, MismatchError
from recdata.schema.kinds import KINDS, Kind
from recdata.sources.cards import Card
from recdata.store.files import check_files
from recdata.store.manifest import read_manifest


class Finding(NamedTuple):
    """One question: what was asked, whether it is as it should be, and what differs where it is not."""

    what: str
    ok: bool
    detail: str = ""


def audit(card: Card, folder: Path) -> list[Finding]:
    """Hold the corpus built in ``folder`` against ``card`` and the schema, and return what was found.

    Its files against the manifest's checksums, its tables against the columns and types that schema and card give them,
    every row against the schema's rules, and the counts against the card's. Raises MissingError where it is not built,
    MismatchError where its manifest was changed.
    """
    manifest = read_manifest(folder)
    version = Finding("version", manifest["version"] == card.version, f"the card's is {card.version}")
    files = _raised("files", lambda: check_files(folder, {**manifest["tables"], **manifest["ids"]}))
    if not files.ok:
        return [version, files]
    kinds = {kind: kind_of(card, kind) for kind in manifest["tables"] if kind in KINDS}
    tables = [_table(folder, manifest["tables"][kind.name], kind) for kind in kinds.values()]
    found = [version, files, *tables]
    if all(table.ok for table in tables):
        found.append(_rules(card, kinds, folder, manifest))
    return [*found, *_counts(card, manifest)]


def _raised(what: str, check: Callable[[], object]) -> Finding:
    """Return what a check finds that raises where something differs."""
    try:
        check()
    except (InputError, MismatchError) as error:
        return Finding(what, False, str(error))
    return Finding(what, True)


def _table(folder: Path, entry: Mapping[str, Any], kind: Kind) -> Finding:
    """Compare a table's columns, types and rows with the schema and with what the manifest says of it."""
    import pyarrow.parquet as pq

    wanted = kind
    if kind.name == "interactions":
        wanted = Kind(kind.name, kind.about, (*kind.columns, *CODES))
    with pq.ParquetFile(folder / entry["file"]) as file:
        there, rows = file.schema_arrow, file.metadata.num_rows
    differing = list(_columns({c.name: c for c in there}, {c.name: c for c in wanted.arrow_schema()}))
    if rows != entry["rows"]:
        differing.append(f"{rows:,} rows, {entry['rows']:,} in the manifest")
    return Finding(f"{kind.name}: columns and rows", not differing, "; ".join(differing))


def _columns(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for column, field in wanted.items():
        if column not in there:
            yield f"there is no column {column!r}"
        elif there[column].type != field.type or there[column].nullable != field.nullable:
            yield f"column {column!r} is {_spelled(there[column])}, not {_spelled(field)}"
    for column in there:
        if column not in wanted:
            yield f"column {column!r} is not declared"


def _spelled(field: Any) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _rules(card: Card, kinds: Mapping[str, Kind], folder: Path, manifest: Mapping[str, Any]) -> Finding:
    """Run the rules that every row has to keep, as they were run when the corpus was built."""
    with DuckEngine() as engine:
        for kind in kinds.values():
            columns = [column.name for column in kind.columns]
            engine.read(f"raw {kind.name}", [folder / manifest["tables"][kind.name]["file"]], columns)
        return _raised("rules of the schema", lambda: check_tables(card, kinds, engine, manifest["partial"]))


def _counts(card: Card, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the counts with those of the card's edition; say what was left out."""
    editions = dict(card.editions())
    if not any(editions.values()):
        yield Finding("counts", True, "the card knows none")
    elif manifest["edition"] in editions:
        for what, number in editions[manifest["edition"]].items():
            found = manifest["counts"].get(what, 0)
            yield Finding(f"count of {what}", found == number, f"{found:,}; the card's is {number:,}")
    else:
        yield _raised("counts", lambda: check_counts(card, manifest["counts"], False))
    if manifest.get("skipped"):
        yield Finding("rows left out", False, f"{len(manifest['skipped']):,} that could not be read")
