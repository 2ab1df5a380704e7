"""Amazon Reviews of 2014, 2018 and 2023: reviews, ratings and products, a category at a time.

Reviews are JSON lines whose field names differ by generation. Ratings alone are CSV without a header: user first in 2014,
product first in 2018. The benchmark of 2023 is CSV with a header, whole and in parts. Products are JSON lines, in 2014 (and
in 2018's first edition) Python literals; of several rows of one product that one counts which comes first when all
fields are put in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recdata.corpora.jsonl import read_json
from recdata.corpora.literals import as_json
from recdata.corpora.text import read_delimited
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

PARTS = ("train", "valid", "test")

_SECONDS = "make_timestamptz({} * 1000000) AS timestamp"
_RATING = {"rating": "DOUBLE", "time": "BIGINT"}

_REVIEWS_2014 = {
    "reviewerID": "string!",
    "asin": "string!",
    "reviewerName": "text",
    "helpful": "json",
    "reviewText": "text",
    "overall": "float64",
    "summary": "text",
    "unixReviewTime": "int64",
}
_REVIEWS_2018 = {
    "reviewerID": "string!",
    "asin": "string!",
    "reviewerName": "text",
    "verified": "bool",
    "vote": "text",
    "style": "json",
    "reviewText": "text",
    "overall": "float64",
    "summary": "text",
    "unixReviewTime": "int64",
    "image": "strings",
}
_REVIEWS_2023 = {
    "user_id": "string!",
    "parent_asin": "string!",
    "asin": "string!",
    "rating": "float64",
    "title": "text",
    "text": "text",
    "images": "json",
    "timestamp": "int64!",
    "verified_purchase": "bool",
    "helpful_vote": "int64",
}
_PRODUCTS_2014 = {
    "asin": "string!",
    "title": "text",
    "brand": "text",
    "price": "json",
    "categories": "json",
    "description": "strings",
    "salesRank": "json",
    "imUrl": "text",
    "related": "json",
}
_PRODUCTS_2018 = {
    "asin": "string!",
    "title": "text",
    "brand": "text",
    "price": "json",
    "category": "strings",
    "main_cat": "text",
    "description": "strings",
    "feature": "strings",
    "rank": "strings",
    "date": "text",
    "details": "json",
    "imageURLHighRes": "strings",
    "also_buy": "strings",
    "also_view": "strings",
}
_PRODUCTS_2023 = {
    "parent_asin": "string!",
    "title": "text",
    "subtitle": "text",
    "store": "text",
    "price": "json",
    "categories": "strings",
    "main_category": "text",
    "description": "strings",
    "features": "strings",
    "average_rating": "float64",
    "rating_number": "int64",
    "author": "json",
    "details": "json",
    "images": "json",
}


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the raw files of one category; return for each record kind the SELECT of its canonical columns.

    Raises InputError where the card names a layout that is not known here.
    """
    layouts = {
        "2014": (_reviews_2014, _products_2014),
        "2018": (_reviews_2018, _products_2018),
        "2023": (_reviews_2023, _products_2023),
    }
    layout = card.options.get("layout")
    if layout == "benchmark":
        return {"interactions": _benchmark(card, raw, engine)}
    if layout in ("ratings-2014", "ratings-2018"):
        return {"interactions": _ratings(raw, engine, layout)}
    if layout not in layouts:
        known = ", ".join([*layouts, "ratings-2014", "ratings-2018", "benchmark"])
        raise InputError(f"card {card.name}: options.layout is {layout!r}; expected one of {known}")
    reviews, products = layouts[layout]
    tables = {}
    if raw.has("reviews"):
        tables["interactions"] = reviews(raw.path("reviews"), engine)
    if raw.has("products"):
        tables |= products(raw.path("products"), engine)
    return tables


def _reviews_2014(path: Path, engine: DuckEngine) -> str:
    read_json(engine, "reviews", path, _REVIEWS_2014)
    return (
        f"SELECT reviewerID AS user_id, asin AS item_id, {_SECONDS.format('unixReviewTime')}, overall AS rating, "
        "'review' AS event, summary AS title, reviewText AS text, reviewerName AS user_name, helpful[1] AS votes, "
        "helpful[2] AS votes_total FROM (SELECT * REPLACE (from_json(helpful, '[\"INTEGER\"]') AS helpful) FROM reviews)"
    )


