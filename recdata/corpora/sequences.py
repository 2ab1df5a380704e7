"""Sequence files, one user a line: ``user item item ...``, as NGCF, LightGCN, SASRec's heirs and S3-Rec publish them.

Two layouts: "sequence" (one file, items in the order of time, which is kept as ``position``) and "train-test" (a file
for each part of the published split, which is kept as ``split``; the order of items means nothing).
"""

from __future__ import annotations

from recdata.corpora.text import read_delimited, read_lines
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the files of a sequence corpus; return for each record kind the SELECT of its canonical columns.

    Raises InputError where the card names a layout that is not known here.
    """
    layout = card.options.get("layout")
    event = quote(card.options.get("event", "interaction"))
    common = f"NULL AS timestamp, NULL AS rating, {event} AS event"
    if layout == "sequence":
        _explode(engine, raw, "sequences")
        tables = {"interactions": f"SELECT user_id, item_id, {common}, position FROM sequences"}
    elif layout == "train-test":
        for part in ("train", "test"):
            _explode(engine, raw, part)
        parts = " UNION ALL ".join(
            f"SELECT user_id, item_id, {common}, {quote(part)} AS split FROM {part}"
            for part in ("train", "test")
        )
        tables = {"interactions": parts}
    else:
        raise InputError(f"card {card.name}: options.layout is {layout!r}; expected sequence or train-test")
    for kind, key in (("items", "item_id"), ("users", "user_id")):
        if raw.has(kind):
            columns = dict.fromkeys(("original", "id"), "VARCHAR")
            read_delimited(
                engine, f"{kind} list", raw.path(kind), columns, delimiter=" ", header=["org_id", "remap_id"]
            )
            tables[kind] = f"SELECT id AS {key}, original AS original_id FROM {name(kind + ' list')}"
    return tables


def _explode(engine: DuckEngine, raw: RawFiles, logical: str) -> None:
    """Read one file into (user_id, item_id, position); position counts a user's items from 1."""
    read_lines(engine, f"{logical} lines", raw.path(logical))
    engine.keep(
        logical,
        "SELECT fields[1] AS user_id, unnest(fields[2:]) AS item_id, generate_subscripts(fields[2:], 1) AS position "
        "FROM (SELECT list_filter(string_split_regex(line, '[ \\t]+'), lambda f: f <> '') AS fields "
        f"FROM {name(logical + ' lines')} WHERE line IS NOT NULL)",
    )
