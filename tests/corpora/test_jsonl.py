"""JSON raw files: types, arrays, gz, and every fault by file, line and value."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from recdata.corpora.jsonl import read_json
from recdata.corpora.literals import as_json
from recdata.engines.duck import DuckEngine
from recdata.errors import InputError

FIELDS = {
    "id": "string!",
    "score": "float64",
    "count": "int64",
    "flag": "bool",
    "names": "strings",
    "when": "moment",
    "text": "text",
    "free": "json",
}
GOOD = b'{"id":"a","score":1.5,"count":3,"flag":true,"names":["x",null],"when":"2012-01-03 04:05:06","text":"t"}\n'


def rows(path: Path, fields: dict[str, str] = FIELDS, skip: int = 0) -> list[dict[str, Any]]:
    with DuckEngine(skip_bad_rows=skip) as engine:
        read_json(engine, "objects", path, fields)
        with engine.in_order():
            return engine.connection.sql("SELECT * FROM objects").to_arrow_table().to_pylist()


def written(folder: Path, raw: bytes, name: str = "file.json") -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def test_every_type(tmp_path: Path) -> None:
    raw = (
        '{"id":"q\\"é\\n","score":"2.5","count":7,"flag":false,"names":"one","when":"2012-01-03",'
        '"text":5,"free":{"b": [1, "x"]}}\r\n\n'
        '{"id":"","score":3,"names":[],"when":"2004-10","free":"s","unknown":{"deep":1}}\n{"id":"x","flag":null,"names":null}'
    )
    first, second, third = rows(written(tmp_path, raw.encode()))
    assert (first["id"], first["score"], first["count"], first["flag"]) == ('q"é\n', 2.5, 7, False)
    assert (first["names"], str(first["when"]), first["text"]) == (["one"], "2012-01-03 00:00:00", "5")
    assert json.loads(first["free"]) == {"b": [1, "x"]}
    assert (second["id"], second["names"], str(second["when"]), second["free"]) == (
        "",
        [],
        "2004-10-01 00:00:00",
        '"s"',
    )
    assert third == dict.fromkeys(FIELDS) | {"id": "x"}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("array", [False, True])
def test_lines_and_arrays_plain_and_packed(tmp_path: Path, packed: bool, array: bool) -> None:
    raw = b"[ " + b",\n".join([GOOD.strip()] * 3) + b"\n]\n" if array else GOOD * 3
    path = written(tmp_path, gzip.compress(raw) if packed else raw, "file.json.gz" if packed else "file.json")
    assert [row["names"] for row in rows(path)] == [["x", None]] * 3


def test_an_object_of_any_size(tmp_path: Path) -> None:
    raw = GOOD + b'{"id":"big","text":"' + b"x" * 40_000_000 + b'"}\n'
    assert max(len(row["text"]) for row in rows(written(tmp_path, raw))) == 40_000_000


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert rows(written(tmp_path, b"\n")) == []


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"score":1}', "line 4, column 'id': it is missing; the line is '{\"score\":1}'"),
        (b'{"id":null}', "line 4, column 'id': it is null"),
        (b'{"id":5}', "line 4, column 'id': expected text in quotes, found 5"),
        (b'{"id":"a","score":"five"}', "line 4, column 'score': expected a number, found \"five\""),
        (b'{"id":"a","count":{"n":1}}', "line 4, column 'count': expected a number, found {\"n\": 1}"),
        (b'{"id":"a","flag":1}', "line 4, column 'flag': expected true or false, found 1"),
        (b'{"id":"a","names":5}', "line 4, column 'names': expected a list of texts, found 5"),
        (b'{"id":"a","when":"3 May"}', "line 4, column 'when': expected a date"),
        (b'{"id":"a","score":', "line 4: not JSON: Expecting value at character 19"),
        (b'{"id":"a"}{"id":"b"}', "line 4: not JSON: Extra data"),
        (b'{"id":"a","id":"b"}', "line 4: the key 'id' stands twice"),
        (b'{"id":"\xe9"}', "line 4: not valid UTF-8"),
        (b'{"id":"\\ud83d"}', "line 4: half of a surrogate pair"),
        (b"5", "line 4: expected an object in braces"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, raw: bytes, words: str) -> None:
    path = written(tmp_path, GOOD + b"\n" + GOOD + raw + b"\n" + GOOD * 5000)
    with pytest.raises(InputError) as caught:
        rows(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert len(rows(path, skip=1)) == 5002


def test_too_many_bad_rows_are_not_skipped(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + b'{"id":1}\n' * 3)
    with pytest.raises(InputError, match="at most 2 bad rows"):
        rows(path, skip=2)
    assert len(rows(path, skip=3)) == 1


def test_faults_in_an_array(tmp_path: Path) -> None:
    many = GOOD.strip() + b",\n"
    for raw, words in (
        (b"[\n" + many * 20_000 + b'{"id":5}]', "line 20002, column 'id'"),
        (b"[\n" + many * 20_000 + b'{"id":,},\n' + many * 20_000, "line 20002: not JSON"),
        (b"[\n" + many * 3, "line 5: the array does not end"),
        (b"[" + many * 3 + b'{"id":"cut', "line 4: not JSON: Unterminated"),
    ):
        with pytest.raises(InputError, match=words):
            rows(written(tmp_path, raw))
    assert len(rows(written(tmp_path, b"[" + many + b'{"id":5},' + many.strip(b",\n") + b"]"), skip=1)) == 2


def test_a_cut_gz_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(GOOD * 10_000)[:-40], "file.json.gz")
    with pytest.raises(
        InputError, match=r"file.json.gz, line \d+ or later: the gz file is cut off or damaged"
    ):
        rows(path)


@pytest.mark.parametrize("packed", [False, True])
def test_python_literals_become_json_and_nothing_runs(tmp_path: Path, packed: bool) -> None:
    raw = (
        b"{'id': 'a', 'names': ['it\\'s', \"q\"], 'score': 3.5, 'flag': True, 'free': None}\n\n"
        b"{'id': 'b', 'free': {'n': (1, 2)}}\n"
    )
    path = written(tmp_path, gzip.compress(raw) if packed else raw)
    with DuckEngine() as engine:
        found = rows(as_json(path, engine.scratch))
    assert [row["names"] for row in found] == [["it's", "q"], None]
    assert (found[0]["flag"], found[1]["free"]) == (True, '{"n":[1,2]}')
    path = written(tmp_path, raw + b"{'id': __import__('os').getcwd()}\n")
    with DuckEngine() as engine, pytest.raises(InputError, match="line 4: not JSON"):
        rows(as_json(path, engine.scratch))


def test_json_is_not_taken_for_literals(tmp_path: Path) -> None:
    with DuckEngine() as engine:
        for raw in (GOOD, b"[" + GOOD.strip() + b"]", b""):
            path = written(tmp_path, raw)
            assert as_json(path, engine.scratch) == path
