"""Kinds of bad input and how each file is made. Run it to write docs/bad-input.md."""

from __future__ import annotations

import ast
import bz2
import gzip
import inspect
import io
import itertools
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import bad_answers
from handmade import make_task

from recdata.protocol.answers import AnyTask
from recdata.protocol.task import Task
from recdata.submission.codes import CODES
from recdata.submission.examine import validate
from recdata.submission.finding import Finding
from recdata.submission.limits import Limits

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bad-input.md"
HEADER = "user_id,item_id,score\n"
GOOD = HEADER + "u1,a,1\nu2,b,2\nu3,a,3\nu4,b,4\n"
USERS = ["u1", "u2", "u3", "u4"]
ITEMS = ["a", "b", "a", "b"]


def task_in(folder: Path) -> Task:
    """Make the task that all files are for."""
    return make_task(
        folder,
        train=[("u1", "seen")],
        test=list(zip(USERS, ITEMS, strict=True)),
        users=["idle", "7"],
        items=["c", "d", "42"],
        cutoffs=[1],
        primary="nDCG@1",
    )


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    whole = {"user_id": USERS, "item_id": ITEMS, "score": [1.0, 2.0, 3.0, 4.0]} | columns
    pq.write_table(pa.table({name: column for name, column in whole.items() if column is not None}), sink)
    return sink.getvalue()


def npz(**columns: Any) -> bytes:
    sink = io.BytesIO()
    np.savez(
        sink, **({"user_id": np.array(USERS), "item_id": np.array(ITEMS), "score": np.ones(4)} | columns)
    )
    return sink.getvalue()


