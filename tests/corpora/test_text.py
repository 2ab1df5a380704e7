"""Delimited raw files: what is wrong in them is named by file, line and column; line ends and encodings come out right."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.corpora.text import read_delimited
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError
from recdata.sources.cards import load_card

COLUMNS = {"a": "BIGINT", "b": "BIGINT", "c": "VARCHAR"}


def read(path: Path, text: bytes, skip: int = 0, **options: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    path.write_bytes(text)
    with DuckEngine(1, skip) as engine:
        read_delimited(engine, "rows", path, COLUMNS, **{"delimiter": ",", **options})
        return engine.fetch('FROM "rows" ORDER BY 1'), engine.bad_rows.documents()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (b"1,2,x\n1,y,x\n", {}, r"line 2, column 'b': expected a value of type BIGINT; the line is '1,y,x'"),
        (b"1,2,x\n1,2\n", {}, r"line 2: expected 3 fields \(a, b, c\); the line is '1,2'"),
        (b"1,2,x,4\n", {}, r"line 1: expected 3 fields"),
        (b"1,2,\xe9\n", {}, r"line 1: not valid UTF-8"),
        (b"a,b,d\n1,2,x\n", {"header": list(COLUMNS)}, r"line 1: the header is 'a,b,d'; expected 'a,b,c'"),
        (b'1,2,"x\ny"\n2,z,"p"\n', {"quoted": True}, r"line 3, column 'b'"),
        (b'1,2,"x\n', {"quoted": True}, r"line 1: "),
        (b"1,2,x\r\n\r\n1,y,x\r\n", {"quoted": True}, r"line 3, column 'b': .*; the line is '1,y,x'"),
        (b"1,2,x\r\n\r\n1,y,x\r\n", {}, r"line 3, column 'b': .*; the line is '1,y,x'"),
        (b"1,2,x\n\n1,y,x\n", {"quoted": True}, r"line 3, column 'b': .*; the line is '1,y,x'"),
        (b"1,2,x\r\n2,3,p\rq\r\n", {}, r"line 2 has a carriage return in its middle"),
        (gzip.compress(b"1,2,x\n" * 9000)[:-9], {}, r"line \d+ or later: the gz file is cut off"),
        (gzip.compress(b"1,2,x\n" * 9)[:-5] + b"12345", {}, r"line 9 or later: .*damaged \(CRC"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: bytes, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=r"raw\.csv.*" + message):
        read(tmp_path / "raw.csv", text, **options)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (b"1,2,\xe9t\xe9\r\n3,4,x\r\n", {"encoding": "latin-1"}),
        ("1,2,été\n3,4,x".encode(), {}),
        ("\ufeffa,b,c\r\n1,2,été\r\n3,4,x\r\n".encode(), {"header": list(COLUMNS)}),
        ("1;2;été\r\n3;4;x\r\n".encode("utf-16"), {"encoding": "utf-16", "delimiter": ";"}),
        ("a,b,c\n1,2,été\n3,4,x\n".encode("utf-16"), {"encoding": "utf-16", "header": list(COLUMNS)}),
        (gzip.compress("1::2::été\n3::4::x\n".encode()), {"delimiter": "::"}),
        ("1,2,été\r\n3,4,x\n".encode(), {}),
    ],
)  # fmt: skip
def test_line_ends_and_encodings(tmp_path: Path, text: bytes, options: Any) -> None:
    assert read(tmp_path / "raw.csv", text, **options)[0] == [(1, 2, "été"), (3, 4, "x")]


def test_nulls_and_columns_that_nobody_reads(tmp_path: Path) -> None:
    text = b"1,NA,x\n2,,NA\n"
    assert read(tmp_path / "raw.csv", text, nulls=["", "NA"])[0] == [(1, None, "x"), (2, None, None)]
    assert read(tmp_path / "raw.csv", b"1,NA,x\n", keep=["a", "c"])[0] == [(1, "x")]


def test_bad_rows_are_left_out_up_to_a_number(tmp_path: Path) -> None:
    text = b"1,2,x\n2,y,z\n3\n4,5,x\n"
    rows, left_out = read(tmp_path / "raw.csv", text, skip=2)
    assert [row[0] for row in rows] == [1, 4]
    assert [(bad["file"], bad["line"], bad["column"], bad["text"]) for bad in left_out] == [
        ("raw.csv", 2, "b", "2,y,z"),
        ("raw.csv", 3, None, "3"),
    ]
    assert read(tmp_path / "raw.csv", text.replace(b"\n", b"\r\n"), skip=2, quoted=True) == (rows, left_out)
    with pytest.raises(InputError, match=r"(?s)line 2.*line 3.*at most 1 bad rows"):
        read(tmp_path / "raw.csv", text, skip=1)


def test_a_corpus_without_its_bad_rows_is_partial(home: Path, tmp_path: Path) -> None:
    (tmp_path / "u.data").write_text("1\t2\t5\t880000000\n1\t3\tfive\t880000000\n")
    with pytest.raises(InputError, match="line 2, column 'rating'"):
        build(load_card("movielens-100k"), tmp_path, allow_partial=True)
    manifest = Corpus.open(build(load_card("movielens-100k"), tmp_path, skip_bad_rows=1)).manifest
    assert manifest["partial"]
    assert manifest["counts"]["interactions"] == 1
    assert manifest["skipped"] == [
        {
            "file": "u.data",
            "line": 2,
            "column": "rating",
            "why": "expected a value of type DOUBLE",
            "text": "1\t3\tfive\t880000000",
        }
    ]
    assert manifest["notes"][-1] == "rows that could not be read and were left out: 1"
