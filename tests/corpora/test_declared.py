"""Declared corpora: the real files against their counts and raw lines, and what is said of cards that are wrong."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.corpora.declared import compile_card
from recdata.errors import InputError, MismatchError
from recdata.sources.cards import load_card, plain_card_names, read_card

FIXTURES = Path(__file__).parent / "fixtures"

# Folder of the real files, counts of record kinds in them, and a count of what is not null.
REAL: dict[str, tuple[str, dict[str, int]]] = {
    "yoochoose": ("yoochoose-sample", {"interactions": 1_000}),
    "retailrocket": ("retailrocket-sample", {"interactions": 100}),
    "diginetica": ("diginetica-sample", {"interactions": 12_391}),
    "goodbooks-10k": ("goodbooks-10k", {"items": 10_000, "interactions": 198, "relations": 99}),
    "filmtrust": ("filmtrust", {"interactions": 35_497, "relations": 1_853, "interacting_users": 1_508}),
    "criteo": ("criteo-sample", {"interactions": 200}),
    "avazu": ("avazu-sample", {"interactions": 100}),
    "redial": ("redial", {"items": 6_924}),
    "lastfm-2k": (
        "lastfm/hetrec2011-lastfm-2k",
        {"interactions": 92_834, "items": 17_632, "relations": 25_434, "interacting_users": 1_892},
    ),
}


@pytest.fixture(scope="module")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Corpus]:
    """Return a function that builds a corpus of the real files, once."""
    folder = tmp_path_factory.mktemp("real")
    done: dict[str, Corpus] = {}

    def corpus(name: str) -> Corpus:
        if name not in done:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("RECDATA_HOME", str(folder))
                done[name] = recdata.load(name, from_path=data / REAL[name][0], allow_partial=True)
        return done[name]

    return corpus


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_counts(real: Callable[[str], Corpus], name: str) -> None:
    manifest = real(name).manifest
    assert REAL[name][1].items() <= manifest["counts"].items()
    assert manifest["partial"] == (name != "filmtrust")


def rows_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_real_yoochoose_rows(real: Callable[[str], Corpus], data: Path) -> None:
    ours = real("yoochoose").to_arrow("interactions").to_pylist()
    raw = rows_of(data / "yoochoose-sample" / "yoochoose-clicks.dat")
    assert sorted((r["user_id"], r["timestamp"], r["item_id"], r["category"]) for r in ours) == sorted(
        (session, moment(time), item, category) for session, time, item, category in raw
    )


def test_real_diginetica_rows(real: Callable[[str], Corpus], data: Path) -> None:
    ours = real("diginetica").to_arrow("interactions").to_pylist()
    raw = rows_of(data / "diginetica-sample" / "sample_train-item-views.csv", ";")[1:]
    expected = [
        (s, i, moment(f"{day}T00:00:00Z").timestamp() + int(ms) / 1000, None if user == "NA" else user)
        for s, user, i, ms, day in raw
    ]
    found = [(r["user_id"], r["item_id"], r["timestamp"].timestamp(), r["visitor"]) for r in ours]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_real_retailrocket_and_filmtrust_rows(real: Callable[[str], Corpus], data: Path) -> None:
    raw = rows_of(data / "retailrocket-sample" / "retailrocket-sample.csv")[1:]
    ours = real("retailrocket").to_arrow("interactions").to_pylist()
    assert sorted(
        (r["user_id"], r["item_id"], r["event"], r["transaction_id"] or "") for r in ours
    ) == sorted((user, item, event, transaction) for _, user, event, item, transaction in raw)
    assert {r["timestamp"] for r in ours} == {
        datetime.fromtimestamp(int(row[0]) / 1000, timezone.utc) for row in raw
    }
    ours = real("filmtrust").to_arrow("relations").to_pylist()
    lines = (data / "filmtrust" / "trust.txt").read_text().splitlines()
    assert sorted(f"{r['source_id']} {r['target_id']} {r['weight']:.0f}" for r in ours) == sorted(lines)


def test_filmtrust_as_librec_ships_it_is_the_same(
    home: Path, data: Path, real: Callable[[str], Corpus]
) -> None:
    parts = recdata.load("filmtrust", from_path=data / "filmtrust" / "librec")
    assert len(parts.manifest["provenance"]) == 5
    assert parts.fingerprint == real("filmtrust").fingerprint


def test_real_goodbooks_rows(real: Callable[[str], Corpus], data: Path) -> None:
    corpus = real("goodbooks-10k")
    books = {row["item_id"]: row for row in corpus.to_arrow("items").to_pylist()}
    header, *raw = rows_of(data / "goodbooks-10k" / "books.csv")
    for fields in raw:
        book = dict(zip(header, fields, strict=True))
        ours = books[book["book_id"]]
        assert (ours["title"], ours["isbn"] or "") == (book["title"], book["isbn"])
        assert ", ".join(ours["authors"]) == book["authors"]
        year = book["original_publication_year"]
        assert ours["year"] == (int(float(year)) if year else None)
    names = dict(rows_of(data / "goodbooks-10k" / "tags.csv")[1:])
    editions = {book["goodreads_book_id"]: item for item, book in books.items()}
    assert sorted(
        (r["source_id"], r["target_id"], f"{r['weight']:.0f}")
        for r in corpus.to_arrow("relations").to_pylist()
    ) == sorted(
        (editions[book], names[tag], count)
        for book, tag, count in rows_of(data / "goodbooks-10k" / "samples" / "book_tags.csv")[1:]
    )


def test_real_lastfm_rows(real: Callable[[str], Corpus], data: Path) -> None:
    corpus, folder = real("lastfm-2k"), data / "lastfm" / "hetrec2011-lastfm-2k"
    lines = (folder / "user_artists.dat").read_text().splitlines()[1:]
    ours = corpus.to_arrow("interactions").to_pylist()
    assert sorted(f"{r['user_id']}\t{r['item_id']}\t{r['weight']:.0f}" for r in ours) == sorted(lines)
    assert {(r["rating"], r["timestamp"], r["event"]) for r in ours} == {(None, None, "play")}
    lines = (folder / "artists.dat").read_text(encoding="utf-8").splitlines()[1:]
    ours = corpus.to_arrow("items").to_pylist()
    assert sorted(
        "\t".join((r["item_id"], r["name"], r["url"], r["picture_url"] or "")) for r in ours
    ) == sorted(lines)


def test_real_redial_and_ctr_rows(real: Callable[[str], Corpus], data: Path) -> None:
    ours = real("redial").to_arrow("interactions").to_pylist()
    raw = []
    for line in (data / "redial" / "test_data.jsonl").read_text(encoding="utf-8").splitlines():
        talk = json.loads(line)
        raw += [
            (talk["conversationId"], str(talk["initiatorWorkerId"]), movie, *answer.values())
            for movie, answer in dict(talk["initiatorQuestions"]).items()
        ]
    names = ("session_id", "user_id", "item_id", "suggested", "seen", "liked")
    assert sorted(tuple(r[n] for n in names) for r in ours) == sorted(raw)
    header, *rows = rows_of(data / "criteo-sample" / "criteo_sample.txt")
    ours = real("criteo").to_arrow("interactions").to_pylist()
    for column in ("label", "I2", "C5"):
        values = [row[header.index(column)] for row in rows]
        expected = [None if v == "" else v if column == "C5" else int(float(v)) for v in values]
        assert sorted(map(str, (r[column.lower()] for r in ours))) == sorted(map(str, expected))


@pytest.mark.parametrize("name", [n for n in plain_card_names() if load_card(n).family == "declared"])
def test_declared_cards_fit_together(name: str) -> None:
    compile_card(load_card(name))


# -- cards that are wrong ------------------------------------------------------------------------------------------

CARD: dict[str, Any] = {
    "name": "tiny",
    "version": "1.0.0",
    "title": "Tiny",
    "description": "Made up.",
    "homepage": "https://example.org/",
    "family": "declared",
    "licence": {"spdx": "CC0-1.0", "may_redistribute": True},
    "citation": "@misc{tiny,\n  title = {Tiny},\n  year = {2026}\n}\n",
    "files": {"events": ["events.csv"], "names": {"accept": ["names.csv"], "required": False}},
    "tables": {
        "interactions": {"columns": [{"name": "name", "type": "string", "nullable": True, "about": "a name"}]}
    },
    "expected": {},
    "options": {
        "files": {
            "events": {
                "format": "csv",
                "columns": {"u": "string", "i": "string", "r": "float64", "t": "string"},
            },
            "names": {"format": "csv", "columns": ["i", "name"]},
        },
        "records": {
            "interactions": {
                "from": "events",
                "columns": {
                    "user_id": "u",
                    "item_id": "i",
                    "rating": "r",
                    "timestamp": {"column": "t", "time": "%Y-%m-%d"},
                    "event": {"constant": "rating"},
                },
            }
        },
    },
}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
EVENTS = "u,i,r,t\n1,a,2.5,2020-01-02\n2,b,,2020-01-03\n"


def tiny(folder: Path, change: dict[str, Any] | None = None, **files: str) -> Path:
    """Write the card, with some expressions of interactions put in place of others, and raw files; return its path."""
    document = copy.deepcopy(CARD)
    document["options"]["records"]["interactions"]["columns"].update(change or {})
    return write(folder, document, **files)


def write(folder: Path, document: Any, **files: str) -> Path:
    (folder / "raw").mkdir(exist_ok=True)
    for name, text in ({"events": EVENTS} | files).items():
        (folder / "raw" / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def rows(path: Path, skip: int = 0) -> list[dict[str, Any]]:
    card = read_card(path)
    folder = build(card, path.parent / "raw", rebuild=True, skip_bad_rows=skip)
    return Corpus.open(folder).to_arrow("interactions").to_pylist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rating": "stars"}, r"interactions\[0\]\.columns\.rating: there is no column 'stars'; there are u, i, r, t"),
        ({"stars": "r"}, r"interactions has no column 'stars'; it has user_id, .* under 'tables'"),
        ({"event": "rating"}, r"columns\.event: there is no column 'rating'.*written \{constant: rating\}"),
        ({"timestamp": "t"}, r"columns\.timestamp: a value of type string is no time: say epoch"),
        ({"timestamp": {"column": "r", "time": "iso"}}, "time works on text; the value is of type float64"),
        ({"rating": {"constant": "much"}}, "the constant 'much' is not of type float64"),
        ({"name": {"column": "i", "split": ","}}, r"list<string> cannot become string"),
        ({"name": {"column": "i", "match": "("}}, r"'\(' is not a regular expression of RE2"),
        ({"name": {"column": "i", "match": "(?=a)"}}, r"'\(\?=a\)' is not a regular expression of RE2"),
        ({"name": {"column": "i", "lookup": {"file": "x", "key": "i", "value": "n"}}}, "there is no file 'x'"),
        ({"name": {"column": "r", "lookup": {"file": "names", "key": "i", "value": "name"}}}, "float64 is looked up"),
        ({"name": {"column": "i", "lookup": {"file": "names", "key": "i", "value": "n"}}}, "has no column 'n'"),
        ({"name": {"column": "i", "field": "key"}}, "there is no field 'key'; it is of type string"),
        ({"name": {"column": "i", "sql": "1"}}, r"\$\.options\.records.*unknown key 'sql'|not valid under any"),
        ({"name": {"column": "i", "constant": "1"}}, r"\$\.options\.records"),
        ({"rating": {"column": "r", "nulls": ["x"]}}, "the constant 'x' is not of type float64"),
        ({"rating": {"column": "u", "within": [0, 1]}}, "within bounds numbers; the value is of type string"),
        ({"timestamp": {"column": "t", "plus": {"column": "r", "unit": "ms"}}}, "plus is added to a time"),
    ],
)  # fmt: skip
def test_a_card_that_does_not_fit_together(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        compile_card(read_card(tiny(tmp_path, change)))
    assert "tiny.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"explode": {"column": "i", "as": "each"}}, r"\.explode: 'i' is of type string; expected a list, or a text with"),
        ({"explode": {"column": "r", "split": ",", "as": "each"}}, r"\.explode: split works on text; 'r' is of type float"),
        ({"explode": {"column": "i", "split": ",", "as": "u"}}, r"\.explode: there is a column 'u' already"),
        ({"distinct": ["stars"]}, r"\.distinct: there is no column 'stars'; there are user_id, "),
        ({"where": [{"column": "r", "in": ["x"]}]}, r"\.where: the constant 'x' is not of type float64"),
        ({"where": [{"column": "i", "matches": "("}]}, r"\.where: '\(' is not a regular expression of RE2"),
        ({"from": "clicks"}, r"\.from: there is no file 'clicks'; there are events, names"),
    ],
)  # fmt: skip
def test_a_source_that_does_not_fit(tmp_path: Path, source: dict[str, Any], message: str) -> None:
    document = copy.deepcopy(CARD)
    document["options"]["records"]["interactions"] |= source
    with pytest.raises(InputError, match=r"options\.records\.interactions\[0\]" + message):
        compile_card(read_card(write(tmp_path, document)))


def test_a_card_with_files_that_do_not_fit(tmp_path: Path) -> None:
    document = copy.deepcopy(CARD)
    document["options"]["files"]["events"]["header"] = ["u", "i"]
    with pytest.raises(InputError, match="the header has 2 names, but there are 4 columns"):
        compile_card(read_card(write(tmp_path, document)))
    document = copy.deepcopy(CARD)
    document["options"]["files"]["events"]["columns"]["r"] = "double"
    with pytest.raises(InputError, match=r"files\.events\.columns\.r: type 'double' is not one of"):
        compile_card(read_card(write(tmp_path, document)))
    document = copy.deepcopy(CARD)
    del document["options"]["records"]["interactions"]["columns"]["event"]
    with pytest.raises(InputError, match=r"columns\.event is missing; only nullable columns may be left out"):
        compile_card(read_card(write(tmp_path, document)))
    document["options"]["files"]["more"] = dict(CARD["options"]["files"]["events"])
    with pytest.raises(InputError, match="'more' is not one of the card's files: events, names"):
        compile_card(read_card(write(tmp_path, document)))


def test_what_matches_is_taken_out(home: Path, tmp_path: Path) -> None:
    events = "u,i,r,t\n1,a-0 b-1 c,2.5,2020-01-02\n"
    assert (
        rows(tiny(tmp_path, {"name": {"column": "i", "remove": r"-[01]\b"}}, events=events))[0]["name"]
        == "a b c"
    )
    with pytest.raises(InputError, match="remove works on text"):
        compile_card(read_card(tiny(tmp_path, {"rating": {"column": "r", "remove": "x"}})))
    with pytest.raises(InputError, match="is not a regular expression of RE2"):
        compile_card(read_card(tiny(tmp_path, {"name": {"column": "i", "remove": "("}})))


def test_a_digest_is_of_values_wherever_they_stand(home: Path, tmp_path: Path) -> None:
    events = "u,i,r,t\n1,a,2.5,2020-01-02\n1,a,2.5,2020-01-03\n2,b,,2020-01-03\n"
    change = {"item_id": {"digest": ["i", "r"]}, "name": {"digest": ["u"]}}
    found = rows(tiny(tmp_path, change, events=events))
    expected = {hashlib.md5(text.encode()).hexdigest() for text in ("a\x1f2.5", "b\x1f")}
    assert {row["item_id"] for row in found} == expected
    assert len(found) == 3
    assert {row["name"] for row in found} == {hashlib.md5(text).hexdigest() for text in (b"1", b"2")}
    moved = "\n".join([events.splitlines()[0], *reversed(events.splitlines()[1:])]) + "\n"
    assert rows(tiny(tmp_path, change, events=moved)) == found
    with pytest.raises(InputError, match="there is no column 'x'"):
        compile_card(read_card(tiny(tmp_path, {"item_id": {"digest": ["x"]}})))


def test_texts_of_a_card_are_never_run(home: Path, tmp_path: Path) -> None:
    hostile = "'); DROP TABLE \"file events 0\"; SELECT ('"
    change = {"event": {"constant": hostile}, "name": {"column": "i", "replace": {"a": hostile}}}
    assert [(row["event"], row["name"]) for row in rows(tiny(tmp_path, change))] == [
        (hostile, hostile),
        (hostile, "b"),
    ]
    document = copy.deepcopy(CARD)
    columns = document["options"]["files"]["events"]["columns"]
    document["options"]["files"]["events"]["columns"] = {'"u" FROM x; --': "string", **columns}
    del document["options"]["files"]["events"]["columns"]["u"]
    document["options"]["records"]["interactions"]["columns"]["user_id"] = '"u" FROM x; --'
    path = write(tmp_path, document, events=EVENTS.replace("u,", '"""u"" FROM x; --",'))
    assert [row["user_id"] for row in rows(path)] == ["1", "2"]