def zipped(*members: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for member in members:
            archive.writestr(member, GOOD)
    return sink.getvalue()


def lines(*extra: str) -> str:
    good = [
        json.dumps({"user_id": u, "item_id": i, "score": n})
        for n, (u, i) in enumerate(zip(USERS, ITEMS, strict=True))
    ]
    return "\n".join([*good, *extra, ""])


def lists(*extra: str) -> str:
    good = [
        json.dumps({"user_id": u, "items": [i], "scores": [1]}) for u, i in zip(USERS, ITEMS, strict=True)
    ]
    return "\n".join([*good, *extra, ""])


def run(*extra: str) -> str:
    return "\n".join([*(f"{u} Q0 {i} 1 2.5 me" for u, i in zip(USERS, ITEMS, strict=True)), *extra, ""])


def csv(*extra: str) -> str:
    return GOOD + "".join(f"{line}\n" for line in extra)


LONG = csv(*(f"u1,x{n},{-n}" for n in range(5000))).encode()

KINDS: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
    "An empty file": ("p.csv", lambda: "", "no-rows"),
    "A header and nothing else": ("p.csv", lambda: HEADER, "no-rows"),
    "Blank lines only": ("p.csv", lambda: "\n\n\n", "unknown-format"),
    "Not predictions at all": ("p.txt", lambda: "Dear organisers,\n", "unknown-format"),
    "Binary bytes": ("p.bin", lambda: bytes(range(256)), "unknown-format"),
    "A JSON array instead of JSON Lines": ("p.json", lambda: '[{"user_id": "u1"}]', "unknown-format"),
    "Fields between semicolons": ("p.csv", lambda: "a;b;c\nu1;a;1\n", "unknown-format"),
    "No header": ("p.csv", lambda: "u1,a,1\nu2,b,2\n", "missing-column"),
    "No column of scores": ("p.csv", lambda: "user_id,item_id\nu1,a\n", "missing-column"),
    "Columns under other names": ("p.csv", lambda: "userId,item_id,score\nu1,a,1\n", "missing-column"),
    "A column twice": ("p.csv", lambda: "user_id,item_id,score,score\nu1,a,1,2\n", "repeated-column"),
    "UTF-16": ("p.csv", lambda: GOOD.encode("utf-16"), "bad-encoding"),
    "UTF-16 without its mark": ("p.csv", lambda: GOOD.encode("utf-16-le"), "bad-encoding"),
    "Latin-1 in a row": ("p.csv", lambda: csv("u1,café,0").encode("latin-1"), "bad-encoding"),
    "A line with too few fields": ("p.csv", lambda: csv("u1,c"), "bad-line"),
    "A line with too many fields": ("p.csv", lambda: csv("u1,c,0,9"), "bad-line"),
    "A quote that is not closed": ("p.csv", lambda: csv('"u1,c,0'), "bad-line"),
    "A line break inside quotes": ("p.csv", lambda: csv('"u\n1",c,0'), "bad-line"),
    "NaN": ("p.csv", lambda: csv("u1,c,nan"), "bad-number"),
    "Infinity": ("p.csv", lambda: csv("u1,c,-inf"), "bad-number"),
    "A number too large": ("p.csv", lambda: csv("u1,c,1e999"), "bad-number"),
    "A word for a score": ("p.csv", lambda: csv("u1,c,high"), "bad-number"),
    "No score in a row": ("p.csv", lambda: csv("u1,c,"), "bad-number"),
    "A decimal comma": ("p.tsv", lambda: GOOD.replace(",", "\t") + "u1\tc\t0,5\n", "bad-number"),
    "Digits with underscores": ("p.csv", lambda: csv("u1,c,1_0"), "bad-number"),
    "No user": ("p.csv", lambda: csv(",c,0"), "null-id"),
    "No item": ("p.csv", lambda: csv("u1,,0"), "null-id"),
    "A pair twice": ("p.csv", lambda: csv("u1,a,0"), "duplicate-row"),
    "Ranks from 0": ("p.csv", lambda: "user_id,item_id,rank\nu1,a,0\nu1,c,1\n", "rank-order"),
    "A rank twice": ("p.csv", lambda: "user_id,item_id,rank\nu1,a,1\nu1,c,1\n", "rank-order"),
    "A rank left out": ("p.csv", lambda: "user_id,item_id,rank\nu1,a,1\nu1,c,3\n", "rank-order"),
    "Ranks through the whole file": ("p.csv", lambda: "user_id,item_id,rank\nu1,a,1\nu2,b,2\n", "rank-order"),
    "An unknown user": ("p.csv", lambda: csv("stranger,a,1"), "unknown-user"),
    "An unknown item": ("p.csv", lambda: csv("u1,strange,0"), "unknown-item"),
    "A user with nothing to predict": ("p.csv", lambda: csv("idle,a,1"), "outside-user"),
    "An item that the user has already": ("p.csv", lambda: csv("u1,seen,0"), "seen-item"),
    "A user left out": ("p.csv", lambda: HEADER + "u1,a,1\nu2,b,1\nu3,a,1\n", "missing-user"),
    "No user of the task": ("p.csv", lambda: HEADER + "x,a,1\ny,b,1\n", "no-known-user"),
    "No item of the task": ("p.csv", lambda: HEADER + "u1,x,1\nu2,y,1\n", "no-known-item"),
    "Ids in capital letters": (
        "p.csv",
        lambda: GOOD.replace("u", "U").replace("Ux", "u").replace("User_id", "user_id"),
        "ids-written-differently",
    ),
    "Ids with spaces around them": ("p.csv", lambda: GOOD.replace("\nu", "\n u"), "ids-written-differently"),
    "Ids in quotes inside quotes": (
        "p.tsv",
        lambda: GOOD.replace(",", "\t").replace("\nu", "\n'u").replace("\ta", "'\ta").replace("\tb", "'\tb"),
        "ids-written-differently",
    ),
    "Integers that became floats": ("p.csv", lambda: csv("7.0,42.0,1"), "near-id"),
    "Zeros before an id": ("p.csv", lambda: csv("u1,0042,0"), "near-id"),
    "Equal scores": ("p.csv", lambda: csv("u1,c,1", "u1,d,1"), "constant-scores"),
    "A cut inside equal scores": ("p.csv", lambda: csv("u1,c,1", "u1,d,0"), "tied-cut"),
    "A list far too long": ("p.csv", lambda: LONG, "long-list"),
    "A name of another format": ("p.parquet", lambda: GOOD, "name-differs"),
    "gzip cut short": ("p.csv.gz", lambda: gzip.compress(LONG)[:-100], "unreadable"),
    "bzip2 cut short": ("p.csv.bz2", lambda: bz2.compress(LONG)[:-100], "unreadable"),
    "Zstandard cut short": (
        "p.csv.zst",
        lambda: pa.compress(LONG, codec="zstd", asbytes=True)[:-100],
        "unreadable",
    ),
    "zip cut short": ("p.csv.zip", lambda: zipped("p.csv")[:-30], "unreadable"),
    "zip with two files": ("p.csv.zip", lambda: zipped("p.csv", "q.csv"), "unknown-format"),
    "zip with nothing in it": ("p.csv.zip", lambda: b"PK\3\4" + zipped()[4:], "unreadable"),
    "Parquet cut short": ("p.parquet", lambda: parquet()[:-20], "unreadable"),
    "Parquet with its footer alone": ("p.parquet", lambda: b"PAR1" + bytes(50) + b"PAR1", "unreadable"),
    "Parquet inside gzip": ("p.parquet.gz", lambda: gzip.compress(parquet()), "unknown-format"),
    "Parquet without a column": ("p.parquet", lambda: parquet(score=None), "missing-column"),
    "Ids as floating-point numbers": (
        "p.parquet",
        lambda: parquet(user_id=[1.0, 2.0, 3.0, 4.0]),
        "column-type",
    ),
    "Ids as dates": (
        "p.parquet",
        lambda: parquet(item_id=pa.array([1, 2, 3, 4], pa.date32())),
        "column-type",
    ),
    "Scores as text": ("p.parquet", lambda: parquet(score=["1", "2", "3", "4"]), "column-type"),
    "Scores as true and false": (
        "p.parquet",
        lambda: parquet(score=[True, False, True, True]),
        "column-type",
    ),
    "A null id in Parquet": ("p.parquet", lambda: parquet(item_id=["a", "b", None, "b"]), "null-id"),
    "NaN in Parquet": ("p.parquet", lambda: parquet(score=[1.0, float("nan"), 1.0, 1.0]), "bad-number"),
    "Lists with fewer scores than items": (
        "p.parquet",
        lambda: parquet(
            item_id=None, score=None, items=[["a"], ["b"], ["a", "c"], ["b"]], scores=[[1.0]] * 4
        ),
        "list-lengths",
    ),
    "An npz with a pickle": ("p.npz", lambda: npz(item_id=np.array([1, "a", 2, 3], object)), "column-type"),
    "An npz with arrays of different lengths": ("p.npz", lambda: npz(score=np.ones(3)), "column-type"),
    "An npz without a column": (
        "p.npz",
        lambda: npz().replace(b"item_id.npy", b"items_i.npy"),
        "missing-column",
    ),
    "JSON that is not closed": ("p.jsonl", lambda: lines('{"user_id": "u1"'), "bad-line"),
    "JSON with a key twice": (
        "p.jsonl",
        lambda: lines('{"user_id": "u1", "user_id": "u2", "item_id": "c", "score": 0}'),
        "bad-line",
    ),
    "JSON nested without end": ("p.jsonl", lambda: lines("[" * 100_000), "over-limit"),
    "JSON with a score as text": (
        "p.jsonl",
        lambda: lines('{"user_id": "u1", "item_id": "c", "score": "1"}'),
        "bad-number",
    ),
    "JSON with half a surrogate pair": (
        "p.jsonl",
        lambda: lines('{"user_id": "\\ud800", "item_id": "c", "score": 1}'),
        "bad-line",
    ),
    "JSON lists of different lengths": (
        "p.jsonl",
        lambda: lists('{"user_id": "u1", "items": ["c", "d"], "scores": [1]}'),
        "bad-line",
    ),
    "A TREC run with five fields": ("p.run", lambda: run("u1 Q0 c 3 1"), "bad-line"),
    "A TREC run with a word for a score": ("p.run", lambda: run("u1 Q0 c 3 x me"), "bad-number"),
    "An id that steers a terminal": ("p.csv", lambda: csv("u1,\x1b[2J\u202egnp,0"), "unknown-item"),
    "An id without end": ("p.csv", lambda: csv(f"u1,{'x' * 2000},0"), "over-limit"),
}


