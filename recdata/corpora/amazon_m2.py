"""Amazon-M2 (KDD Cup 2023): shopping sessions and products of six locales, as the competition's CSV or the authors' Parquet.

A session has no id of its own: the publishers' key is its place among its locale's rows, from 0, so the order of a file's
rows means something. The id here is that place behind the name of the set and the locale: ``train-UK-0``,
``task2-phase1-ES-17``. Labels come in a file of their own, row by row as the sessions.

The same sessions are interactions too, so that tasks 1 and 2 are ranking tasks like any other: a session is the user, its
previous items and then the next one are the user's rows in order. Those of task 3 are examples too, whose answer is a title.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from recdata.corpora.text import first_fields, read_delimited
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

TASKS = ("task1", "task2", "task3")
PHASES = ("phase1", "phase2", "")
"""The two phases of the competition, and test sets of which it is not known to which they belong."""

_ATTRIBUTES = ("title", "price", "brand", "color", "size", "model", "material", "author", "desc")
_TITLES = ("next_item_title", "next_title", "title")


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the files that are there; return for each record kind the SELECT of its canonical columns."""
    del card
    tables, sets = {}, []
    if raw.has("train"):
        _load(engine, "train", raw.path("train"))
        sets.append(_sessions(engine, "train", "train", "", "", raw.path("train")))
    for task in TASKS:
        for phase in PHASES:
            label = "-".join(filter(None, (task, phase)))
            if select := _test_set(engine, raw, label, task, phase):
                sets.append(select)
    if sets:
        tables["sessions"] = sessions = " UNION ALL ".join(sets)
        tables["interactions"] = _interactions(sessions)
        tables["users"] = f"SELECT session_id AS user_id, locale, part, task, phase FROM ({sessions})"
    if raw.has("products"):
        tables["items"] = _products(engine, raw.path("products"))
    if sets and engine.fetch(f"SELECT 1 FROM ({sessions}) WHERE task = 'task3' LIMIT 1"):
        tables["examples"] = _examples(sessions, tables.get("items"))
    return tables


def _test_set(engine: DuckEngine, raw: RawFiles, label: str, task: str, phase: str) -> str | None:
    """Return the SELECT of one test set: sessions with labels, sessions alone, or labels alone."""
    files = [f"{label}.sessions", f"{label}.labels"]
    there = [file for file in files if raw.has(file)]
    if not there:
        return None
    for file in there:
        _load(engine, file, raw.path(file))
    if len(there) == 2:
        counts = engine.fetch(
            f"SELECT locale, s.n, l.n FROM (SELECT locale, count(*) AS n FROM {name(files[0])} GROUP BY locale) AS s "
            f"FULL JOIN (SELECT locale, count(*) AS n FROM {name(files[1])} GROUP BY locale) AS l USING (locale) "
            "WHERE s.n IS DISTINCT FROM l.n ORDER BY locale LIMIT 1"
        )
        if counts:
            locale, sessions, labels = counts[0]
            raise InputError(
                f"{raw.path(files[1])}: {labels or 0:,} labels of {locale} do not fit the {sessions or 0:,} sessions in "
                f"{raw.path(files[0])}"
            )
        engine.keep(
            label,
            f"SELECT s.previous_items, l.next_item, l.next_title, s.locale, s.number FROM {name(files[0])} AS s "
            f"JOIN {name(files[1])} AS l ON s.locale = l.locale AND s.number = l.number",
        )
        there = [label]
    return _sessions(
        engine, there[0], label, task, phase, raw.path(files[0] if raw.has(files[0]) else files[1])
    )


def _sessions(engine: DuckEngine, relation: str, label: str, task: str, phase: str, path: Path) -> str:
    cut = engine.fetch(
        f"SELECT locale, number FROM {name(relation)} WHERE list_contains(previous_items, '...') LIMIT 1"
    )
    if cut:
        raise InputError(
            f"{path}: session {cut[0][1]:,} of {cut[0][0]} is cut short (it holds ...), as numpy prints long arrays"
        )
    nothing = "NULL" if not phase else quote(phase)
    return (
        f"SELECT {quote(label)} || '-' || locale || '-' || number AS session_id, NULL AS user_id, locale, "
        f"NULL AS timestamp, coalesce(previous_items, []) AS previous_items, next_item, next_title, "
        f"{quote('test' if task else 'train')} AS part, {quote(task) if task else 'NULL'} AS task, {nothing} AS phase "
        f"FROM {name(relation)}"
    )


def _interactions(sessions: str) -> str:
    """Return the SELECT of what sessions hold as rows: previous items are context where the next one is asked for.

    The test of phase 1, which the competition's public board showed, validates; that of phase 2 decided, and tests.
    """
    own = "session_id AS user_id, coalesce(task || coalesce('-' || phase, ''), 'train') AS set"
    common = "NULL AS timestamp, NULL AS rating, 'view' AS event"
    return (
        f"SELECT {own}, unnest(previous_items) AS item_id, {common}, generate_subscripts(previous_items, 1) AS position, "
        f"CASE part WHEN 'train' THEN 'train' ELSE 'context' END AS part FROM ({sessions}) "
        f"UNION ALL SELECT {own}, next_item, {common}, len(previous_items) + 1, CASE WHEN part = 'train' THEN 'train' "
        f"WHEN phase = 'phase1' THEN 'valid' ELSE 'test' END FROM ({sessions}) WHERE next_item IS NOT NULL"
    )


