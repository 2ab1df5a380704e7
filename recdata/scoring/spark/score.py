"""Validating and scoring on Spark: the rows stay where they are, and what comes here is counts, sums and a few findings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recdata.engines.spark import SparkEngine
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.scoring.plan import Plan
from recdata.scoring.result import Result, make_document
from recdata.scoring.spark import share
from recdata.scoring.spark.background import Sliced, known_of, slices_of
from recdata.scoring.spark.check import check
from recdata.scoring.spark.gather import Gathered
from recdata.scoring.spark.job import Job
from recdata.scoring.spark.output import schema
from recdata.scoring.spark.peruser import SpreadPerUser
from recdata.scoring.spark.reading import Predictions
from recdata.scoring.spark.result import SpreadResult
from recdata.scoring.spark.source import begin, opened
from recdata.scoring.spark.union import Relations, union
from recdata.submission.examine import Examined
from recdata.submission.expected import check_part, fixes_candidates, masks_seen, refused_codes
from recdata.submission.finding import Findings, RejectedError, StopReadingError
from recdata.submission.limits import Limits

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_BEFORE = {"valid": {"train", "context"}, "test": {"train", "context", "valid"}}


def validate(task: Task, predictions: Any, part: str, limit: int, engine: Any) -> Findings:
    """Return everything that is wrong with ``predictions``; see ``submission.examine.validate``.

    predictions: a path or URI, a table by name, or a DataFrame of Spark's. engine: as ``open_engine`` takes it.
    """
    with opened(engine) as spark:
        return _examine(spark, task, predictions, part, limit, ()).findings


def score(
    task: Task,
    predictions: Any,
    plans: Sequence[Plan],
    part: str,
    limit: int,
    engine: Any,
    per_user: str | os.PathLike[str] | None = None,
) -> list[Result]:
    """Score ``predictions`` under each of ``plans``; see ``scoring.score.score``, whose errors these are.

    A plan that averages over nobody has no result. per_user: where the first plan's values of users are written.
    """
    with opened(engine, keep=True) as spark:
        run = _examine(spark, task, predictions, part, limit, plans)
        if run.findings.total("error"):
            raise RejectedError(run.findings)
        return run.results(per_user)


@dataclass
class _Run:
    """One reading of predictions with what came out of it; nothing behind ``findings`` where it ended early."""

    engine: SparkEngine
    task: Task
    part: str
    plans: Sequence[Plan]
    findings: Findings
    relations: Relations
    predictions: Predictions | None = None
    job: Job | None = None
    sliced: Sliced | None = None
    out: DataFrame | None = None
    gathered: Gathered | None = None
    counts: dict[str, int] | None = None

    def results(self, per_user: str | os.PathLike[str] | None = None) -> list[Result]:
        """Return the plans' results. per_user: where the first one's values of users are written."""
        job, gathered, predictions, out = self.job, self.gathered, self.predictions, self.out
        if job is None or gathered is None or predictions is None or out is None or self.counts is None:
            raise ValueError("predictions that were not read have no results")
        words = self.sliced.words if self.sliced else []
        step = len(words) + 1
        wanted = [
            (number * step + at, place, measure)
            for number, plan in enumerate(self.plans)
            for at in range(step)
            for place, measure in enumerate(plan.measures)
        ]
        with ThreadPoolExecutor(1) as thread:
            digest = thread.submit(predictions.digest)
            training = job.known.value.training
            summaries = gathered.summaries(wanted, job.items, training)
            sha256 = digest.result()
        found: list[Result] = []
        for number, plan in enumerate(self.plans):
            mine = [
                {
                    str(measure): summaries[number * step + at, place]
                    for place, measure in enumerate(plan.measures)
                    if (number * step + at, place) in summaries
                }
                for at in range(step)
            ]
            if not mine[0]:
                continue
            kept = tuple(measure for measure in plan.measures if str(measure) in mine[0])
            examined = Examined(self.findings, predictions, counts=self.counts)
            document = make_document(
                self.task, self.part, replace(plan, measures=kept), mine[0], examined, sha256
            )
            document["versions"]["spark"] = self.engine.session.version
            document["environment"]["engine"] = "spark"
            slices = [
                {
                    "name": name,
                    "about": about,
                    "units": gathered.units(number * step + at),
                    "metrics": {measure: summary._asdict() for measure, summary in mine[at].items()},
                }
                for at, (name, about) in enumerate(words, start=1)
                if mine[at]
            ]
            if slices:
                document["slices"] = slices
            values = SpreadPerUser(self.engine, self.relations, self.task, plan, out, number * step)
            if per_user is not None and not found:
                values.write(per_user)
            found.append(SpreadResult(document, values, self.findings, self.engine.storage))
        return found


def _examine(
    engine: SparkEngine, task: Task, given: Any, part: str, limit: int, plans: Sequence[Plan]
) -> _Run:
    check_part(part)
    given, limits, findings = begin(given, limit)
    findings.refuse(refused_codes(task.protocol))
    relations = Relations(engine, task)
    run = _Run(engine, task, part, plans, findings, relations)
    with ThreadPoolExecutor(1) as thread:
        intact = thread.submit(task.check_files)
        try:
            predictions = run.predictions = Predictions(engine, given, findings, limits)
            _compute(run, predictions, limits)
        except StopReadingError:
            pass
        finally:
            intact.result()
    return run


def _compute(run: _Run, predictions: Predictions, limits: Limits) -> None:
    """Run the job over predictions and task, and take what is small of what comes out."""
    engine, task, part, relations = run.engine, run.task, run.part, run.relations
    context = engine.session.sparkContext
    ranking = task.protocol["task"] == "ranking"
    candidates = ranking and fixes_candidates(task.protocol, part)
    by = run.plans[0].by if run.plans else ()
    # Both parts that are predicted, to see which the predictions are made for.
    parts = {part, "valid", "test"} if ranking else {part}
    parts |= _BEFORE[part] if _reads_history(run.plans, task, part) else set()
    job = Job(
        {"name": task.name, "protocol": dict(task.protocol)},
        part,
        frozenset(name for name in parts if name in task.parts),
        candidates,
        len(task.item_ids),
        predictions.value,
        run.findings.limit,
        limits.id_length,
        predictions.numbered,
        tuple(run.plans),
        most=share.ROWS,
        texts=context.broadcast(task.item_ids),
        known=context.broadcast(known_of(engine, relations, task, part, run.plans)),
    )
    slices = None
    if by:
        run.sliced = slices_of(engine, relations, task, part, by, job)
        slices = run.sliced.rows
        job = replace(job, by_content=run.sliced.by_content, by_rows=run.sliced.by_rows)
    run.job = job
    if not predictions.numbered and any(asked.order == "file" for asked, _ in job.readings):
        raise InputError(
            "this convention keeps equal scores as the file has them, and Spark knows an order of rows for Parquet files "
            "alone: write the predictions as Parquet"
        )
    rows = union(relations, predictions, sorted(job.parts), candidates, slices)
    width = max((len(plan.measures) for plan in run.plans), default=0)
    run.out = engine.kept(engine.mapped(rows, job.run, schema(width)))
    run.gathered = Gathered(engine, run.out, run.findings.limit)
    if not run.gathered.counts["population"]:
        what = "nothing is relevant in" if ranking else "there are no rows in"
        raise InputError(f"{task.name}: {what} the {part} part, so that nothing can be scored in it")
    run.counts = check(engine, relations, task, part, predictions, run.out, run.gathered, run.findings)
    if by and run.sliced is not None:
        _check_slices(run.sliced, run.gathered, by, task, part)


def _reads_history(plans: Sequence[Plan], task: Task, part: str) -> bool:
    """Say whether anything is asked of what users had before: masks, slices, what is calibrated to it."""
    ranking = task.protocol["task"] == "ranking"
    if ranking and not fixes_candidates(task.protocol, part) and masks_seen(task.protocol):
        return True
    return any(
        plan.by
        or plan.convention.cold == "drop"
        or any(measure.definition.family == "beyond" for measure in plan.measures)
        for plan in plans
    )


def _check_slices(sliced: Sliced, gathered: Gathered, by: Iterable[str], task: Task, part: str) -> None:
    """Raise InputError where a name that was asked for has no slice with anything in it."""
    there = [name for at, (name, _) in enumerate(sliced.words, start=1) if gathered.units(at)]
    for name in by:
        if not any(sliced.belongs(each, name) for each in there):
            raise InputError(f"{task.name} has no slices by {name!r} in the {part} part")
