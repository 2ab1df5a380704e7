"""What a prediction file for a task must look like: in words, as an example made from the task, as a whole file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.metrics.spelling import expand, largest_cutoff
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.protocol.task import Task
from recdata.store.atomic import atomic_file
from recdata.submission.block import ITEM, USER
from recdata.submission.codes import FORMATS_READ
from recdata.submission.expected import Expected, check_part, rated_rows, refused_codes
from recdata.submission.finding import escape
from recdata.submission.places import ITEMS, Sessions, instead_of

if TYPE_CHECKING:
    import pyarrow as pa

_USERS = 1000
"""How many users' lists are made at a time."""
_SHOWN_USERS, _SHOWN_ITEMS = 2, 3
FORMATS = (".parquet", ".csv", ".tsv")


def expect(task: AnyTask, part: str = "test") -> dict[str, Any]:
    """Return what predictions for ``part`` of ``task`` must be, as JSON would have it.

    Raises InputError where the part cannot be predicted: it is for training, or nothing could be scored in it.
    """
    if isinstance(task, AnswerTask):
        from recdata.submission.answers import template

        return template.expect(task, part)
    check_part(part)
    rating = task.protocol["task"] == "rating"
    rows = next(_tables(task, part, _SHOWN_USERS, _SHOWN_ITEMS)).to_pylist()
    document: dict[str, Any] = {
        "task": task.citation,
        "part": part,
        "kind": task.protocol["task"],
        "columns": {
            USER: "string: a question's id, the publisher's id of the user and the question, joined by a colon"
            if "questions" in task.protocol
            else "string or integer: the publisher's id",
            ITEM: "string or integer: the publisher's id",
            "score": "a finite number: the predicted rating"
            if rating
            else "a finite number, the higher the better; or, instead, rank: 1, 2, ... for each user",
        },
        "users": len(np.unique(task.rows(part).user)) if rating else len(task.population(part)),
        "rows_for_each_user": "every pair of the part, once" if rating else _length(task),
        "formats": FORMATS_READ,
        "policies": _policies(task, part, rating),
        "example": rows,
    }
    return document


def _policies(task: Task, part: str, rating: bool) -> list[str]:
    if rating:
        codes = sorted(refused_codes(task.protocol))
        return [
            "a pair of the part without a prediction is an error",
            "other pairs are ignored and counted",
            *(code.replace("-", " ") + "s are an error" for code in codes),
        ]
    expected = Expected.of(task, part)
    refused = refused_codes(task.protocol)
    policies = [
        "a user of the part without rows counts 0",
        "an unknown user is an error"
        if "unknown-user" in refused
        else "an unknown user's rows are ignored and counted",
        "an unknown item is an error"
        if "unknown-item" in refused
        else "an unknown item keeps its rank and counts as a miss",
        "a pair that is there twice is an error",
        "equal scores are put in order by the MD5 of the item id",
    ]
    if expected.candidates is not None:
        policies.append("each user has fixed candidates; any other item is an error")
    elif expected.seen is not None:
        policies.append("an item that the user already has keeps its rank and counts as a miss")
    if Sessions.of(task, part) is not None:
        policies.append(instead_of(f"{USER}, {ITEM} and score", f"a list of {ITEMS} items"))
    return policies


def _length(task: Task) -> int:
    """Return the largest cutoff of the protocol's metrics, or 100 where none has one."""
    return largest_cutoff(expand(task.protocol["metrics"], task.protocol["cutoffs"])) or 100