def _reviews_2018(path: Path, engine: DuckEngine) -> str:
    read_json(engine, "reviews", path, _REVIEWS_2018)
    style = _pairs("style", "VARCHAR", "name", "value")
    return (
        f"SELECT reviewerID AS user_id, asin AS item_id, {_SECONDS.format('unixReviewTime')}, overall AS rating, "
        "'review' AS event, summary AS title, reviewText AS text, reviewerName AS user_name, verified, "
        "coalesce(CAST(replace(vote, ',', '') AS INTEGER), 0) AS votes, "
        f"coalesce({style}, []) AS style, coalesce(image, []) AS images FROM reviews"
    )


def _reviews_2023(path: Path, engine: DuckEngine) -> str:
    read_json(engine, "reviews", path, _REVIEWS_2023)
    return (
        "SELECT user_id, parent_asin AS item_id, make_timestamptz(timestamp * 1000) AS timestamp, rating, "
        "'review' AS event, title, text, asin, verified_purchase AS verified, helpful_vote AS votes, "
        f"{_images('large_image_url', 'medium_image_url', 'small_image_url')} AS images FROM reviews"
    )


def _ratings(raw: RawFiles, engine: DuckEngine, layout: str) -> str:
    ids = ("user", "item") if layout == "ratings-2014" else ("item", "user")
    columns = dict.fromkeys(ids, "VARCHAR") | _RATING
    read_delimited(engine, "ratings", raw.path("ratings"), columns, delimiter=",")
    return f"SELECT user AS user_id, item AS item_id, {_SECONDS.format('time')}, rating, 'review' AS event FROM ratings"


def _benchmark(card: Card, raw: RawFiles, engine: DuckEngine) -> str:
    """Read the benchmark's rows, whole or as the parts of a split make them up, with the part of each in either split."""
    columns = dict.fromkeys(("user", "item"), "VARCHAR") | _RATING
    header = ("user_id", "parent_asin", "rating", "timestamp")

    def load(logical: str) -> str:
        read_delimited(engine, logical, raw.path(logical), columns, delimiter=",", header=header)
        return name(logical)

    splits = {}
    for split in ("last_out", "by_time"):
        files = {part: f"{split}.{part}" for part in PARTS}
        if all(map(raw.has, files.values())):
            parts = (f"SELECT *, {quote(part)} AS part FROM {load(file)}" for part, file in files.items())
            engine.view(split, " UNION ALL ".join(parts))
            splits[split] = f"{split}.part"
        else:
            splits[split] = "NULL"
    there = [split for split, part in splits.items() if part != "NULL"]
    rows = load("ratings") if raw.has("ratings") else next(iter(there), None)
    if rows is None:
        raise InputError(
            f"{card.name}: neither the ratings nor train, valid and test of one of the splits are there"
        )
    joins = "".join(
        f" LEFT JOIN {split} ON {split}.user = r.user AND {split}.item = r.item" for split in there
    )
    chosen = ", ".join(f"{part} AS {split}" for split, part in splits.items())
    engine.keep(
        "benchmark",
        "SELECT r.user AS user_id, r.item AS item_id, make_timestamptz(r.time * 1000) AS timestamp, r.rating, "
        f"'review' AS event, {chosen} FROM {rows} AS r{joins}",
    )
    return "SELECT * FROM benchmark"


def _products(
    path: Path, engine: DuckEngine, fields: Mapping[str, str], columns: Mapping[str, str], related: str | None
) -> dict[str, str]:
    """Read products into items and relations.

    columns: canonical column to its SQL over ``fields``; item_id is the first of them. related: SQL of a list of
    (relation, list of ids), over the same; None where nothing is published.
    """
    read_json(engine, "product rows", as_json(path, engine.scratch), fields, source=path)
    key = name(next(iter(fields)))
    engine.keep("repeated products", f'SELECT {key} FROM "product rows" GROUP BY {key} HAVING count(*) > 1')
    order = ", ".join(f"{name(field)} NULLS FIRST" for field in fields)
    engine.view(
        "products",
        f'SELECT * FROM "product rows" ANTI JOIN "repeated products" USING ({key}) UNION ALL '
        f"SELECT * EXCLUDE (place) FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS place "
        f'FROM "product rows" SEMI JOIN "repeated products" USING ({key})) WHERE place = 1',
    )
    chosen = ", ".join(f"{sql} AS {column}" for column, sql in columns.items())
    tables = {"items": f"SELECT {key} AS item_id, {chosen} FROM products"}
    if related is not None:
        tables["relations"] = (
            "SELECT 'item' AS source_type, source_id, relation, 'item' AS target_type, target_id, NULL AS weight, "
            "NULL AS timestamp, position FROM (SELECT source_id, r.relation, unnest(r.ids) AS target_id, "
            "generate_subscripts(r.ids, 1) AS position FROM "
            f"(SELECT {key} AS source_id, unnest({related}) AS r FROM products)) WHERE target_id <> ''"
        )
    return tables


