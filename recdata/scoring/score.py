"""Scoring predictions: they are examined, metrics are computed from what comes out, and a result is made of both."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from recdata.engines import is_spark
from recdata.errors import InputError
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure, largest_cutoff, summary_of
from recdata.protocol.answers import AnswerTask, AnyTask, of_interactions
from recdata.protocol.task import Task
from recdata.scoring.answers import score_answers
from recdata.scoring.conventions import Convention, find_conventions
from recdata.scoring.evidence import Evidence, Values
from recdata.scoring.peruser import PerUser, write
from recdata.scoring.plan import Plan, plan, plans
from recdata.scoring.result import Result as Result
from recdata.scoring.result import make_document
from recdata.scoring.slicing import choose_slices, score_slices
from recdata.submission.asked import Asked
from recdata.submission.examine import SHOWN, Examined, examine
from recdata.submission.finding import RejectedError
from recdata.submission.opening import open_predictions


def score(
    task: AnyTask,
    predictions: Any,
    metrics: str | Iterable[str] | None = None,
    part: str = "test",
    per_user: str | os.PathLike[str] | None = None,
    limit: int = SHOWN,
    convention: str | None = None,
    ties: str = "md5",
    by: str | Iterable[str] | None = None,
    engine: Any = None,
    embeddings: Any = None,
) -> Result:
    """Score ``predictions`` for ``part`` ("test" or "valid") of ``task``.

    What follows is of tasks over interactions; of those over examples see ``recdata.scoring.answers.score_answers``.

    predictions: a file (Parquet, CSV, TSV, JSON Lines, TREC run; packed by gz, zst or bz2) or a table
    (pandas, pyarrow, polars) with the columns user_id, item_id and score or rank. metrics: names as in
    "nDCG@10,Recall@20", or None for the protocol's. per_user: a file for the values of each user, .parquet or
    .csv. limit: how many findings an error shows. convention: whose choices instead of the canonical ones
    ("ranx"; see ``recdata.scoring.conventions``). ties: "md5" (canonical), "expected" (the mean over all orders of
    equal scores), "best" or "worst". by: slices to score besides ("all", "cold,popularity", "items.genres"; see
    ``recdata.scoring.slicing``). engine: as ``recdata.engines.open_engine`` takes it. On Spark predictions are a path or
    URI that Spark reads (Parquet, CSV, JSON Lines), a table by name, or a DataFrame of Spark's, and the values of each
    user a folder that Spark writes; the bits are the same.

    Raises RejectedError (an InputError) with all findings where the predictions have errors, InputError for a
    metric that does not exist or does not fit the task or convention, MissingError where the file is not there.
    """
    if isinstance(task, AnswerTask):
        if convention is not None or ties != "md5":
            raise InputError(
                f"{task.name} is a task over examples: there are no ties, and no conventions to choose from"
            )
        return score_answers(task, predictions, metrics, part, per_user, limit, by, embeddings, engine)
    if embeddings is not None:
        raise InputError(f"{task.name} is a task over interactions: no metric of it reads embeddings")
    engine = task.engine(engine)
    spark = is_spark(engine)
    chosen = plan(task, metrics, convention, ties, by)
    if per_user is not None:
        PerUser.check_name(Path(per_user))
        PerUser.check_unit(chosen)
    if spark:
        from recdata.scoring.spark.score import score as score_on_spark

        results = score_on_spark(task, predictions, [chosen], part, limit, engine, per_user)
    else:
        results = _score(task, predictions, [chosen], part, limit)
    if not results or len(results[0].metrics) < len(chosen.measures):
        raise InputError(f"convention {chosen.name} leaves nobody of {task.name} to average over")
    (result,) = results
    if per_user is not None and not spark:
        write(result.per_user(), Path(per_user))
    return result


def compare(
    task: AnyTask,
    predictions: Any,
    conventions: str | Sequence[Convention] = "all",
    metrics: str | Iterable[str] | None = None,
    part: str = "test",
    limit: int = SHOWN,
    engine: Any = None,
) -> list[Result]:
    """Score the same predictions under several conventions ("all", "ranx,rectools"): a result for each, in order.

    A result has those of the metrics that the library has and that it averages over somebody; without any, the
    convention is left out. metrics: None is
    the protocol's at the cutoff of its primary one. Other parameters and errors as ``score``.
    """
    task = of_interactions(task, "a choice of conventions")
    engine = task.engine(engine)
    chosen = find_conventions(conventions) if isinstance(conventions, str) else conventions
    if is_spark(engine):
        from recdata.scoring.spark.score import score as score_on_spark

        return score_on_spark(task, predictions, plans(task, metrics, chosen), part, limit, engine)
    return _score(task, predictions, plans(task, metrics, chosen), part, limit)


def _score(task: Task, predictions: Any, chosen: Sequence[Plan], part: str, limit: int) -> list[Result]:
    """Read the predictions once for each different thing that is asked of the reading, and make the plans' results."""
    wanted: dict[Asked, list[tuple[int, Measure]]] = {}
    keep: dict[Asked, Asked] = {}
    for number, each in enumerate(chosen):
        for measure in each.measures:
            asked = each.asked(measure)
            rules = asked.rules()
            wanted.setdefault(rules, []).append((number, measure))
            keep[rules] = keep.get(rules, rules).together(asked)
    cutoff = largest_cutoff(measure for each in chosen for measure in each.measures)
    values: list[dict[str, Values]] = [{} for _ in chosen]
    read: list[tuple[Examined, str] | None] = [None for _ in chosen]
    sliced: list[list[dict[str, Any]]] = [[] for _ in chosen]
    for rules, measures in wanted.items():
        examined, sha256 = _read(task, predictions, part, limit, cutoff, keep[rules])
        evidence = {number: Evidence(task, part, chosen[number], examined) for number, _ in measures}
        for number, measure in measures:
            found = evidence[number].values(measure)
            if len(found.values):
                values[number][str(measure)] = found
                read[number] = read[number] or (examined, sha256)
        for number, each in enumerate(chosen):
            if each.by:
                sliced[number] = score_slices(
                    evidence[number], choose_slices(task, part, each.by), each.measures
                )
    return [
        _result(task, part, _with(each, found), found, *known, slices=cut)
        for each, found, known, cut in zip(chosen, values, read, sliced, strict=True)
        if known is not None
    ]


