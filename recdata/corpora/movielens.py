"""MovieLens, all editions: GroupLens' archives to canonical tables.

Formats as the README of each archive (https://files.grouplens.org/datasets/movielens/) describes them. ml-100k: tab and
``|`` separated, Latin-1, one 0/1 column a genre. ml-1m and ml-10m: ``::`` separated, ml-1m in Latin-1. ml-20m and later,
and latest: CSV with header, quoted titles, CRLF or LF by edition.
"""

from __future__ import annotations

from recdata.corpora.text import read_delimited
from recdata.engines.base import name, quote
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import Card
from recdata.sources.fetch import RawFiles

OFFICIAL_SPLITS = ("u1", "u2", "u3", "u4", "u5", "ua", "ub")
"""The splits that ship with ml-100k: five disjoint test fifths, and two with ten test ratings a user."""

_RATING = {"user": "VARCHAR", "item": "VARCHAR", "rating": "DOUBLE", "seconds": "BIGINT"}
_TIME = "make_timestamptz(seconds * 1000000) AS timestamp"
# The last four digits in brackets: "Seven (a.k.a. Se7en) (1995)", "Aladdin (1996) (V)", "Fawlty Towers (1975-1979)".
_YEAR = r"TRY_CAST(nullif(regexp_extract(title, '^.*\((\d{4})[^()]*\)', 1), '') AS INTEGER) AS year"
_GENRES = "CASE WHEN genres IS NULL OR genres = '(no genres listed)' THEN [] ELSE string_split(genres, '|') END AS genres"


