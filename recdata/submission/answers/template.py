"""What a file of answers for a task must look like: in words, as an example, as a whole file; and the organisers' layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask
from recdata.store.atomic import atomic_file
from recdata.submission.answers import golds
from recdata.submission.answers.examine import check_rows, examine
from recdata.submission.answers.opening import FORMATS as READ
from recdata.submission.answers.opening import open_answers
from recdata.submission.answers.rows import ANSWER, ID
from recdata.submission.finding import Findings, RejectedError, escape
from recdata.submission.places import Sessions, instead_of

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = (".parquet", ".csv", ".tsv", ".jsonl", ".json")
_SHOWN = 2


def expect(task: AnswerTask, part: str) -> dict[str, Any]:
    """Return what answers for ``part`` of ``task`` must be, as JSON would have it.

    Raises InputError where nothing can be answered in the part.
    """
    check_rows(task, part)
    what = task.answers
    answer = {
        "label": "one of the labels: " + ", ".join(what.labels),
        "choice": f"a letter, read by the rule {what.parse or 'only'}",
        "number": f"a number from {what.low:g} to {what.high:g}",
        "text": "a text",
    }[what.type]
    policies = [
        "an example without an answer, an unknown id and an id that is there twice are errors",
        "a null is an error; an empty answer is scored as it is, and counted",
    ]
    if what.type in ("label", "choice"):
        policies.append("an answer that cannot be read is wrong, and counted")
    if what.type == "number":
        policies.append(
            f"an answer that cannot be read counts as {what.low:g} or {what.high:g}, whichever is farther from the target"
        )
    ids = task.ids(part)
    if Sessions.among(ids, np.arange(len(ids))) is not None:
        policies.append(instead_of(f"{ID} and {ANSWER}", "a text"))
    if hidden := task.hidden(part):
        policies.append(
            f"the publisher keeps the targets of {hidden:,} of them: recdata submission writes what the organisers score"
        )
    return {
        "task": task.citation,
        "part": part,
        "kind": "answers",
        "columns": {ID: "string or integer: the publisher's id", ANSWER: answer},
        "examples": task.rows(part),
        "formats": READ,
        "policies": policies,
        "example": _blank(task, part).slice(0, _SHOWN).to_pylist(),
    }


def in_words(document: dict[str, Any]) -> str:
    """Return what ``expect`` returned as text for a person."""
    return "\n".join(
        [
            f"{document['task']}, part {document['part']}: a task over examples",
            "",
            "columns",
            *(f"  {name}: {about}" for name, about in document["columns"].items()),
            f"examples to answer, each once: {document['examples']:,}",
            f"formats: {document['formats']}",
            "",
            *(f"- {policy}" for policy in document["policies"]),
            "",
            "example (JSON Lines)",
            *(escape(json.dumps(row, ensure_ascii=False), 200) for row in document["example"]),
        ]
    )


def write_template(task: AnswerTask, path: Path, part: str = "test", empty: bool = False) -> int:
    """Write a valid file of answers made without a model to ``path``; return the number of its rows.

    Every label, letter or number is the first or the lowest, every text is empty. empty: no rows. The format is that of
    the name: .parquet, .csv, .tsv, .jsonl, or .json for LaMP's layout. Raises InputError where it is another, and as
    ``expect`` does.
    """
    check_rows(task, part)
    return write(task, _blank(task, part).slice(0, 0 if empty else None), path)


def write_answers(
    task: AnswerTask, predictions: Any, output: Path, part: str, limit: int
) -> tuple[int, Findings]:
    """Write answers for ``part`` to ``output`` as LaMP's scorer takes them, after checking them.

    Returns how many there are, and the warnings.

    The targets need not be known. Raises RejectedError where the answers have errors, InputError where ``output`` is not
    called .json, or the examples are of several of the publisher's tasks.
    """
    if output.suffix.lower() != ".json":
        raise InputError(f"{output.name}: the layout is JSON; give a name that ends with .json")
    import pyarrow as pa

    answer, findings = checked_answers(task, predictions, part, limit)
    return write(task, pa.table({ID: task.ids(part), ANSWER: answer}), output), findings


def checked_answers(task: AnswerTask, predictions: Any, part: str, limit: int) -> tuple[pa.Array, Findings]:
    """Return the answers to ``part`` in its order, and the warnings. Raises RejectedError where they have errors."""
    reader, findings = open_answers(predictions, limit)
    if reader is None:
        raise RejectedError(findings)
    examined = examine(task, reader, findings, part)
    if examined.answer is None:
        raise RejectedError(findings)
    return examined.answer, findings


def write(task: AnswerTask, table: pa.Table, path: Path) -> int:
    """Write ids and answers to ``path`` in the format of its name; return the number of rows."""
    import pyarrow.csv as text
    import pyarrow.parquet as pq

    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path.name}: answers are written as {', '.join(FORMATS)}")
    asks = task.manifest["asks"]
    if suffix == ".json" and len(asks) != 1:
        raise InputError(f"{path.name}: LaMP's layout names one task; {task.name} has {', '.join(asks)}")
    with atomic_file(path) as temporary:
        if suffix == ".parquet":
            pq.write_table(table, temporary, compression="zstd")
        elif suffix in (".csv", ".tsv"):
            options = text.WriteOptions(delimiter="\t" if suffix == ".tsv" else ",", quoting_style="needed")
            text.write_csv(table, temporary, write_options=options)
        else:
            rows = (row for batch in table.to_batches() for row in batch.to_pylist())
            if suffix == ".json":
                golds.write(temporary, asks[0], ((row[ID], row[ANSWER]) for row in rows))
            else:
                with temporary.open("w", encoding="utf-8") as out:
                    out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return int(table.num_rows)


def _blank(task: AnswerTask, part: str) -> pa.Table:
    """Return an answer to each example that no model made."""
    import pyarrow as pa

    what = task.answers
    answer = {"label": what.labels[:1], "choice": what.labels[:1], "number": (f"{what.low:g}",)}.get(
        what.type, ("",)
    )
    ids = task.ids(part)
    return pa.table({ID: ids, ANSWER: pa.array(list(answer) * len(ids), pa.string())})
