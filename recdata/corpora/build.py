"""Building a corpus: raw files to canonical tables, checked, in canonical order, with codes and fingerprints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path

import duckdb

from recdata.corpora.built import is_built, kind_of
from recdata.corpora.check import check_counts, check_tables
from recdata.corpora.tables import load, write_interactions, write_table
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError, MismatchError
from recdata.schema.kinds import SCHEMA_VERSION
from recdata.sources.cards import CARD, Card
from recdata.sources.fetch import RawFiles, obtain
from recdata.store.atomic import atomic_folder
from recdata.store.files import file_entry
from recdata.store.fingerprint import digest
from recdata.store.lock import locked
from recdata.store.manifest import write_manifest
from recdata.store.paths import corpora
from recdata.version import __version__

Reader = Callable[[Card, RawFiles, DuckEngine], Mapping[str, str]]
"""What a family module exports as ``read``: record kind to the SELECT of its canonical columns."""


def build(
    card: Card,
    from_path: Path | None = None,
    *,
    allow_partial: bool = False,
    rebuild: bool = False,
    skip_bad_rows: int = 0,
    folder: Path | None = None,
    threads: int | None = None,
) -> Path:
    """Build the corpus of ``card`` into the store (or ``folder``), unless it is there, and return its folder.

    from_path: a folder or archive of raw files. allow_partial: accept counts other than the card's (samples); the
    manifest says so. rebuild: build again, in place of what is there. skip_bad_rows: how many rows that cannot be read
    may be left out; the manifest lists them, and says that the corpus is partial where there are any. Raises
    MissingError where raw files cannot be had, InputError where they are wrong, MismatchError where counts or checksums
    are not the card's.
    """
    folder = folder or corpora() / f"{card.name}@{card.version}"
    with locked(folder):
        if not rebuild and is_built(card, folder):
            return folder
        with (
            obtain(card, from_path) as raw,
            DuckEngine(threads, skip_bad_rows) as engine,
            atomic_folder(folder, replace=True) as work,
        ):
            try:
                _build_tables(card, raw, engine, work, allow_partial)
            except (
                duckdb.ConversionException,
                duckdb.InvalidInputException,
                duckdb.OutOfRangeException,
            ) as error:
                # What a family's own check does not name by its line.
                what = str(error).splitlines()[0]
                raise InputError(
                    f"{card.name}: a value in the raw files is not what it must be: {what}"
                ) from error
            if not card.shipped:
                shutil.copyfile(card.source, work / CARD)
    return folder


def _build_tables(card: Card, raw: RawFiles, engine: DuckEngine, work: Path, allow_partial: bool) -> None:
    reader: Reader = import_module(f"recdata.corpora.{card.family}").read
    absent = _absent(card, raw)
    if absent and not allow_partial:
        raise MismatchError(
            f"{card.name}: {'; '.join(absent)}\n"
            "To build without them pass --allow-partial: the corpus is then marked as partial."
        )
    kinds, short = {}, {}
    for kind_name, select in reader(card, raw, engine).items():
        kind = kinds[kind_name] = kind_of(card, kind_name)
        short[kind_name] = load(engine, kind, select, card.unique(kind_name))
    if not kinds:
        raise InputError(f"card {card.name}: family {card.family} gave no record kind")
    left_out = engine.bad_rows.documents()
    allow_partial = allow_partial or bool(left_out)
    check_tables(card, short, engine, allow_partial)

    tables = {}
    for kind_name, kind in kinds.items():
        write = write_interactions if kind_name == "interactions" else write_table
        long = kind.columns != short[kind_name].columns
        tables[kind_name] = write(engine, kind, work, long, card.unique(kind_name))
    counts = {kind: table["rows"] for kind, table in tables.items()}
    entities = ("user", "item") if "interactions" in kinds else ()
    for entity in entities:
        counts[f"interacting_{entity}s"] = tables["interactions"].pop(f"{entity}s")
    if entities:
        counts["pairs"] = tables["interactions"].pop("pairs")
    edition, differences = check_counts(card, counts, allow_partial)
    differences += absent
    if left_out:
        differences.append(f"rows that could not be read and were left out: {len(left_out):,}")
    write_manifest(
        work,
        {
            "document": "corpus",
            "name": f"{card.name}@{card.version}",
            "corpus": card.name,
            "version": card.version,
            "edition": edition,
            "partial": bool(differences),
            "schema_version": SCHEMA_VERSION,
            "fingerprint": digest({kind: table["fingerprint"] for kind, table in tables.items()}),
            "counts": counts,
            "tables": tables,
            **({"answers": dict(card.answers)} if card.answers else {}),
            "ids": {f"{entity}_ids": file_entry(work / f"{entity}_ids.parquet") for entity in entities},
            "provenance": list(raw.provenance),
            "notes": differences or _unchecked(card),
            "skipped": left_out,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "recdata": __version__,
        },
    )


def _unchecked(card: Card) -> list[str]:
    """Return what is to be noted of a corpus whose card cannot tell a sample from the whole."""
    known = any(counts for _, counts in card.editions())
    return (
        []
        if known or not card.files
        else ["the card knows no counts: whether the raw files were whole is not checked"]
    )


def _absent(card: Card, raw: RawFiles) -> list[str]:
    """Say which raw files are not there that the publisher offers by themselves: the corpus is not whole without them."""
    offered = {archive.name for archive in card.archives if not archive.unpack}
    names = [
        name for name, wanted in card.files.items() if offered & set(wanted.accept) and not raw.has(name)
    ]
    shown = (f"{name} ({next(filter(offered.__contains__, card.files[name].accept))})" for name in names)
    return [f"raw files that are not there: {', '.join(shown)}"] if names else []
