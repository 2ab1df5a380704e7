"""Filters by the values of single rows: rating, time, event, any declared column."""

from __future__ import annotations

from recdata.engines.base import Engine, name, quote
from recdata.errors import InputError
from recdata.protocol.moments import parse_moment
from recdata.protocol.operators import Rows


def min_rating(engine: Engine, rows: Rows, kept: str, *, at_least: float) -> Rows:
    """Keep rows rated ``at_least`` or higher; rows without a rating go.

        rating  5 . 3 . 4 - 2      at_least: 4
        kept    5       4

    Source: Liang et al. 2018 (Mult-VAE), who keep ratings of four and more.
    """
    engine.view(kept, f"SELECT {rows.listed()} FROM {name(rows.name)} WHERE rating >= {float(at_least)!r}")
    return rows._replace(name=kept)


def binarise(
    engine: Engine,
    rows: Rows,
    kept: str,
    *,
    at_least: float,
    at_most: float | None = None,
    column: str = "rating",
) -> Rows:
    """Make ratings of ``at_least`` or higher 1 and those of ``at_most`` or lower 0; the rest goes, unrated rows too.

    Without ``at_most`` every other rating is 0. ``column`` is another column of numbers that ratings are made of: the label
    of a log of clicks, how much of a video was watched.

        rating  5 1 3 4 - 2      at_least: 4, at_most: 2
        kept    1 0   1   0

    Source: one threshold: He et al. 2017 (Neural Factorization Machines) and others; two: Song et al. 2019 (AutoInt)
    on MovieLens. Raises InputError where ``at_most`` is not below ``at_least``.
    """
    if at_most is not None and at_most >= at_least:
        raise InputError(f"binarise: at_most ({at_most}) is not below at_least ({at_least})")
    if not rows.columns.get(column, "").startswith(("int", "float")):
        numbers = [each for each, kind in rows.columns.items() if kind.startswith(("int", "float"))]
        raise InputError(
            f"binarise: there is no column {column!r} of numbers; there are {', '.join(numbers)}"
        )
    value = name(column)
    high = f"{value} >= {float(at_least)!r}"
    low = f"{value} IS NOT NULL" if at_most is None else f"{value} <= {float(at_most)!r}"
    one = f"CASE WHEN {high} THEN 1.0e0 ELSE 0.0e0 END"
    engine.view(kept, f"SELECT {rows.listed(rating=one)} FROM {name(rows.name)} WHERE {high} OR {low}")
    return rows._replace(name=kept, changed=tuple(dict.fromkeys((*rows.changed, "rating"))))


def time_range(
    engine: Engine, rows: Rows, kept: str, *, since: str | None = None, until: str | None = None
) -> Rows:
    """Keep rows with ``since`` <= timestamp < ``until`` (ISO 8601, UTC where no offset is given); unknown times go.

        time    1 2 3 4 5 6 7      since: 3, until: 6
        kept        3 4 5

    Source: Ludewig and Jannach 2018 (Evaluation of session-based recommendation algorithms), whose corpora are slices
    of time.
    """
    conditions = ["timestamp IS NOT NULL"]
    for text, sign in ((since, ">="), (until, "<")):
        if text is not None:
            moment = parse_moment(text, "time-range")
            conditions.append(f"timestamp {sign} {engine.moment(moment.isoformat())}")
    engine.view(kept, f"SELECT {rows.listed()} FROM {name(rows.name)} WHERE {' AND '.join(conditions)}")
    return rows._replace(name=kept)


def event_types(engine: Engine, rows: Rows, kept: str, *, keep: list[str]) -> Rows:
    """Keep rows whose event is one of ``keep``.

        event   view cart view buy      keep: [cart, buy]
        kept         cart      buy

    Source: Ludewig and Jannach 2018, who keep the item views of shops' logs.
    """
    return column_values(engine, rows, kept, column="event", values=list(keep))


def column_values(
    engine: Engine,
    rows: Rows,
    kept: str,
    *,
    column: str,
    values: list[str | float | bool],
    of: str = "interactions",
) -> Rows:
    """Keep rows whose ``column`` holds one of ``values``: a locale, a language, a store.

    The column is the interactions' own, or that of the row's item or user in another table of the corpus (``of``: items
    or users). Where it holds a list, one common value is enough; null is never kept.

        locale  UK DE UK FR      column: locale, values: [UK, FR]
        kept    UK    UK FR

    Source: Jin et al. 2023 (Amazon-M2), whose tasks are each of some locales. Raises InputError for a column that the
    corpus does not have, and for values of another type.
    """
    where = "column-values"
    columns = rows.tables.get(of)
    if columns is None or of not in ("interactions", "items", "users"):
        known = ", ".join(table for table in ("interactions", "items", "users") if table in rows.tables)
        raise InputError(f"{where}: of is {of!r}; the corpus has {known}")
    if column not in columns:
        raise InputError(f"{where}: {of} have no column {column!r}; they have {', '.join(columns)}")
    if not values:
        raise InputError(f"{where}: values is empty; name at least one")
    kind = columns[column].removeprefix("list<").removesuffix(">")
    literals = ", ".join(_literal(value, kind, f"{where}: {column}") for value in values)
    if columns[column].startswith("list<"):
        wanted = engine.overlaps(name(column), literals)
    else:
        wanted = f"{name(column)} IN ({literals})"
    if of != "interactions":
        entity = of[:-1]
        wanted = f"{entity} IN (SELECT {entity} FROM {entity}_ids JOIN {name(of)} USING ({entity}_id) WHERE {wanted})"
    engine.view(kept, f"SELECT {rows.listed()} FROM {name(rows.name)} WHERE {wanted}")
    return rows._replace(name=kept)


def _literal(value: str | float | bool, kind: str, where: str) -> str:
    """Return ``value`` as an SQL literal to be compared with a column of the canonical type ``kind``."""
    if kind == "string" and isinstance(value, str):
        return quote(value)
    if kind == "bool" and isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if kind.startswith("int") and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if kind.startswith("float") and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{float(value)!r}e0" if "e" not in repr(float(value)) else repr(float(value))
    raise InputError(
        f"{where} is of type {kind}, which {value!r} is not (and only text, numbers and truths compare)"
    )
