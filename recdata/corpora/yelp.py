"""The Yelp Open Dataset: reviews, businesses, users with their friends, tips and check-ins, JSON lines.

The fields changed over the years; an edition's card says which columns it has, and what it does not have is not asked for.
Votes stand in an object before 2016; categories, friends and elite years are lists before 2018 and texts with commas after;
check-ins are counted by hour of the week before 2019 and are single times after. Times are without a zone and taken for UTC.
"""

from __future__ import annotations

from collections.abc import Callable

from recdata.corpora.jsonl import read_json
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

_VOTES = ("useful", "funny", "cool")
_COMPLIMENTS = (
    "hot",
    "more",
    "profile",
    "cute",
    "list",
    "note",
    "plain",
    "cool",
    "funny",
    "writer",
    "photos",
)

_REVIEWS = {
    "review_id": "string!",
    "user_id": "string!",
    "business_id": "string!",
    "stars": "float64!",
    "text": "text",
    "date": "moment!",
    **dict.fromkeys(_VOTES, "int64"),
    "votes": "json",
}
_BUSINESSES = {
    "business_id": "string!",
    "name": "text",
    "neighborhood": "text",
    "address": "text",
    "full_address": "text",
    "city": "text",
    "state": "text",
    "postal_code": "text",
    "latitude": "float64",
    "longitude": "float64",
    "stars": "float64",
    "review_count": "int64",
    "is_open": "int64",
    "open": "bool",
    "categories": "json",
    "attributes": "json",
    "hours": "json",
}
_USERS = {
    "user_id": "string!",
    "name": "text",
    "yelping_since": "moment",
    "review_count": "int64",
    "average_stars": "float64",
    "fans": "int64",
    "friends": "json",
    "elite": "json",
    **dict.fromkeys(_VOTES, "int64"),
    "votes": "json",
    **{f"compliment_{kind}": "int64" for kind in _COMPLIMENTS},
    "compliments": "json",
}
_TIPS = {
    "user_id": "string!",
    "business_id": "string!",
    "text": "text",
    "date": "moment!",
    "compliment_count": "int64",
    "likes": "int64",
}
_CHECKINS = {"business_id": "string!", "date": "text", "time": "json", "checkin_info": "json"}


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the files of an edition; return for each record kind the SELECT of its canonical columns."""
    del card
    tables: dict[str, str] = {}
    readers: dict[str, Callable[[RawFiles, DuckEngine], dict[str, str]]] = {
        "reviews": _reviews,
        "businesses": _businesses,
        "users": _users,
        "tips": _tips,
    }
    for file, reader in readers.items():
        if raw.has(file):
            tables |= reader(raw, engine)
    return tables


def _reviews(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_json(engine, "reviews", raw.path("reviews"), _REVIEWS)
    return {
        "interactions": "SELECT user_id, business_id AS item_id, date AS timestamp, stars AS rating, 'review' AS event, "
        f"review_id, text, {_votes()} FROM reviews"
    }


def _businesses(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_json(engine, "businesses", raw.path("businesses"), _BUSINESSES)
    if raw.has("checkins"):
        _read_checkins(raw, engine)
    else:
        engine.view(
            "checkins", "SELECT '' AS business_id, NULL AS checkins, NULL AS checkin_counts WHERE false"
        )
    return {
        "items": "SELECT business_id AS item_id, name, nullif(neighborhood, '') AS neighborhood, "
        "coalesce(address, full_address) AS address, city, state, "
        "postal_code, latitude, longitude, stars, review_count, coalesce(is_open = 1, open) AS is_open, "
        f"{_list('categories')} AS categories, attributes, hours, checkins, checkin_counts "
        "FROM businesses LEFT JOIN checkins USING (business_id)"
    }


def _read_checkins(raw: RawFiles, engine: DuckEngine) -> None:
    """Read check-ins into (business_id, checkins, checkin_counts), the one that an edition does not have null."""
    path = raw.path("checkins")
    read_json(engine, "checkin rows", path, _CHECKINS)
    shape = "'\"MAP(VARCHAR,JSON)\"'"
    # {"Fri-0": 2} in one edition, {"Friday": {"0:00": 2}} in another, {"0-5": 2} in the first.
    flat = f"map_entries(from_json(coalesce(time, checkin_info), {shape}))"
    inner = f"map_entries(from_json(e.value, {shape}))"
    counts = (
        f"flatten(list_transform({flat}, lambda e: CASE WHEN starts_with(e.value, '{{') "
        f"THEN list_transform({inner}, lambda i: {{'hour': e.key || ' ' || i.key, 'count': CAST(i.value AS BIGINT)}}) "
        "ELSE [{'hour': e.key, 'count': TRY_CAST(e.value AS BIGINT)}] END))"
    )
    engine.keep(
        "checkins",
        "SELECT business_id, list_transform(string_split(date, ', '), lambda d: TRY_CAST(d AS TIMESTAMP)) AS checkins, "
        f'{counts} AS checkin_counts FROM "checkin rows"',
    )
    bad = engine.fetch(
        "SELECT business_id, count(*) OVER () FROM checkins WHERE list_contains(list_transform(checkins, "
        "lambda c: c IS NULL), true) LIMIT 1"
    )
    if bad:
        raise InputError(
            f"{path}: {bad[0][1]:,} businesses have check-ins whose date is not one; the first: business_id={bad[0][0]!r}"
        )


def _users(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_json(engine, "people", raw.path("users"), _USERS)
    entries = "map_entries(from_json(compliments, '\"MAP(VARCHAR,BIGINT)\"'))"
    inside = f"list_transform({entries}, lambda e: {{'kind': e.key, 'count': e.value}})"
    named = ", ".join(f"{{'kind': '{kind}', 'count': compliment_{kind}}}" for kind in _COMPLIMENTS)
    # 2020 was published as 20,20 for years.
    years = (
        "regexp_extract_all(regexp_replace(coalesce(elite, ''), '\\b20,20\\b', '2020'), '\\b20[0-9]{2}\\b')"
    )
    return {
        "users": "SELECT user_id, name, yelping_since, review_count, average_stars, fans, "
        f"list_transform({years}, lambda y: CAST(y AS INTEGER)) AS elite, {_votes()}, "
        f"coalesce({inside}, list_filter([{named}], lambda c: c.count IS NOT NULL)) AS compliments FROM people",
        "relations": "SELECT 'user' AS source_type, user_id AS source_id, 'friend' AS relation, 'user' AS target_type, "
        f"unnest({_list('friends')}) AS target_id, NULL AS weight, NULL AS timestamp FROM people",
    }


def _tips(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_json(engine, "tips", raw.path("tips"), _TIPS)
    return {
        "tags": "SELECT user_id, business_id AS item_id, coalesce(text, '') AS tag, date AS timestamp, "
        "coalesce(compliment_count, likes) AS compliments FROM tips"
    }


def _votes() -> str:
    """Return SQL for the votes, which stand by themselves or in an object."""
    return ", ".join(f"coalesce({vote}, CAST(votes ->> '{vote}' AS BIGINT)) AS {vote}" for vote in _VOTES)


def _list(field: str) -> str:
    """Return SQL for a list that is one, or a text with commas between its elements, or "None"."""
    split = f"list_filter(string_split({field} ->> '$', ', '), lambda t: t NOT IN ('', 'None'))"
    return (
        f"CASE WHEN starts_with({field}, '[') THEN from_json({field}, '[\"VARCHAR\"]') "
        f"WHEN starts_with({field}, '\"') THEN {split} ELSE [] END"
    )
