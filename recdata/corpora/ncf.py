"""The files of NCF (He et al. 2017): train.rating, test.rating, and test.negative, the items a test row is ranked among.

A rating file has ``user item rating timestamp``, tab between them; a line of test.negative is ``(user,item)`` and the
items that were drawn for that test row. They are kept as the column ``negatives`` of the test rows. Where the card's
``options.implicit`` is true, ratings and times are placeholders and left out.
"""

from __future__ import annotations

from recdata.corpora.text import read_delimited, read_lines
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

_COLUMNS = {"user": "VARCHAR", "item": "VARCHAR", "rating": "DOUBLE", "seconds": "BIGINT"}


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the files of an NCF corpus that are there; return the SELECT of its interactions.

    Raises InputError where a line of test.negative is not of the layout, or the pairs of the two test files differ.
    """
    parts = [part for part in ("train", "test") if raw.has(part)]
    for part in parts:
        read_delimited(engine, part, raw.path(part), _COLUMNS, delimiter="\t")
    tables = {part: f"(SELECT *, NULL AS negatives FROM {part})" for part in parts}
    if raw.has("negatives"):
        _read_negatives(card, raw, engine)
        tables["test"] = "test JOIN negatives USING (user, item)"
    event = quote(card.options.get("event", "interaction"))
    if card.options.get("implicit", False):
        values = "NULL AS timestamp, NULL AS rating"
    else:
        values = "to_timestamp(seconds) AS timestamp, rating"
    columns = f"user AS user_id, item AS item_id, {values}, {event} AS event"
    selects = (
        f"SELECT {columns}, {quote(part)} AS split, negatives FROM {table}" for part, table in tables.items()
    )
    return {"interactions": " UNION ALL ".join(selects)}


def _read_negatives(card: Card, raw: RawFiles, engine: DuckEngine) -> None:
    """Name ``negatives`` the rows (user, item, negatives) of test.negative; its pairs must be those of the test file."""
    path = raw.path("negatives")
    read_lines(engine, "negative lines", path)
    pair = "regexp_extract(fields[1], '^\\(([^,()]+),([^,()]+)\\)$', ['user', 'item'])"
    engine.keep(
        "negatives",
        f"SELECT pair.user AS user, pair.item AS item, fields[2:] AS negatives, fields[1] AS field FROM "
        f"(SELECT {pair} AS pair, fields FROM (SELECT string_split(line, chr(9)) AS fields "
        f"FROM {name('negative lines')} WHERE line IS NOT NULL))",
    )
    wrong = engine.fetch("SELECT field FROM negatives WHERE user = '' OR len(negatives) = 0 LIMIT 1")
    if wrong:
        raise InputError(
            f"{path}: a line begins with {wrong[0][0][:80]!r}; expected (user,item), a tab and the items drawn for it"
        )
    for left, right, what in (("test", "negatives", path), ("negatives", "test", raw.path("test"))):
        lost = engine.fetch(f"SELECT user, item FROM {left} EXCEPT SELECT user, item FROM {right} LIMIT 1")
        if lost:
            raise InputError(
                f"{card.name}: {what} has no line for user {lost[0][0]!r} and item {lost[0][1]!r}"
            )
    repeated = engine.fetch(
        "SELECT user, item FROM negatives GROUP BY user, item HAVING count(*) > 1 ORDER BY user, item LIMIT 1"
    )
    if repeated:
        raise InputError(
            f"{path}: user {repeated[0][0]!r} and item {repeated[0][1]!r} have more than one line"
        )