def found_in(task: AnyTask, folder: Path, case: tuple[str, Callable[[], str | bytes], str]) -> Finding:
    """Make the file of a kind and return the finding that is said of it."""
    name, content, code = case
    data = content()
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    findings = validate(task, path)
    return next((found for found in findings.shown() if found.code == code), findings.shown()[0])


def message(found: Finding, folder: Path) -> str:
    """Return the message as a person sees it; what other libraries say differs from version to version."""
    text = str(found).replace(f"{folder}/", "")
    if found.code == "unreadable" and found.value is not None:
        text = text.replace(f' "{found.value}":', ' "(what the reader says)":')
    return text


ABOUT = """
## What is not read

Of a Parquet file, row groups behind the first million rows are not read where the statistics in the file say that
none of their users is averaged over, and that no user is null. Their rows are ignored in any format, so that no score
changes; but nothing in them is checked. How many there are is said (`unread-rows`) and stands in the result
(`unread_rows`). Where the protocol makes unknown users an error, every row group is read.

## Text of strangers

Formulas, control characters, marks that turn or hide text, and markup in ids or names of models never reach a
terminal, a page or a CSV file as they are: a terminal and a page get escapes (`\\u202e`), a cell that a spreadsheet
would run begins with an apostrophe. JSON and Parquet, which programs read, have them as they are.

## Disk and memory

Reading keeps nothing on disk but standard input (`-`), which may have to be read twice: at most the limit `spool`, in
the folder of temporary files, and where it is large that is said. With `--untrusted` that folder is the child's own
and goes with it. Files whose users stand together take memory for the task and a block of rows; files whose users are
scattered 16 to 20 bytes a row more.

## Exit codes

0 done; 2 wrong usage; 3 wrong input; 4 something is missing; 5 bytes differ from what was promised; 6 the machine
could not do it (disk, memory, permissions); 130 interrupted (Ctrl-C); 143 ended (SIGTERM). Whatever the code, nothing
that was begun is left.
"""


