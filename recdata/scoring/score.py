"""Scoring predictions: they are examined, metrics are computed from what comes out, and a result is made of both."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from recdata.errors import InputError
from recdata.metrics.kernel import summarise
from recdata.metrics.spelling import Measure, expand, largest_cutoff, parse_list
from recdata.protocol.task import Task
from recdata.scoring.peruser import PerUser, write
from recdata.scoring.result import Result, make_document
from recdata.store.files import check_files
from recdata.submission.examine import SHOWN, examine
from recdata.submission.finding import RejectedError
from recdata.submission.opening import open_predictions


def score(
    task: Task,
    predictions: Any,
    metrics: str | Iterable[str] | None = None,
    part: str = "test",
    per_user: str | os.PathLike[str] | None = None,
    limit: int = SHOWN,
) -> Result:
    """Score ``predictions`` for ``part`` ("test" or "valid") of ``task``.

    predictions: a file (Parquet, CSV, TSV, JSON Lines, TREC run; packed by gz, zst or bz2) or a table
    (pandas, pyarrow, polars) with the columns user_id, item_id and score or rank. metrics: names as in
    "nDCG@10,Recall@20", or None for the protocol's. per_user: a file for the values of each user, .parquet or
    .csv. limit: how many findings an error shows.

    Raises RejectedError (an InputError) with all findings where the predictions have errors, InputError for a
    metric that does not exist or does not fit the task, MissingError where the file is not there,
    MismatchError where the task's files or the predictions were changed.
    """
    measures = choose_measures(task, metrics)
    if per_user is not None:
        per_user = Path(per_user)
        PerUser.check_name(per_user)
    reader, findings = open_predictions(predictions, limit)
    if reader is None:
        raise RejectedError(findings)
    with ThreadPoolExecutor(1) as thread:
        digest = thread.submit(reader.digest)
        # Where the task's files are not what its manifest says, that explains whatever goes wrong.
        intact = thread.submit(check_files, task.folder, task.manifest.get("tables", {}))
        try:
            examined = examine(task, reader, findings, part, largest_cutoff(measures))
        finally:
            intact.result()
        if examined.evidence is None or examined.findings.total("error"):
            raise RejectedError(examined.findings)
        sha256 = digest.result()
    values = {str(measure): measure.values(examined.evidence) for measure in measures}
    summaries = {
        str(measure): summarise(values[str(measure)], measure.definition.root) for measure in measures
    }
    document = make_document(task, part, measures, summaries, examined, sha256)
    users = PerUser(task, examined, measures, values)
    if per_user is not None:
        write(users.table(), per_user)
    return Result(document, users, examined.findings)


def choose_measures(task: Task, metrics: str | Iterable[str] | None) -> list[Measure]:
    """Return the measures that are asked for, or the protocol's. Raises InputError where one does not fit the task."""
    if metrics is None:
        return expand(task.protocol["metrics"], task.protocol["cutoffs"])
    measures = parse_list(metrics)
    for measure in measures:
        family = measure.definition.family
        if family != task.protocol["task"]:
            raise InputError(f"{measure} is a {family} metric; {task.name} is a {task.protocol['task']} task")
    return measures
