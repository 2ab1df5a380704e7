"""Kinds of bad answers to examples, and how each file is made: a part of docs/bad-input.md, see bad_inputs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recdata.protocol.answers import AnswerTask

IDS = ["q1", "q2", "q3"]
GOOD = "example_id,answer\nq1,1\nq2,5\nq3,3\n"
MANIFEST = {
    "name": "handmade@1.0.0/by-hand@1",
    "fingerprint": "ab" * 32,
    "corpus": {"name": "handmade", "version": "1.0.0", "fingerprint": "cd" * 32},
    "protocol": {
        "name": "by-hand",
        "version": 1,
        "task": "answers",
        "profile": {"none": {}},
        "metrics": {"number": ["MAE"]},
        "primary": {"number": "MAE"},
    },
    "answers": {"type": "number", "low": 1, "high": 5},
    "asks": ["LaMP_3"],
    "parts": {
        "train": {"rows": 0, "hidden": 0},
        "valid": {"rows": 1, "hidden": 0},
        "test": {"rows": 3, "hidden": 0},
    },
}


def task_in(folder: Path) -> AnswerTask:
    """Make the task that all files are for."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, ids in (("train", []), ("valid", ["v1"]), ("test", IDS)):
        columns = {"example_id": ids, "user_id": ids, "target": ["1", "5", "3"][: len(ids)]}
        table = pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})
        pq.write_table(table, folder / f"{part}.parquet")
    return AnswerTask(folder, MANIFEST)


def csv(*extra: str) -> str:
    return GOOD + "".join(f"{line}\n" for line in extra)


def golds(task: str = "LaMP_3", **answers: str) -> str:
    rows = [
        {"id": key, "output": answer} for key, answer in ({"q1": "1", "q2": "5", "q3": "3"} | answers).items()
    ]
    return json.dumps({"task": task, "golds": rows})


def lines(*extra: str) -> str:
    return "\n".join([*(json.dumps({"example_id": key, "answer": "1"}) for key in IDS), *extra, ""])


def parquet(*answers: str | None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"example_id": IDS, "answer": pa.array(answers, pa.string())}), sink)
    return sink.getvalue()


KINDS: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
    "An example twice": ("p.csv", lambda: csv("q1,2"), "duplicate-example"),
    "An example left out": ("p.csv", lambda: GOOD.replace("q3,3\n", ""), "missing-example"),
    "An id that is none of the part's": ("p.csv", lambda: csv("q9,2"), "unknown-example"),
    "Answers for another part": ("p.csv", lambda: "example_id,answer\nv1,2\n", "other-part"),
    "Answers for another of LaMP's tasks": ("p.json", lambda: golds("LaMP_2"), "wrong-task"),
    "No id": ("p.csv", lambda: csv(",2"), "null-id"),
    "No answer in Parquet": ("p.parquet", lambda: parquet("1", None, "3"), "null-answer"),
    "An empty answer": ("p.csv", lambda: csv().replace("q2,5", "q2,"), "empty-answer"),
    "A word for a number": ("p.csv", lambda: csv().replace("q2,5", "q2,five"), "unparsable-answer"),
    "Not a number": ("p.csv", lambda: csv().replace("q2,5", "q2,nan"), "unparsable-answer"),
    "A number that was not asked for": ("p.csv", lambda: csv().replace("q2,5", "q2,7"), "outside-range"),
    "An answer of ten million letters": ("p.json", lambda: golds(q2="5" * 10**7), "long-answer"),
    "An answer with half a surrogate pair": ("p.json", lambda: golds(q2="\ud800"), "bad-encoding"),
    "An answer in Latin-1": (
        "p.csv",
        lambda: csv().replace("q2,5", "q2,é").encode("latin-1"),
        "bad-encoding",
    ),
    "An answer that turns the direction of text": (
        "p.json",
        lambda: golds(q2="\u202e5"),
        "unparsable-answer",
    ),
    "A list for an answer": ("p.jsonl", lambda: lines('{"example_id": "q1", "answer": ["1"]}'), "bad-line"),
    "An object without an answer": ("p.jsonl", lambda: lines('{"example_id": "q1"}'), "bad-line"),
    "Columns of a ranking": ("p.csv", lambda: "user_id,item_id,score\nu1,a,1\n", "unknown-format"),
    "Questions instead of answers": ("p.json", lambda: '[{"id": "q1", "input": "?"}]', "unknown-format"),
    "LaMP's layout cut off": ("p.json", lambda: golds()[:-20], "unknown-format"),
    "A quote in an answer that is not closed": ("p.csv", lambda: csv('q9,"5'), "bad-line"),
}
