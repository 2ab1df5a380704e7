"""Settings of profiles: which entries each takes and in which order, whatever the batches."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pytest

from recdata.errors import InputError
from recdata.protocol import profiles
from recdata.protocol.operators import call, operators
from recdata.protocol.profiles._asked import Asked

ENTRY = pa.struct(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
    ]
)


def entry(text: str = "", day: int | None = None, title: str | None = None) -> dict[str, Any]:
    when = None if day is None else datetime(2020, 1, day, tzinfo=timezone.utc)
    return {"id": text, "title": title, "text": text, "timestamp": when}


def asked(*examples: tuple[str, str, list[dict[str, Any]]], seed: str = "recdata") -> Asked:
    return Asked(
        pa.array([key for key, _, _ in examples], pa.string()),
        pa.array([question for _, question, _ in examples], pa.string()),
        pa.array([profile for _, _, profile in examples], pa.list_(ENTRY)),
        seed,
    )


def taken(spec: dict[str, Any], of: Asked) -> list[list[int]]:
    return call(profiles, spec, "test", of).to_pylist()


def test_what_there_is() -> None:
    assert set(operators(profiles)) == {"none", "full", "recent", "random", "bm25"}


def test_nothing_and_everything() -> None:
    some = asked(("a", "", [entry("x"), entry("y")]), ("b", "", []), ("c", "", [entry("z")]))
    assert taken({"none": {}}, some) == [[], [], []]
    assert taken({"full": {}}, some) == [[0, 1], [], [0]]


def test_recent() -> None:
    some = asked(
        ("a", "", [entry("a", 3), entry("b", 1), entry("c"), entry("d", 3)]),
        ("b", "", [entry("x"), entry("y"), entry("z")]),
        ("c", "", []),
    )
    # Of equal times the later entry is newer, and what has no time is older than all that has.
    assert taken({"recent": {"k": 3}}, some) == [[3, 0, 1], [2, 1, 0], []]
    assert taken({"recent": {"k": 10}}, some) == [[3, 0, 1, 2], [2, 1, 0], []]


def test_random_is_a_function_of_ids_and_places() -> None:
    keys = [f"example {number}" for number in range(200)]
    whole = asked(*((key, "", [entry(str(place)) for place in range(20)]) for key in keys))
    found = taken({"random": {"k": 4}}, whole)
    assert all(len(set(places)) == 4 and set(places) <= set(range(20)) for places in found)
    assert len({tuple(places) for places in found}) > 150
    apart = [taken({"random": {"k": 4}}, asked((key, "", [entry("")] * 20)))[0] for key in keys]
    assert apart == found
    other = asked(*((key, "", [entry("")] * 20) for key in keys), seed="another")
    assert taken({"random": {"k": 4}}, other) != found
    # A shorter profile takes what is left of the same order.
    short = taken({"random": {"k": 20}}, asked((keys[0], "", [entry("")] * 7)))[0]
    long = taken({"random": {"k": 20}}, asked((keys[0], "", [entry("")] * 20)))[0]
    assert short == [place for place in long if place < 7]
    # Every place is taken about as often: 200 draws of 4 of 20.
    counts = [sum(place in places for places in found) for place in range(20)]
    assert min(counts) > 15
    assert max(counts) < 70


def test_random_as_it_is_written_down() -> None:
    from hashlib import md5

    def hashes(*words: str) -> tuple[int, int]:
        digest = md5("\x1f".join(words).encode()).hexdigest()
        return int(digest[:8], 16), int(digest[8:16], 16)

    prime, (first, second) = 2**31 - 1, hashes("recdata", "example", "é")
    keys = [
        ((1 + first % (prime - 1)) * (hashes("recdata", "place", str(place))[0] % prime) + second % prime)
        % prime
        for place in range(9)
    ]
    expected = sorted(range(9), key=keys.__getitem__)[:5]
    assert taken({"random": {"k": 5}}, asked(("é", "", [entry("")] * 9))) == [expected]


def test_bm25() -> None:
    pytest.importorskip("rank_bm25")
    wines = [
        entry("white wine"),
        entry("paint", title="red wine"),
        entry("nothing"),
        entry("more"),
        entry("else"),
    ]
    some = asked(("a", "red wine", wines), ("b", "red wine", []), ("c", "red wine", [entry("red")]))
    assert taken({"bm25": {"k": 2}}, some) == [[1, 0], [], [0]]
    # Whatever stands before it in the batch.
    assert taken({"bm25": {"k": 2}}, asked(("a", "red wine", wines))) == [[1, 0]]
    # An entry without title and text has a place like any other.
    bare = {"id": "x", "title": None, "text": None, "timestamp": None}
    some = asked(
        ("a", "red wine", [bare, bare]), ("b", "red wine", [bare, *wines]), ("c", "red wine", [bare])
    )
    assert taken({"bm25": {"k": 2}}, some) == [[0, 1], [2, 1], [0]]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"recent": {"k": 0}}, "k is 0; at least one entry is taken"),
        ({"recent": {}}, "it takes k"),
        ({"random": {"k": "4"}}, "k is '4'; expected a whole number"),
        ({"oldest": {"k": 4}}, "'oldest' is not one of the profiles: bm25, full, none, random, recent"),
    ],
)
def test_what_is_refused(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        taken(spec, asked(("a", "", [entry("x")])))