def in_words(document: dict[str, Any]) -> str:
    """Return what ``expect`` returned as text for a person."""
    if document["kind"] == "answers":
        from recdata.submission.answers import template

        return template.in_words(document)
    example = document["example"]
    lines = [
        f"{document['task']}, part {document['part']}: a {document['kind']} task",
        "",
        "columns",
        *(f"  {name}: {about}" for name, about in document["columns"].items()),
        f"users to predict for: {document['users']:,}",
        f"rows for each user: {document['rows_for_each_user']}",
        f"formats: {document['formats']}",
        "",
        *(f"- {policy}" for policy in document["policies"]),
        "",
        "example (CSV)",
        ",".join(document["columns"]),
        *(f"{_quoted(row[USER])},{_quoted(row[ITEM])},{row['score']:g}" for row in example),
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    shown = escape(text)
    return '"' + shown.replace('"', '""') + '"' if any(mark in shown for mark in ',"') else shown


def write_template(task: AnyTask, path: Path, part: str = "test", empty: bool = False) -> int:
    """Write a valid file of predictions made without a model to ``path``; return the number of its rows.

    Lists of a ranking are as long as the largest cutoff, items taken in the order of their MD5 from a place that differs
    from user to user, without what is masked; ratings are the middle of the training part's. empty: the columns alone.
    The format is that of the name: .parquet, .csv or .tsv. Raises InputError where it is another, or ``path`` is a folder,
    and as ``expect`` does.
    """
    if isinstance(task, AnswerTask):
        from recdata.submission.answers import template

        return template.write_template(task, path, part, empty)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path.name}: a template is written as {', '.join(FORMATS)}")
    check_part(part)
    tables = _tables(task, part, None, _length(task))
    if empty:
        tables = (table.slice(0, 0) for _, table in zip(range(1), tables, strict=False))
    with atomic_file(path) as temporary:
        return _write(tables, temporary, suffix)


def _write(tables: Iterator[pa.Table], path: Path, suffix: str) -> int:
    import pyarrow as pa
    import pyarrow.csv as text
    import pyarrow.parquet as pq

    schema = pa.schema([(USER, pa.string()), (ITEM, pa.string()), ("score", pa.float64())])
    rows = 0
    if suffix == ".parquet":
        writer = pq.ParquetWriter(path, schema)
    else:
        options = text.WriteOptions(delimiter="\t" if suffix == ".tsv" else ",", quoting_style="needed")
        writer = text.CSVWriter(path, schema, write_options=options)
    with writer:
        for table in tables:
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _tables(task: Task, part: str, users: int | None, length: int) -> Iterator[pa.Table]:
    """Yield rows for the first ``users`` of the part, lists of ``length``; at least one table."""
    if task.protocol["task"] == "rating":
        yield _ratings(task, part, None if users is None else users * length)
        return
    expected = Expected.of(task, part)
    order = _by_md5(task.item_ids)
    population = expected.population[:users]
    for first in range(0, len(population), _USERS):
        some = population[first : first + _USERS]
        yield _lists(task, expected, some, order, length)


def _by_md5(ids: pa.StringArray) -> npt.NDArray[np.int64]:
    digests = [hashlib.md5(text.encode(), usedforsecurity=False).digest() for text in ids.to_pylist()]
    return np.array(sorted(range(len(digests)), key=digests.__getitem__), dtype=np.int64)


def _lists(
    task: Task, expected: Expected, users: npt.NDArray[np.int32], order: npt.NDArray[np.int64], length: int
) -> pa.Table:
    many = len(order)
    if expected.candidates is not None:
        owner, _, item = expected.candidates.spread(users)
    else:
        banned = np.empty(0, dtype=np.int64)
        most = 0
        if expected.seen is not None:
            who, _, seen = expected.seen.spread(users)
            banned = who * many + seen
            most = int(np.bincount(who, minlength=1).max())
        width = min(many, length + most)
        item = order[(users[:, None].astype(np.int64) * length + np.arange(width)) % many].ravel()
        owner = np.repeat(np.arange(len(users)), width)
        free = ~np.isin(owner * many + item, banned)
        owner, item = owner[free], item[free]
    starts = np.searchsorted(owner, np.arange(len(users)))
    rank = np.arange(len(owner)) - starts[owner]
    keep = rank < length
    return _table(task, users[owner[keep]], item[keep], (length - rank[keep]).astype(np.float64))


def _ratings(task: Task, part: str, most: int | None) -> pa.Table:
    rated_rows(task, part)
    pairs, known = task.pairs(part), task.rows("train").rating
    known = known[~np.isnan(known)]
    middle = float(np.median(known)) if len(known) else 0.0
    user, item = pairs.user[:most], pairs.item[:most]
    return _table(task, user, item, np.full(len(user), middle))


def _table(
    task: Task, user: npt.NDArray[np.integer], item: npt.NDArray[np.integer], score: npt.NDArray[np.float64]
) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {USER: task.user_ids.take(pa.array(user)), ITEM: task.item_ids.take(pa.array(item)), "score": score}
    )