def _examples(sessions: str, items: str | None) -> str:
    """Return the SELECT of task 3's sessions as questions: which title comes after these (ids where none is known)."""
    asked = f"SELECT * FROM ({sessions}) WHERE task = 'task3'"
    viewed = (
        "SELECT session_id, locale, unnest(previous_items) AS item_id, generate_subscripts(previous_items, 1) AS place "
        f"FROM ({asked})"
    )
    products = items or "SELECT '' AS item_id, '' AS locale, CAST(NULL AS VARCHAR) AS title"
    entry = "{'id': item_id, 'title': title, 'text': NULL, 'label': NULL, 'timestamp': NULL}"
    gathered = (
        f"SELECT session_id, string_agg(coalesce(title, item_id), chr(10) ORDER BY place) AS input, "
        f"list({entry} ORDER BY place) AS profile FROM ({viewed}) "
        f"LEFT JOIN (SELECT item_id, locale, title FROM ({products})) USING (item_id, locale) GROUP BY session_id"
    )
    return (
        "SELECT session_id AS example_id, session_id AS user_id, task, coalesce(input, '') AS input, "
        "coalesce(profile, []) AS profile, next_title AS target, "
        "CASE phase WHEN 'phase1' THEN 'valid' ELSE 'test' END AS part, locale "
        f"FROM ({asked}) LEFT JOIN ({gathered}) USING (session_id)"
    )


def _load(engine: DuckEngine, relation: str, path: Path) -> None:
    """Read sessions or labels into (previous_items, next_item, next_title, locale, number), number from 0 in each locale."""
    rows = f"{relation} rows"
    columns = _rows(engine, rows, path, ("prev_items", "next_item", "locale", *_TITLES))
    if "locale" not in columns:
        raise InputError(f"{path} has no column 'locale'; it has {', '.join(columns)}")
    previous = "NULL"
    if "prev_items" in columns:
        # The CSV holds numpy's print of an array, ['A' 'B'], on several lines where it is long.
        listed = "regexp_extract_all(prev_items, '[^\\[\\]''\", \\r\\n]+')"
        previous = listed if columns["prev_items"] == "VARCHAR" else "prev_items"
    title = next((title for title in _TITLES if title in columns), "NULL")
    item = "next_item" if "next_item" in columns else "NULL"
    engine.keep(
        relation,
        # Of columns that are not there DuckDB 1.5 must be told the type.
        f"SELECT CAST({previous} AS VARCHAR[]) AS previous_items, CAST({item} AS VARCHAR) AS next_item, "
        f"CAST({title} AS VARCHAR) AS next_title, locale, "
        f"row_number() OVER (PARTITION BY locale ORDER BY place) - 1 AS number FROM {name(rows)}",
    )
    engine.drop(rows)  # its memory is of more use to what follows


def _rows(engine: DuckEngine, relation: str, path: Path, known: tuple[str, ...]) -> dict[str, str]:
    """Read a CSV or Parquet file, numbering its rows as ``place``; return its columns with their DuckDB types.

    Raises InputError for a file that has none of the columns ``known``, a CSV that has others, or damaged Parquet.
    """
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    if parquet:
        scan = f"read_parquet({quote(str(path))}, file_row_number = true)"
        try:
            engine.keep(relation, f"SELECT *, file_row_number AS place FROM {scan}")
        except duckdb.Error as error:
            raise InputError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    else:
        columns = [field for field in first_fields(path, ",", "utf-8") if field in known]
        with engine.in_order():
            read_delimited(
                engine,
                f"{relation} read",
                path,
                dict.fromkeys(columns or known, "VARCHAR")
                | ({"price": "DOUBLE"} if "price" in columns else {}),
                delimiter=",",
                header=columns or known,
                quoted=True,
            )
            engine.keep(relation, f"SELECT *, rowid AS place FROM {name(f'{relation} read')}")
            engine.drop(f"{relation} read")
    described = engine.fetch(f"DESCRIBE {name(relation)}")
    return {row[0]: row[1] for row in described if row[0] in known}


def _products(engine: DuckEngine, path: Path) -> str:
    columns = _rows(engine, "products", path, ("id", "locale", *_ATTRIBUTES))
    for needed in ("id", "locale"):
        if needed not in columns:
            raise InputError(f"{path} has no column {needed!r}; it has {', '.join(columns)}")
    attributes = ", ".join(
        f"{name(attribute) if attribute in columns else 'NULL'} AS {'description' if attribute == 'desc' else attribute}"
        for attribute in _ATTRIBUTES
    )
    return f"SELECT id AS item_id, locale, {attributes} FROM products"
