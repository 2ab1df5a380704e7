"""Validating and scoring answers on Spark: texts stay where they are; counts, sums and a few findings come here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import inside
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.metrics.lists import Training
from recdata.metrics.spelling import Measure
from recdata.protocol.answers import AnswerTask
from recdata.protocol.origin import Origin
from recdata.protocol.slices import MOST_VALUES, by_value
from recdata.scoring.answers import choices_of, is_of_users
from recdata.scoring.result import Result, read_by, whole_document
from recdata.scoring.spark import union
from recdata.scoring.spark.answers.job import ANSWERED, EXAMPLE, NOTED, AnswerJob
from recdata.scoring.spark.answers.reading import GivenAnswers
from recdata.scoring.spark.gather import Gathered, check_additive
from recdata.scoring.spark.output import What, schema
from recdata.scoring.spark.peruser import SpreadPerExample
from recdata.scoring.spark.result import SpreadResult
from recdata.scoring.spark.source import begin, opened, quoted
from recdata.submission.answers.examine import check_rows, find_nothing, say_other_part
from recdata.submission.answers.rows import ID
from recdata.submission.finding import Findings, RejectedError, StopReadingError
from recdata.submission.limits import Limits

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_READ = ("unparsable-answer", "outside-range")
"""What is found where every example has one answer; elsewhere nothing is read."""


def validate(task: AnswerTask, predictions: Any, part: str, limit: int, engine: Any) -> Findings:
    """Return everything that is wrong with answers; see ``submission.examine.validate``.

    predictions, engine: as ``scoring.spark.score.validate`` takes them.
    """
    with opened(engine) as spark:
        return _examine(spark, task, predictions, part, limit).findings


def score(
    task: AnswerTask,
    predictions: Any,
    measures: Sequence[Measure],
    part: str,
    limit: int,
    engine: Any,
    by: Sequence[str] = (),
    per_example: str | os.PathLike[str] | None = None,
) -> Result:
    """Score answers to a part whose targets are known; see ``scoring.answers.score_answers``, whose errors these are.

    by: the columns of slices. per_example: where values of examples are written, a folder.
    """
    check_additive(measures)
    for measure in measures:
        if "embeddings" in measure.definition.reads:
            raise InputError(
                f"{measure} reads embeddings, which are not sent to Spark's workers: score it without Spark"
            )
    with opened(engine, keep=True) as spark:
        run = _examine(spark, task, predictions, part, limit, measures, by)
        if run.findings.total("error"):
            raise RejectedError(run.findings)
        return run.result(per_example)


@dataclass
class _Run:
    """One reading of answers with what came out of it; nothing behind ``findings`` where it ended early."""

    engine: SparkEngine
    task: AnswerTask
    part: str
    measures: Sequence[Measure]
    findings: Findings
    slices: Mapping[str, str] = field(default_factory=dict)
    given: GivenAnswers | None = None
    out: DataFrame | None = None
    gathered: Gathered | None = None

    def result(self, per_example: str | os.PathLike[str] | None) -> Result:
        """Return the result. per_example: where the values of examples are written."""
        given, gathered, task, out = self.given, self.gathered, self.task, self.out
        if given is None or gathered is None or out is None:
            raise ValueError("answers that were not read have no result")
        wanted = [
            (at, place, measure)
            for at in range(len(self.slices) + 1)
            for place, measure in enumerate(self.measures)
        ]
        with ThreadPoolExecutor(1) as thread:
            digest = thread.submit(given.digest)
            nothing = Training(np.zeros(0, dtype=np.int64), 0, 0)
            summaries = gathered.summaries(wanted, 0, nothing)
            sha256 = digest.result()
        found: list[dict[str, Any]] = [{} for _ in range(len(self.slices) + 1)]
        for at, place, measure in wanted:
            if (at, place) in summaries:
                found[at][str(measure)] = summaries[at, place]
        counts = {name: gathered.counts[name] for name in ("rows", "empty", "unparsable")}
        counts["population"] = task.rows(self.part)
        if task.answers.type == "number":
            counts["outside_range"] = gathered.counts["outside_range"]
        document = whole_document(
            task,
            self.part,
            predictions=read_by(given, sha256, counts["rows"]),
            summaries=found[0],
            choices=choices_of(task, self.part, self.measures, ""),
            counts=counts,
        )
        document["versions"]["spark"] = self.engine.session.version
        document["environment"]["engine"] = "spark"
        if self.slices:
            document["slices"] = [
                {
                    "name": name,
                    "about": about,
                    "units": gathered.units(at),
                    "metrics": {measure: summary._asdict() for measure, summary in found[at].items()},
                }
                for at, (name, about) in enumerate(self.slices.items(), start=1)
                if found[at]
            ]
        values = SpreadPerExample(self.engine, out, self.measures)
        if per_example is not None:
            values.write(per_example)
        return SpreadResult(document, values, self.findings, self.engine.storage)


def _examine(
    engine: SparkEngine,
    task: AnswerTask,
    given: Any,
    part: str,
    limit: int,
    measures: Sequence[Measure] = (),
    by: Sequence[str] = (),
) -> _Run:
    check_rows(task, part)
    given, limits, findings = begin(given, limit)
    run = _Run(engine, task, part, measures, findings)
    with ThreadPoolExecutor(1) as thread:
        intact = thread.submit(task.check_files)
        try:
            run.given = GivenAnswers(engine, given, findings, limits, task.manifest["asks"])
            _compute(run, run.given, limits, by)
        except StopReadingError:
            pass
        finally:
            intact.result()
    return run


def _compute(run: _Run, given: GivenAnswers, limits: Limits, by: Sequence[str]) -> None:
    """Run the job over answers and examples, and take what is small of what comes out."""
    engine, task, part = run.engine, run.task, run.part
    with told():
        examples = _examples(engine, task, part)
        examples, run.slices = _sliced(engine, task, part, examples, by)
        rows = _union(engine, task, examples, given, len(by))
    manifest = {key: task.manifest[key] for key in ("name", "protocol", "answers", "asks", "parts")}
    job = AnswerJob(
        manifest, part, run.findings.limit, limits, tuple(run.measures), tuple(by), tuple(run.slices)
    )
    run.out = engine.kept(engine.mapped(rows, job.run, schema(len(run.measures))))
    run.gathered = Gathered(engine, run.out, run.findings.limit)
    _say(run, given, run.gathered)


def _examples(engine: SparkEngine, task: AnswerTask, part: str) -> DataFrame:
    return engine.parquet(inside(task.folder, f"{part}.parquet"))


def _sliced(
    engine: SparkEngine, task: AnswerTask, part: str, examples: DataFrame, by: Sequence[str]
) -> tuple[DataFrame, dict[str, str]]:
    """Return the examples with the columns of slices as ``by 0``, ``by 1``, ...; the slices, with what each is."""
    from pyspark.sql import functions as f
    from pyspark.sql.types import ArrayType

    found: dict[str, str] = {}
    known = examples.columns
    for number, name in enumerate(by):
        column, plain = f"by {number}", name.rpartition(".")[2]
        if is_of_users(task, known, name):
            users = engine.parquet(Origin.of(task.manifest).path("users"))
            named = users.select("user_id", users[quoted(plain)].alias(column))
            examples = examples.join(named, "user_id", "left")
        else:
            examples = examples.withColumn(column, examples[quoted(plain)])
        values = examples.select(quoted(column))
        if isinstance(values.schema[0].dataType, ArrayType):
            values = values.select(f.explode_outer(quoted(column)))
        distinct = values.distinct().limit(MOST_VALUES + 2).toArrow().column(0).combine_chunks()
        found |= {each.name: each.about for each in by_value(distinct, name)}
    return examples, found


def _union(
    engine: SparkEngine, task: AnswerTask, examples: DataFrame, given: GivenAnswers, by: int
) -> DataFrame:
    """Return examples and answers as rows of one schema, partitioned by what belongs together and sorted by it.

    Answers belong to their example. Where they are numbers they belong to their example's user, since metrics of numbers may
    be of users.
    """
    from pyspark.sql import functions as f

    def key(*of: Column) -> Column:
        return f.xxhash64(f.coalesce(*of)).alias("key")

    rows, example = given.rows, f.when(f.length(ID) > 0, f.col(ID))
    alone = f.concat(f.lit("\x1f"), f.col("row").cast("string"))
    kind = f.when(f.col("noted").isNull(), ANSWERED).otherwise(NOTED)
    whose = [example, alone]
    if task.answers.type == "number":
        owners = examples.select(ID, "user_id")
        rows = rows.join(owners, ID, "left")
        whose.insert(0, f.col("user_id"))
        mine = key(f.col("user_id"), f.col(ID))
    else:
        mine = key(f.col(ID))
    answered = rows.select(key(*whose), kind.alias("kind"), *given.rows.columns)
    sent = [ID, "task", "target", "user_id", *(["options"] if "options" in examples.columns else [])]
    sent += [quoted(f"by {number}") for number in range(by)]
    whole = examples.select(mine, f.lit(EXAMPLE).alias("kind"), *sent).unionByName(
        answered, allowMissingColumns=True
    )
    number = union.partitions(engine.session, task.rows("valid") + task.rows("test"))
    return whole.repartition(number, "key").sortWithinPartitions("key")


def _say(run: _Run, given: GivenAnswers, gathered: Gathered) -> None:
    """Add to the findings what partitions found, and what only all of them show."""
    findings, counts, noted = run.findings, gathered.counts, gathered.noted
    findings.unit = "line" if counts["line"] else "row"
    if counts["stopped"] or not counts["rows"]:
        noted.drop("missing-example")
    if noted.total("error"):
        for code in _READ:
            noted.drop(code)
    elif not counts["rows"]:
        find_nothing(findings)
    noted.into(findings, {}, given.place)
    if counts["unknown"] and not counts["stopped"] and run.out is not None:
        unknown = run.out.where(f"what = {What.UNKNOWN:d}").select("text")
        others = (part for part in run.task.parts if part != run.part and run.task.rows(part))
        for other in others:
            ids = _examples(run.engine, run.task, other).select(ID)
            with told():
                theirs = unknown.join(ids, unknown["text"] == ids[ID], "left_semi").count()
            say_other_part(findings, other, theirs, counts["unknown"])