def read(card: Card, raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    """Read the raw files of an edition; return for each record kind the SELECT of its canonical columns.

    Raises InputError where the card names a layout that is not known here.
    """
    layouts = {"100k": _read_100k, "1m": _read_1m, "10m": _read_10m, "csv": _read_csv}
    layout = card.options.get("layout")
    if layout not in layouts:
        raise InputError(
            f"card {card.name}: options.layout is {layout!r}; expected one of {', '.join(layouts)}"
        )
    return layouts[layout](raw, engine)


def _interactions(more: str = "") -> str:
    return f"SELECT user AS user_id, item AS item_id, {_TIME}, rating, 'rating' AS event{more} FROM ratings"


def _read_100k(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_delimited(engine, "ratings", raw.path("ratings"), _RATING, delimiter="\t")
    splits = [split for split in OFFICIAL_SPLITS if raw.has(f"{split}.base") and raw.has(f"{split}.test")]
    for split in splits:
        for part in ("base", "test"):
            read_delimited(engine, f"{split}.{part}", raw.path(f"{split}.{part}"), _RATING, delimiter="\t")
        engine.view(
            split,
            f"SELECT user, item, 'train' AS part FROM {name(split + '.base')} "
            f"UNION ALL SELECT user, item, 'test' AS part FROM {name(split + '.test')}",
        )
    joined = "".join(f" LEFT JOIN {split} USING (user, item)" for split in splits)
    parts = "".join(
        f", {split}.part AS {split}" if split in splits else f", NULL AS {split}" for split in OFFICIAL_SPLITS
    )
    tables = {"interactions": _interactions(parts) + joined}

    if raw.has("items"):
        genres = raw.path("genres").read_text(encoding="latin-1").splitlines()
        genres = [line.rsplit("|", 1)[0] for line in genres if line]
        flags = {f"genre{place}": "TINYINT" for place in range(len(genres))}
        columns = dict.fromkeys(("item", "title", "released", "video", "url"), "VARCHAR") | flags
        read_delimited(engine, "movies", raw.path("items"), columns, delimiter="|", encoding="latin-1")
        listed = ", ".join(
            f"CASE genre{place} WHEN 1 THEN {quote(genre)} END" for place, genre in enumerate(genres)
        )
        tables["items"] = (
            f"SELECT item AS item_id, title, {_YEAR}, list_filter([{listed}], lambda g: g IS NOT NULL) AS genres, "
            "released AS release_date, video AS video_release_date, url AS imdb_url FROM movies"
        )
    if raw.has("users"):
        columns = {
            "user": "VARCHAR",
            "age": "INTEGER",
            "gender": "VARCHAR",
            "job": "VARCHAR",
            "zip": "VARCHAR",
        }
        read_delimited(engine, "people", raw.path("users"), columns, delimiter="|", encoding="latin-1")
        tables["users"] = (
            "SELECT user AS user_id, age, gender, job AS occupation, zip AS zip_code FROM people"
        )
    return tables


def _read_movies(raw: RawFiles, engine: DuckEngine, encoding: str) -> dict[str, str]:
    columns = dict.fromkeys(("item", "title", "genres"), "VARCHAR")
    read_delimited(engine, "movies", raw.path("items"), columns, delimiter="::", encoding=encoding)
    return {"items": f"SELECT item AS item_id, title, {_YEAR}, {_GENRES} FROM movies"}


def _read_1m(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_delimited(engine, "ratings", raw.path("ratings"), _RATING, delimiter="::")
    tables = {"interactions": _interactions()}
    if raw.has("items"):
        tables |= _read_movies(raw, engine, "latin-1")
    if raw.has("users"):
        columns = {
            "user": "VARCHAR",
            "gender": "VARCHAR",
            "age": "INTEGER",
            "job": "VARCHAR",
            "zip": "VARCHAR",
        }
        read_delimited(engine, "people", raw.path("users"), columns, delimiter="::")
        tables["users"] = (
            "SELECT user AS user_id, gender, age, job AS occupation, zip AS zip_code FROM people"
        )
    return tables


def _read_10m(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    read_delimited(engine, "ratings", raw.path("ratings"), _RATING, delimiter="::")
    tables = {"interactions": _interactions()}
    if raw.has("items"):
        tables |= _read_movies(raw, engine, "utf-8")
    if raw.has("tags"):
        columns = {"user": "VARCHAR", "item": "VARCHAR", "tag": "VARCHAR", "seconds": "BIGINT"}
        read_delimited(engine, "tags", raw.path("tags"), columns, delimiter="::")
        tables["tags"] = _tags()
    return tables


def _tags() -> str:
    # A tag that is an empty field was typed as nothing but white space; it is a tag all the same.
    return f"SELECT user AS user_id, item AS item_id, coalesce(tag, '') AS tag, {_TIME} FROM tags"


def _read_csv(raw: RawFiles, engine: DuckEngine) -> dict[str, str]:
    def load(relation: str, columns: dict[str, str], header: str) -> None:
        read_delimited(
            engine,
            relation,
            raw.path(relation),
            columns,
            delimiter=",",
            header=header.split(","),
            quoted=True,
        )

    load("ratings", _RATING, "userId,movieId,rating,timestamp")
    tables = {"interactions": _interactions()}
    if raw.has("items"):
        load("items", dict.fromkeys(("item", "title", "genres"), "VARCHAR"), "movieId,title,genres")
        links = (
            "LEFT JOIN links USING (item)"
            if raw.has("links")
            else "CROSS JOIN (SELECT NULL AS imdb, NULL AS tmdb)"
        )
        if raw.has("links"):
            load("links", dict.fromkeys(("item", "imdb", "tmdb"), "VARCHAR"), "movieId,imdbId,tmdbId")
        tables["items"] = (
            f"SELECT item AS item_id, title, {_YEAR}, {_GENRES}, imdb AS imdb_id, tmdb AS tmdb_id FROM items {links}"
        )
    if raw.has("tags"):
        columns = {"user": "VARCHAR", "item": "VARCHAR", "tag": "VARCHAR", "seconds": "BIGINT"}
        load("tags", columns, "userId,movieId,tag,timestamp")
        tables["tags"] = _tags()
    return tables
