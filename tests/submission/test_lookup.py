"""Ids are found as a dictionary would find them, whatever their bytes, lengths and types."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.submission import lookup
from recdata.submission.ids import NO_ID, Ids
from recdata.submission.lookup import Lookup, words_of

TEXTS = st.text(st.sampled_from("ab0é\0\u20ac"), max_size=20) | st.integers(-300, 300).map(str)


def codes(ids: Ids, column: pa.Array) -> list[int]:
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    return ids.encode(chunked, np.arange(len(column))).tolist()


@settings(max_examples=200, deadline=None)
@given(known=st.sets(TEXTS.filter(bool)), asked=st.lists(TEXTS | st.none()), more=st.lists(TEXTS | st.none()))
def test_texts_are_found_as_in_a_dictionary(
    known: set[str], asked: list[str | None], more: list[str | None]
) -> None:
    listed = sorted(known)
    whole = [*more, *asked]
    expected: dict[str, int] = {text: place for place, text in enumerate(listed)}
    wanted = [NO_ID if not text else expected.setdefault(text, len(expected)) for text in whole]
    plain = pa.array(whole, pa.string())
    for column in (plain, plain.dictionary_encode()):
        ids = Ids(pa.array(listed, pa.string()))
        # A part of an array, as blocks are, and in two readings.
        found = codes(ids, column.slice(0, len(more))) + codes(ids, column.slice(len(more)))
        assert sorted(found) == sorted(wanted)
        known_places = [
            (code, place) for code, place in zip(found, wanted, strict=True) if place < len(listed)
        ]
        assert all(code == place for code, place in known_places)
        assert [ids.text(code) for code in found if code != NO_ID] == [text for text in whole if text]


@settings(max_examples=100, deadline=None)
@given(
    known=st.sets(
        st.integers(-(2**70), 2**70).map(str) | st.sampled_from(["007", "-0", "1.0", "x", "+1", ""])
    ),
    asked=st.lists(st.integers(-(2**63), 2**63 - 1) | st.none()),
    kind=st.sampled_from([pa.int64(), pa.int32(), pa.uint8(), pa.uint64()]),
)
def test_integers_mean_their_decimal_text(
    known: set[str], asked: list[int | None], kind: pa.DataType
) -> None:
    low, high = {pa.int32(): (-(2**31), 2**31), pa.uint8(): (0, 2**8), pa.uint64(): (0, 2**63)}.get(
        kind, (-(2**63), 2**63)
    )
    asked = [None if number is None else (number - low) % (high - low) + low for number in asked]
    listed = sorted((known | {str(number) for number in asked[::2] if number is not None}) - {""})
    ids, texts = Ids(pa.array(listed, pa.string())), Ids(pa.array(listed, pa.string()))
    column = pa.array(asked, kind)
    assert codes(ids, column) == codes(texts, column.cast(pa.string()))
    assert ids.unknown == texts.unknown


def test_texts_that_only_padding_tells_apart() -> None:
    ids = Ids(pa.array(["a", "ab", "abcdefgh", "abcdefghi"]))
    assert codes(ids, pa.array(["a", "a\0", "abcdefgh\0", "abcdefghi", "abcdefghij"])) == [0, 4, 5, 3, 6]
    assert words_of(pa.array(["a\0"]), 1) is None


@pytest.mark.parametrize("length", [lookup.LONGEST, lookup.LONGEST + 1, 200])
def test_long_ids(length: int) -> None:
    known = [f"{n:0{length}d}" for n in range(40)]
    assert (Lookup.of_texts(pa.array(known)) is None) == (length > lookup.LONGEST)
    for asked in ([known[7], "7", known[39]], known):
        expected = [known.index(text) if text in known else 40 for text in asked]
        assert codes(Ids(pa.array(known)), pa.array(asked)) == expected


def test_ids_that_want_the_same_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_MIX", np.uint64(0))
    known = [f"u{n}" for n in range(200)]
    assert codes(Ids(pa.array(known)), pa.array([*known, "x"])) == list(range(201))


def test_nobody_is_known() -> None:
    nothing = pa.array([], pa.string())
    assert codes(Ids(nothing), pa.array(["a", None, "", "a"])) == [0, NO_ID, NO_ID, 0]
    assert codes(Ids(nothing), pa.array([5, None])) == [0, NO_ID]
    assert codes(Ids(pa.array(["a"])), nothing) == []