def _with(chosen: Plan, found: Mapping[str, Values]) -> Plan:
    """Return the plan with the measures that have values."""
    return replace(chosen, measures=tuple(measure for measure in chosen.measures if str(measure) in found))


def _read(
    task: Task, predictions: Any, part: str, limit: int, cutoff: int | None, asked: Asked
) -> tuple[Examined, str]:
    reader, findings = open_predictions(predictions, limit)
    if reader is None:
        raise RejectedError(findings)
    with ThreadPoolExecutor(1) as thread:
        digest = thread.submit(reader.digest)
        examined = examine(task, reader, findings, part, cutoff, asked)
        if examined.evidence is None or examined.findings.total("error"):
            raise RejectedError(examined.findings)
        return examined, digest.result()


def _result(
    task: Task,
    part: str,
    chosen: Plan,
    found: dict[str, Values],
    examined: Examined,
    sha256: str,
    slices: list[dict[str, Any]],
) -> Result:
    values = {str(measure): found[str(measure)] for measure in chosen.measures}
    summaries = {
        str(measure): summary_of(measure, values[str(measure)].values, _units(examined))
        for measure in chosen.measures
    }
    document = make_document(task, part, chosen, summaries, examined, sha256)
    if slices:
        document["slices"] = slices
    return Result(document, PerUser(task, examined, chosen, values), examined.findings)


def _units(examined: Examined) -> int:
    """Return how many units a metric of all together is over: users of the population, or rows of a rating task."""
    return len(examined.evidence) if isinstance(examined.evidence, Ratings) else len(examined.population)