def _abouts() -> list[str]:
    """Return what is written below each limit in its class."""
    body = ast.parse(inspect.getsource(Limits)).body[0].body
    return [
        after.value.value.rstrip(".")
        for before, after in itertools.pairwise(body)
        if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr)
    ]


def written() -> str:
    """Return the page."""
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        task = task_in(folder / "task")
        for kind in KINDS:
            text = message(found_in(task, folder, KINDS[kind]), folder).replace("|", "\\|")
            rows.append(f"| {kind} | `` {text} `` |")
        answers, asked = [], bad_answers.task_in(folder / "answers")
        for kind in bad_answers.KINDS:
            text = message(found_in(asked, folder, bad_answers.KINDS[kind]), folder).replace("|", "\\|")
            answers.append(f"| {kind} | `` {text} `` |")
    codes = [f"| `{code}` | {kind.severity} | {kind.about} | {kind.remedy} |" for code, kind in CODES.items()]
    limits = [
        f"| `{field.name}` | {field.default:,} | {about} |"
        for field, about in zip(fields(Limits), _abouts(), strict=True)
    ]
    return "\n".join(
        [
            "# Bad input and what is said of it",
            "",
            "Written by `python tests/submission/bad_inputs.py` from the tests that try each kind; do not edit.",
            "An error means that the file gets no score; a warning is counted and shown beside the score.",
            "",
            f"## {len(KINDS)} kinds of bad input",
            "",
            "| kind | message |",
            "|---|---|",
            *rows,
            "",
            f"## {len(bad_answers.KINDS)} kinds of bad answers to examples",
            "",
            "What is wrong with a file as a whole is said as above.",
            "",
            "| kind | message |",
            "|---|---|",
            *answers,
            "",
            "## Codes",
            "",
            "The same list is printed by `recdata validate --codes`.",
            "",
            "| code | severity | what is wrong | what to do |",
            "|---|---|---|---|",
            *codes,
            "",
            "## Limits",
            "",
            "Set by `--limit NAME=NUMBER`, as often as needed. With `--untrusted` the file is read in a child process,",
            "whose time and memory are limited too.",
            "",
            "| name | at most | of what |",
            "|---|---|---|",
            *limits,
            "",
            *ABOUT.strip().splitlines(),
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