def _products_2014(path: Path, engine: DuckEngine) -> dict[str, str]:
    names = ("also_bought", "also_viewed", "bought_together", "buy_after_viewing")
    shape = ", ".join(f'"{relation}": ["VARCHAR"]' for relation in names)
    ids = f"from_json(related, '{{{shape}}}')"
    columns = {
        "title": _known("title"),
        "brand": _known("brand"),
        **_price(),
        "categories": "coalesce(from_json(categories, '[[\"VARCHAR\"]]'), [])",
        "description": "coalesce(description, [])",
        "sales_rank": f"coalesce({_pairs('salesRank', 'BIGINT', 'category', 'rank')}, [])",
        "image": _known("imUrl"),
    }
    return _products(path, engine, _PRODUCTS_2014, columns, _related({r: f"{ids}.{r}" for r in names}))


def _products_2018(path: Path, engine: DuckEngine) -> dict[str, str]:
    columns = {
        "title": _known("title"),
        "brand": _known("brand"),
        **_price(),
        "main_category": _known("main_cat"),
        "categories": "coalesce(category, [])",
        "description": _texts("description"),
        "features": _texts("feature"),
        "rank": _texts("rank"),
        "date": _known("date"),
        "details": "details",
        "images": "coalesce(imageURLHighRes, [])",
    }
    related = _related({"also_bought": "also_buy", "also_viewed": "also_view"})
    return _products(path, engine, _PRODUCTS_2018, columns, related)


def _products_2023(path: Path, engine: DuckEngine) -> dict[str, str]:
    columns = {
        "title": _known("title"),
        "subtitle": _known("subtitle"),
        "brand": _known("store"),
        **_price(),
        "main_category": _known("main_category"),
        "categories": "coalesce(categories, [])",
        "description": "coalesce(description, [])",
        "features": "coalesce(features, [])",
        "average_rating": "average_rating",
        "rating_number": "rating_number",
        "author": "author",
        "details": "details",
        "images": _images("hi_res", "large", "thumb"),
    }
    return _products(path, engine, _PRODUCTS_2023, columns, None)


def _known(field: str) -> str:
    return f"nullif({field}, '')"


def _texts(field: str) -> str:
    """Return SQL for a list of texts without the empty ones that stand for nothing."""
    return f"list_filter(coalesce({field}, []), lambda t: t <> '')"


def _price() -> dict[str, str]:
    """Return the price as published, and as a number where it is one sum and not a range or something else."""
    text = "nullif(price ->> '$', '')"
    number = f"regexp_extract({text}, '^\\$?([0-9][0-9,]*(?:\\.[0-9]+)?)$', 1)"
    return {"price": f"TRY_CAST(nullif(replace({number}, ',', ''), '') AS DOUBLE)", "price_text": text}


def _pairs(field: str, kind: str, key: str, value: str) -> str:
    """Return SQL for an object of any keys as a list of structs."""
    entries = f"map_entries(from_json({field}, '\"MAP(VARCHAR,{kind})\"'))"
    return f"list_transform({entries}, lambda e: {{{quote(key)}: e.key, {quote(value)}: e.value}})"


def _related(lists: Mapping[str, str]) -> str:
    structs = (f"{{'relation': {quote(r)}, 'ids': coalesce({sql}, [])}}" for r, sql in lists.items())
    return f"[{', '.join(structs)}]"


def _images(*sizes: str) -> str:
    """Return SQL for the addresses of images, of each the first size that there is."""
    shape = ", ".join(f'"{size}": "VARCHAR"' for size in sizes)
    first = ", ".join(f"i.{size}" for size in sizes)
    return f"list_transform(coalesce(from_json(images, '[{{{shape}}}]'), []), lambda i: coalesce({first}))"