LOOKUP = {"name": {"column": "i", "lookup": {"file": "names", "key": "i", "value": "name"}}}


@pytest.mark.parametrize(
    ("change", "files", "message"),
    [
        ({}, {"events": "u,i,t\n"}, r"events\.csv, line 1: the header is 'u,i,t'; expected 'u,i,r,t'"),
        (
            {},
            {"events": EVENTS + "3,c,good,2020-01-04\n"},
            r"line 4, column 'r': expected a value of type DOUBLE",
        ),
        (
            {},
            {"events": EVENTS + '3,"c\nc",1,yesterday\n'},
            r"events\.csv, line 4, column 't': expected a time like %Y-%m-%d, found 'yesterday'; the line is",
        ),
        ({"rating": "t"}, {}, r"line 2, column 't': expected a value of type float64, found '2020-01-02'"),
        (
            LOOKUP,
            {"names": "i,name\na,A\n"},
            r"line 3, column 'i': expected a value of column 'i' in names, found 'b'",
        ),
        (LOOKUP, {"names": "i,name\na,A\na,B\n"}, r"names\.csv, column 'i': 'a' stands there 2 times"),
        (
            {},
            {"events": EVENTS + ",c,1,2020-01-04\n"},
            r"line 4, column 'u': expected a value for user_id, found None; the line is ',c,1,2020-01-04'",
        ),
        (
            {},
            {"events": EVENTS.replace("2020-01-03", "never") + "3,c,1,never\n"},
            r"line 3, column 't': .* found 'never'.*\n.*line 4, column 't': .* found 'never'",
        ),
    ],
)
def test_raw_files_that_are_wrong(
    home: Path, tmp_path: Path, change: dict[str, Any], files: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        rows(tiny(tmp_path, change, **files))
    assert [path.name for path in (home / "corpora").iterdir() if not path.name.endswith(".lock")] == []


def test_an_element_that_is_wrong_has_no_line_of_its_own(home: Path, tmp_path: Path) -> None:
    document = copy.deepcopy(CARD)
    source = document["options"]["records"]["interactions"]
    source["explode"] = {"column": "i", "split": "|", "as": "each"}
    source["columns"] |= {"item_id": "each", "rating": "each"}
    with pytest.raises(
        InputError, match=r"events\.csv, column 'each': expected a value of type float64, found 'a'"
    ):
        rows(write(tmp_path, document, events="u,i,r,t\n1,a|2,2.5,2020-01-02\n"))


def test_bad_values_are_left_out_as_bad_rows_are(home: Path, tmp_path: Path) -> None:
    path = tiny(tmp_path, events=EVENTS + "3,c,good,2020-01-04\n4,d,1,never\n")
    assert [row["user_id"] for row in rows(path, skip=2)] == ["1", "2"]
    with pytest.raises(InputError, match="at most 1 bad rows"):
        rows(path, skip=1)


def test_steps_of_expressions(home: Path, tmp_path: Path) -> None:
    lookup = {"file": "names", "key": "i", "value": "name", "optional": True}
    name = {"column": "i", "lookup": lookup, "else": {"columns": ["u", "i"], "join": ":"}}
    change = {
        "name": name,
        "rating": {"column": "r", "within": [0, 2], "else": {"constant": -1}},
        "timestamp": {"column": "t", "time": ["%d.%m.%Y", "%Y-%m-%d"], "plus": {"column": "u", "unit": "s"}},
    }
    found = rows(tiny(tmp_path, change, names="i,name\na,Änne\n"))
    assert [(row["name"], row["rating"], row["timestamp"].isoformat()) for row in found] == [
        ("Änne", -1.0, "2020-01-02T00:00:01+00:00"),
        ("2:b", -1.0, "2020-01-03T00:00:02+00:00"),
    ]


def test_numbers_of_all_units_are_times(home: Path, tmp_path: Path) -> None:
    document = copy.deepcopy(CARD)
    document["options"]["files"]["events"]["columns"]["t"] = "int64"
    made = document["options"]["records"]["interactions"]["columns"]
    moments = {"s": 1577934245, "ms": 1577934245678, "us": 1577934245678901}
    for unit, number in moments.items():
        made["timestamp"] = {"column": "t", "epoch": unit}
        (row,) = rows(write(tmp_path, document, events=f"u,i,r,t\n1,a,1,{number}\n"))
        micros = number * 1_000_000 // {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
        assert row["timestamp"] == EPOCH + timedelta(microseconds=micros)
    made["timestamp"] = {"column": "t", "epoch": "s"}
    with pytest.raises(
        InputError, match=r"line 2, column 't': expected a time in s since 1970, found '1577934245678901'"
    ):
        rows(write(tmp_path, document, events=f"u,i,r,t\n1,a,1,{moments['us']}\n"))
    with pytest.raises(InputError, match=r"timestamp is not between 1980-01-01 and 2100"):
        rows(write(tmp_path, document, events=f"u,i,r,t\n1,a,1,{moments['ms']}\n"))
    document["options"]["files"]["events"]["columns"]["t"] = "float64"
    (row,) = rows(write(tmp_path, document, events="u,i,r,t\n1,a,1,1577934245.5\n"))
    assert row["timestamp"] == EPOCH + timedelta(seconds=1577934245.5)


def test_a_table_of_parquet(home: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    document = copy.deepcopy(CARD)
    document["options"]["files"]["events"]["format"] = "parquet"
    path = write(tmp_path, document)
    table = {"u": [1, 2], "i": ["a", "b"], "r": [1, 2], "t": ["2020-01-02", None], "more": [b"", b""]}
    pq.write_table(pa.table(table), tmp_path / "raw" / "events.csv")
    assert [(row["user_id"], row["rating"]) for row in rows(path)] == [("1", 1.0), ("2", 2.0)]
    pq.write_table(pa.table(table | {"r": ["one", "2"]}), tmp_path / "raw" / "events.csv")
    with pytest.raises(
        InputError, match=r"events\.csv cannot be read as the card says: Conversion Error: .*'one'"
    ):
        rows(path)
    del table["t"]
    pq.write_table(pa.table(table), tmp_path / "raw" / "events.csv")
    with pytest.raises(InputError, match=r"events\.csv has no column 't'; it has u, i, r, more"):
        rows(path)


def test_a_file_of_a_hub_repository_has_its_address_there(tmp_path: Path) -> None:
    document = copy.deepcopy(CARD)
    hub = {"repo": "lab/tiny", "revision": "0123456789" * 4, "file": "data/a b.parquet"}
    document["archives"] = [{"name": "events.csv", "hub": hub, "unpack": False}]
    (archive,) = read_card(write(tmp_path, document)).archives
    assert archive.url is not None
    assert archive.url.endswith(f"/datasets/lab/tiny/resolve/{'0123456789' * 4}/data/a%20b.parquet")
    for wrong in ({"revision": "main"}, {"file": "../x"}, {"repo": "tiny"}):
        document["archives"][0]["hub"] = hub | wrong
        with pytest.raises(InputError, match=rf"\$\.archives\[0\]\.hub\.{next(iter(wrong))}"):
            read_card(write(tmp_path, document))


def test_samples_need_to_be_allowed(home: Path, data: Path) -> None:
    with pytest.raises(MismatchError, match="--allow-partial"):
        recdata.load("retailrocket", from_path=data / "retailrocket-sample")
