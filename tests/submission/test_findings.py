"""Every kind of finding: the file that has it, and the row, column and value that the message names."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handmade import RATING, make_task

from recdata.errors import InputError, MissingError
from recdata.protocol.task import Task
from recdata.submission import ids, text
from recdata.submission.codes import CODES
from recdata.submission.examine import validate
from recdata.submission.finding import Finding, Findings, escape

HEADER = "user_id,item_id,score\n"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return make_task(
        tmp_path_factory.mktemp("task"),
        train=[("u1", "seen")],
        test=[("u1", "a"), ("u2", "b")],
        users=["idle"],
        items=["c", "d"],
        cutoffs=[1],
        primary="nDCG@1",
    )


def check(task: Task, path: Path, content: str | bytes, limit: int = 20) -> Findings:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return validate(task, path, limit=limit)


def brief(findings: Findings) -> list[tuple[str, int | None, str | None, str | None]]:
    return [(f.code, f.row, f.column, f.value) for f in findings.shown()]


GOOD = "u1,a,1\nu2,b,2\n"

ROWS: dict[str, tuple[str, list[tuple[str, int | None, str | None, str | None]]]] = {
    "nothing wrong": (HEADER + GOOD, []),
    "nan": (HEADER + GOOD + "u1,c,nan\n", [("bad-number", 4, "score", "nan")]),
    "inf": (
        HEADER + GOOD + "u1,c,-inf\nu1,d,1e999\n",
        [("bad-number", 4, "score", "-inf"), ("bad-number", 5, "score", "inf")],
    ),
    "a word": (HEADER + GOOD + "u1,c,high\n", [("bad-number", 4, "score", "high")]),
    "no score": (HEADER + "u1,a,\n" + GOOD, [("bad-number", 2, "score", "")]),
    "underscores": (HEADER + GOOD + "u1,c,1_0\n", [("bad-number", 4, "score", "1_0")]),
    "no user": (HEADER + GOOD + ",c,1\n", [("null-id", 4, "user_id", "")]),
    "no item": (HEADER + GOOD + "u1,,1\n", [("null-id", 4, "item_id", "")]),
    "too few fields": (HEADER + "u1,a\n" + GOOD, [("bad-line", 2, None, "u1,a")]),
    "too many fields": (HEADER + GOOD + "u1,c,1,2\n", [("bad-line", 4, None, "u1,c,1,2")]),
    "open quote": (HEADER + GOOD + '"u1,c,1\n', [("bad-line", 4, None, '"u1,c,1')]),
    "a line break in quotes": (
        HEADER + '"u\n1",c,1\n' + GOOD,
        [("bad-line", 2, None, '"u'), ("unknown-user", 3, "user_id", '1"')],
    ),
    "duplicate": (HEADER + "u1,a,3\nu1,c,2\nu1,a,1\nu2,b,1\n", [("duplicate-row", 4, "item_id", "a")]),
    "unknown user": (HEADER + GOOD + "u9,a,1\n", [("unknown-user", 4, "user_id", "u9")]),
    "unknown item": (HEADER + GOOD + "u1,z,2\n", [("unknown-item", 4, "item_id", "z")]),
    "outside user": (HEADER + GOOD + "idle,a,1\n", [("outside-user", 4, "user_id", "idle")]),
    "seen item": (HEADER + GOOD + "u1,seen,2\n", [("seen-item", 4, "item_id", "seen")]),
    "missing user": (HEADER + "u1,a,1\n", [("missing-user", None, "user_id", "u2")]),
    "nobody known": (
        HEADER + "U1,a,1\n",
        [
            ("ids-written-differently", None, "user_id", "1 of 1 unknown ids"),
            ("no-known-user", None, "user_id", None),
            ("unknown-user", 2, "user_id", "U1"),
            ("near-id", 2, "user_id", "U1"),
            ("missing-user", None, "user_id", "u1"),
            ("missing-user", None, "user_id", "u2"),
        ],
    ),
    "nothing known": (
        HEADER + "u1,A,1\nu2,B,1\n",
        [
            ("ids-written-differently", None, "item_id", "2 of 2 unknown ids"),
            ("no-known-item", None, None, None),
            ("unknown-item", 2, "item_id", "A"),
            ("unknown-item", 3, "item_id", "B"),
            ("near-id", 2, "item_id", "A"),
            ("near-id", 3, "item_id", "B"),
        ],
    ),
    "ranks from 0": (
        "user_id,item_id,rank\nu1,a,0\nu1,c,1\nu2,b,1\n",
        [("rank-order", 2, "rank", "0")],
    ),
    "a rank twice": ("user_id,item_id,rank\nu2,b,1\nu1,a,1\nu1,c,1\n", [("rank-order", 4, "rank", "1")]),
    "a rank between": (
        "user_id,item_id,rank\nu2,b,1\nu1,a,1\nu1,c,1.5\n",
        [("rank-order", 4, "rank", "1.5")],
    ),
    "ranks in any order": ("user_id,item_id,rank\nu2,b,1\nu1,a,2\nu1,c,1\n", []),
    "score before rank": ("user_id,item_id,rank,score\nu2,b,7,1\nu1,a,x,2\n", []),
    "no rows": (HEADER, [("no-rows", None, None, None)]),
    "empty": ("", [("no-rows", None, None, None)]),
    "no score column": (
        "user_id,item_id\nu1,a\n",
        [("missing-column", None, "score or rank", "the columns are user_id, item_id")],
    ),
    "other names": (
        "user,item_id,score\nu1,a,1\n",
        [("missing-column", None, "user_id", "the columns are user, item_id, score")],
    ),
    "a name twice": (
        "user_id,item_id,score,score\nu1,a,1,1\n",
        [("repeated-column", None, "score", "2 columns")],
    ),
    "columns that are ignored": ("x,score,x,item_id,user_id\n1,2,3,a,u1\n1,2,,b,u2\n", []),
    "blank lines": (HEADER + "\nu1,a,1\n\n\nu2,b,2\nu1,c,x\n\n", [("bad-number", 7, "score", "x")]),
    "carriage returns": (
        HEADER.replace("\n", "\r\n") + "u1,a,1\r\nu2,b,2\r\nu1,c,x\r\n",
        [("bad-number", 4, "score", "x")],
    ),
    "a byte order mark": ("\ufeff" + HEADER + GOOD, []),
    "no line break at the end": (HEADER + GOOD.rstrip(), []),
    "spaces around a number": (HEADER + "u1,a, 1 \nu2,b,2\n", []),
    "words like null": (
        HEADER + GOOD + "NA,null,1\n",
        [("unknown-user", 4, "user_id", "NA"), ("unknown-item", 4, "item_id", "null")],
    ),
}


@pytest.mark.parametrize("case", ROWS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_csv(task: Task, tmp_path: Path, case: str, packed: bool) -> None:
    content, expected = ROWS[case]
    data = content.encode()
    findings = check(
        task, tmp_path / ("p.csv.gz" if packed else "p.csv"), gzip.compress(data) if packed else data
    )
    found = brief(findings)
    if packed and case == "empty":
        expected = [("unknown-format", 1, None, "")]
    assert [entry for entry in found if entry[0] not in {"missing-user"} or entry in expected] == expected
    assert findings.total("error") == sum(CODES[code].severity == "error" for code, *_ in expected)


@pytest.mark.parametrize(
    "case", [case for case in ROWS if case not in {"open quote", "a line break in quotes"}]
)
def test_tsv(task: Task, tmp_path: Path, case: str) -> None:
    content, expected = ROWS[case]
    if case.startswith("too"):
        expected = [
            (code, row, column, value and value.replace(",", "\\u0009"))
            for code, row, column, value in expected
        ]
    found = brief(check(task, tmp_path / "p.tsv", content.replace(",", "\t")))
    assert [entry for entry in found if entry[0] not in {"missing-user"} or entry in expected] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"user_id": "u1", "item_id": "c", "score": NaN}', ("bad-number", 3, "score", "nan")),
        ('{"user_id": "u1", "item_id": "c", "score": "1"}', ("bad-number", 3, "score", "1")),
        ('{"user_id": "u1", "item_id": "c", "score": true}', ("bad-number", 3, "score", "True")),
        ('{"user_id": "u1", "item_id": "c"}', ("bad-number", 3, "score", "")),
        ('{"user_id": "u1", "item_id": "c", "score": 1e999}', ("bad-number", 3, "score", "inf")),
        ('{"user_id": "u1", "item_id": "c", "score": ' + "9" * 400 + "}", ("bad-number", 3, "score", "inf")),
        ('{"user_id": "u1", "score": 1}', ("null-id", 3, "item_id", "")),
        ('{"user_id": null, "item_id": "c", "score": 1}', ("null-id", 3, "user_id", "")),
        ('{"user_id": 1.5, "item_id": "c", "score": 1}', ("bad-line", 3, "user_id", None)),
        ('{"user_id": ["u1"], "item_id": "c", "score": 1}', ("bad-line", 3, "user_id", None)),
        ('{"user_id": "\\ud800", "item_id": "c", "score": 1}', ("bad-line", 3, "user_id", None)),
        ('{"user_id": "u1", "user_id": "u2", "item_id": "c", "score": 1}', ("bad-line", 3, None, None)),
        ('{"user_id": "u1", "item_id": "c", "score": 1} {}', ("bad-line", 3, None, None)),
        ('["u1", "c", 1]', ("bad-line", 3, None, None)),
        ("[" * 100_000, ("over-limit", 3, None, "nesting 100,000")),
        ('{"user_id": "u1",', ("bad-line", 3, None, None)),
        ('{"user_id": 7, "item_id": "c", "score": 1}', ("unknown-user", 3, "user_id", "7")),
        ('{"user_id": "u1", "item_id": "a", "score": 9}', ("duplicate-row", 1, "item_id", "a")),
        ("", None),
        ('{"user_id": "u1", "item_id": "c", "score": 0.5, "why": {"not": [1, {"deep": 2}]}}', None),
    ],
)
def test_json_lines(task: Task, tmp_path: Path, line: str, expected: Any) -> None:
    good = [
        json.dumps({"user_id": user, "item_id": item, "score": 1})
        for user, item in (("u1", "a"), ("u2", "b"))
    ]
    findings = check(task, tmp_path / "p.jsonl", "\n".join([*good, line, ""]))
    found = [
        (code, row, column, value if expected and expected[3] is not None else None)
        for code, row, column, value in brief(findings)
    ]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("u1 Q0 c 3 nan me", ("bad-number", 3, "score", "nan")),
        ("u1 Q0 c 3 x me", ("bad-number", 3, "score", "x")),
        ("u1 Q0 c 3 1", ("bad-line", 3, None, "u1 Q0 c 3 1")),
        ("u1   Q0\tc 3 1 me  ", None),
        ("u1 Q0 c first 1 me", None),
        ("u1 Q0 a 3 1 me", ("duplicate-row", 3, "item_id", "a")),
    ],
)
def test_trec_runs(task: Task, tmp_path: Path, line: str, expected: Any) -> None:
    for delimiter in (" ", "\t"):
        good = ["u1 Q0 a 1 2.5 me".replace(" ", delimiter), "u2 Q0 b 1 2.5 me".replace(" ", delimiter)]
        found = brief(check(task, tmp_path / "p.trec", "\n".join([*good, line, ""])))
        assert found == ([] if expected is None else [expected])


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"user_id": ["u1", "u2"], "item_id": ["a", "b"], "score": [1.0, 2.0]} | columns)


FRAMES: dict[str, tuple[pd.DataFrame, Any]] = {
    "nothing wrong": (frame(), None),
    "float ids": (frame(user_id=[1.0, 2.0]), ("column-type", None, "user_id", "double")),
    "boolean scores": (frame(score=[True, False]), ("column-type", None, "score", "bool")),
    "text scores": (frame(score=["1", "2"]), ("column-type", None, "score", "large_string")),
    "dates": (
        frame(item_id=pd.to_datetime(["2020-01-01", "2020-01-02"])),
        ("column-type", None, "item_id", None),
    ),
    "nan": (frame(score=[1.0, np.nan]), ("bad-number", 1, "score", None)),
    "inf": (frame(score=[np.inf, 1.0]), ("bad-number", 0, "score", "inf")),
    "an empty id": (frame(item_id=["a", None]), ("null-id", 1, "item_id", "")),
    "mixed ids": (frame(user_id=["u1", 2]), ("column-type", None, "user_id", None)),
    "whole numbers as scores": (frame(score=[3, 4]), None),
    "categories": (frame(item_id=pd.Categorical(["a", "b"])), None),
}


@pytest.mark.parametrize("case", FRAMES)
@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "parquet"])
def test_tables(task: Task, tmp_path: Path, case: str, kind: str) -> None:
    table, expected = FRAMES[case]
    predictions: Any = table
    if kind != "pandas":
        if case == "mixed ids":
            return
        predictions = pa.Table.from_pandas(table, preserve_index=False)
    if kind == "parquet":
        pq.write_table(predictions, tmp_path / "p.parquet")
        predictions = tmp_path / "p.parquet"
    findings = validate(task, predictions)
    found = [entry for entry in brief(findings) if entry[0] != "missing-user"]
    if expected is None:
        assert found == []
        return
    ((code, row, column, value),) = found
    assert (code, row, column) == expected[:3]
    assert expected[3] is None or value == expected[3] or case == "text scores"
    assert findings.unit == "row"


@pytest.mark.parametrize("column", ["user_id", "item_id", "score"])
def test_tables_without_a_column(task: Task, tmp_path: Path, column: str) -> None:
    table = pa.Table.from_pandas(frame(other=[1, 2]).drop(columns=column), preserve_index=False)
    pq.write_table(table, tmp_path / "p.parquet")
    missing = "score or rank" if column == "score" else column
    for predictions in (table, table.to_pandas(), tmp_path / "p.parquet"):
        ((code, row, where, value),) = brief(validate(task, predictions))
        assert (code, row, where) == ("missing-column", None, missing)
        assert value is not None
        assert column not in value


def test_a_dictionary_that_is_damaged(task: Task, tmp_path: Path) -> None:
    # Indices of another column chunk's dictionary: written with a dictionary of 3, read with one of 2.
    broken = pa.DictionaryArray.from_arrays(pa.array([0, 2], pa.int32()), pa.array(["a", "b"]), safe=False)
    findings = validate(task, pa.table({"user_id": ["u1", "u2"], "item_id": broken, "score": [1.0, 2.0]}))
    assert list(findings.counts) == ["unreadable"]


def test_damaged_files(task: Task, tmp_path: Path) -> None:
    csv = (HEADER + "".join(f"u1,x{n},{n}\n" for n in range(20_000))).encode()
    pq.write_table(pa.Table.from_pandas(frame()), tmp_path / "good.parquet")
    parquet = (tmp_path / "good.parquet").read_bytes()
    flipped = bytearray(gzip.compress(csv))
    flipped[len(flipped) // 2] ^= 0xFF
    files = {
        "cut.csv.gz": gzip.compress(csv)[:-500],
        "cut.csv.zst": pa.compress(csv, codec="zstd", asbytes=True)[:-500],
        "cut.csv.bz2": bz2.compress(csv)[:-500],
        "flipped.csv.gz": bytes(flipped),
        "cut.parquet": parquet[:-50],
        "head.parquet": b"PAR1",
        "zeros.parquet": b"PAR1" + bytes(1000) + b"PAR1",
    }
    for name, content in files.items():
        findings = check(task, tmp_path / name, content)
        assert findings.counts["unreadable"] == 1, name


def test_a_parquet_page_that_is_damaged(task: Task, tmp_path: Path) -> None:
    table = pa.table(
        {"user_id": ["u1"] * 5000, "item_id": [f"x{n}" for n in range(5000)], "score": np.arange(5000.0)}
    )
    pq.write_table(table, tmp_path / "p.parquet", compression="zstd")
    content = bytearray((tmp_path / "p.parquet").read_bytes())
    content[200:6000] = bytes(5800)
    findings = check(task, tmp_path / "p.parquet", bytes(content))
    assert findings.total("error") >= 1


def test_what_is_no_predictions(task: Task, tmp_path: Path) -> None:
    for name, content, code in [
        ("p.csv", b"\xff\xfeu\x00s\x00", "bad-encoding"),
        ("p.txt", b"hello\n", "unknown-format"),
        ("p.json", b'[{"user_id": "u1"}]', "unknown-format"),
        ("p.csv", b"a;b\n1;2\n", "unknown-format"),
        ("p.bin", bytes(range(256)), "unknown-format"),
        ("p.csv", b"\n\n\n", "unknown-format"),
        ("p.parquet.gz", gzip.compress(b"PAR1" + bytes(20)), "unknown-format"),
        ("p.csv", b"a,b\n1,2\n", "missing-column"),
        ("p.jsonl", b'{"user_id": "u1"\n', "bad-line"),
    ]:
        assert list(check(task, tmp_path / name, content).counts) == [code], name


def test_names_that_differ_from_the_content(task: Task, tmp_path: Path) -> None:
    good = (HEADER + GOOD).encode()
    pq.write_table(pa.Table.from_pandas(frame()), tmp_path / "p.csv")
    assert brief(validate(task, tmp_path / "p.csv")) == [("name-differs", None, None, "p.csv")]
    assert brief(check(task, tmp_path / "p.csv.gz", good)) == [("name-differs", None, None, "p.csv.gz")]
    assert brief(check(task, tmp_path / "q.csv", gzip.compress(good))) == [
        ("name-differs", None, None, "q.csv")
    ]
    assert brief(check(task, tmp_path / "q", gzip.compress(good))) == [("name-differs", None, None, "q")]
    assert brief(check(task, tmp_path / "plain", good)) == []


def test_text_that_is_not_utf8(task: Task, tmp_path: Path) -> None:
    findings = check(task, tmp_path / "p.csv", HEADER.encode() + GOOD.encode() + b"u1,caf\xe9,1\n")
    assert brief(findings) == [("bad-encoding", 4, None, "u1,caf\\xe9,1")]
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.array([0, 1, 2], "i4")), pa.py_buffer(b"a\xff")]
    )
    table = pa.table({"user_id": ["u1", "u2"], "item_id": bad, "score": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "p.parquet")
    for predictions in (table, tmp_path / "p.parquet"):
        assert list(validate(task, predictions).counts) == ["bad-encoding"]


def test_other_encodings(task: Task, tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32-le"):
        findings = check(task, tmp_path / "p.csv", (HEADER + GOOD).encode(encoding))
        assert list(findings.counts) == ["bad-encoding"], encoding
        assert "UTF-16" in findings.text()
    findings = check(task, tmp_path / "p.csv", ("größe," + HEADER).encode("latin-1"))
    assert list(findings.counts) == ["bad-encoding"]


def test_usual_names_of_columns_are_recognised(task: Task, tmp_path: Path) -> None:
    text = check(task, tmp_path / "p.csv", "userId,item_id,Prediction\nu1,a,1\n").text()
    assert "rename the column userId to user_id" in text
    assert "rename the column Prediction to score" in text


def test_pieces_of_a_large_file_keep_line_numbers(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "PIECE", 50)
    lines = [f"u1,x{n},{n}" for n in range(200)]
    lines[120] = "u1,x120,none"
    lines[150] = ""
    findings = check(task, tmp_path / "p.csv", HEADER + "\n".join(lines) + "\nu1,a,1\nu2,b,1\nu1,x7,1\n")
    errors = [entry for entry in brief(findings) if CODES[entry[0]].severity == "error"]
    # Of the two rows of x7, the one that stands lower in the list is named.
    assert errors == [("bad-number", 122, "score", "none"), ("duplicate-row", 204, "item_id", "x7")]
    assert findings.counts["unknown-item"] == 199


def test_a_line_without_end(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE", 100)
    monkeypatch.setattr(text, "LONGEST_LINE", 1000)
    findings = check(task, tmp_path / "p.csv", HEADER + GOOD + "u" * 5000)
    assert [entry[:2] for entry in brief(findings)] == [("bad-line", 4)]


def test_ids_without_end(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "MOST_UNKNOWN", 10)
    findings = check(task, tmp_path / "p.csv", HEADER + GOOD + "".join(f"u1,x{n},1\n" for n in range(11)))
    assert list(findings.counts) == ["too-many-unknown"]


def test_candidates(tmp_path: Path) -> None:
    task = make_task(
        tmp_path / "t",
        train=[("u1", "seen")],
        test=[("u1", "a"), ("u2", "b")],
        items=["c", "d"],
        candidates=[("u1", "a"), ("u1", "c"), ("u2", "b"), ("u2", "d")],
        cutoffs=[1],
    )
    content = HEADER + "u1,a,1\nu1,d,2\nu2,d,1\nu2,x,1\nu9,a,1\n"
    found = brief(check(task, tmp_path / "p.csv", content))
    assert found[:2] == [("outside-candidates", 3, "item_id", "d"), ("outside-candidates", 5, "item_id", "x")]
    # The validation part has no fixed candidates.
    with pytest.raises(InputError, match="nothing is relevant in the valid part"):
        validate(task, tmp_path / "p.csv", part="valid")


def test_rating_tasks(tmp_path: Path) -> None:
    task = make_task(
        tmp_path / "t",
        train=[("u1", "c")],
        test=[("u1", "a", 4.0), ("u1", "b", 2.0), ("u2", "a", 5.0)],
        **RATING,
    )
    content = HEADER + "u1,a,4\nu2,a,3\nu2,a,4\nu1,c,1\nu9,a,1\n"
    assert brief(check(task, tmp_path / "p.csv", content)) == [
        ("duplicate-row", 4, "item_id", "user u2, item a"),
        ("missing-pair", None, None, "user u1, item b"),
        ("unknown-user", 6, "user_id", "u9"),
        ("outside-pair", 5, "item_id", "user u1, item c"),
    ]
    assert brief(check(task, tmp_path / "p.csv", HEADER)) == [("no-rows", None, None, None)]


def test_tasks_that_cannot_be_scored(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(HEADER + GOOD)
    empty = make_task(tmp_path / "empty", train=[("u1", "a")])
    for protocol in ({}, RATING):
        with pytest.raises(InputError, match="valid part"):
            validate(
                Task(empty.folder, {**empty.manifest, "protocol": {**empty.protocol, **protocol}}),
                tmp_path / "p.csv",
                part="valid",
            )
    unrated = make_task(tmp_path / "unrated", test=[("u1", "a")], **RATING)
    with pytest.raises(InputError, match="no rating"):
        validate(unrated, tmp_path / "p.csv")
    with pytest.raises(InputError, match="not 'train'"):
        validate(unrated, tmp_path / "p.csv", part="train")


def test_what_is_not_there_and_what_is_no_table(task: Task, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no file"):
        validate(task, tmp_path / "nothing.csv")
    assert list(validate(task, tmp_path).counts) == ["unknown-format"]
    with pytest.raises(InputError, match="pandas, pyarrow, polars"):
        validate(task, 5)


def test_as_many_are_shown_as_asked_for_and_all_are_counted(task: Task, tmp_path: Path) -> None:
    content = (
        HEADER + GOOD + "".join(f"u1,x{n},{n + 2}\n" for n in range(50)) + "u1,c,nan\n" * 30 + "u9,a,1\n"
    )
    findings = check(task, tmp_path / "p.csv", content, limit=7)
    assert dict(findings.counts) == {"bad-number": 30, "unknown-user": 1, "unknown-item": 50}
    shown = findings.shown()
    assert [f.code for f in shown] == ["bad-number"] * 3 + ["unknown-user"] + ["unknown-item"] * 3
    assert [f.row for f in shown] == [54, 55, 56, 84, 4, 5, 6]
    assert findings.total("error") == 30
    assert findings.total("warning") == 51
    assert "30 x bad-number (error)" in findings.text()
    document = json.loads(json.dumps(findings.to_dict()))
    assert document["errors"] == 30
    assert document["findings"][0]["row"] == 54
    assert len(check(task, tmp_path / "p.csv", content, limit=1).shown()) == 1


def test_strangers_values_are_escaped(task: Task, tmp_path: Path) -> None:
    wicked = "\x1b[2J\u202e\u200b" + "x" * 200
    (finding,) = [
        f
        for f in check(task, tmp_path / "p.csv", HEADER + GOOD + f"u1,{wicked},1\n").shown()
        if f.code == "unknown-item"
    ]
    assert finding.value is not None
    assert finding.value.startswith("\\u001b[2J\\u202e\\u200bxxx")
    assert finding.value.endswith("... (126 more characters)")
    assert str(finding).isprintable()
    name = tmp_path / "p\x1b[31m.csv"
    assert "\x1b" not in check(task, name, HEADER + "u1,a,x\n").text()


def test_text_of_a_finding_says_all() -> None:
    findings = Findings("p.csv")
    findings.add("bad-number", row=12, column="score", value="NaN")
    assert str(findings.shown()[0]) == (
        'error bad-number: p.csv, line 12, column score: "NaN": the value is not a finite number; expected a finite '
        "number; drop the row or mend what made the number"
    )
    assert isinstance(findings.shown()[0], Finding)


def test_escape_keeps_what_can_be_read() -> None:
    assert escape("Amélie 七人の侍 🎬") == "Amélie 七人の侍 🎬"
    assert escape("a\tb\nc\x7f\ud800") == "a\\u0009b\\u000ac\\u007f\\ud800"
