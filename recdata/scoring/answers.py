"""Scoring answers to examples: they are examined, metrics are computed from what they were read as, a result is made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recdata.engines import is_spark
from recdata.errors import InputError
from recdata.metrics.answers import Embed, Labels, Texts
from recdata.metrics.definition import UndefinedError
from recdata.metrics.ratings import Ratings
from recdata.metrics.spelling import Measure, summary_of
from recdata.metrics.text_bertscore import embedding
from recdata.protocol.answers import AnswerTask
from recdata.protocol.origin import Origin
from recdata.protocol.slices import Slice, by_value
from recdata.scoring.peruser import PerUser, write
from recdata.scoring.plan import choose_measures
from recdata.scoring.result import Result, read_by, whole_document
from recdata.store.arrays import filled, read_table
from recdata.submission.answers.examine import ExaminedAnswers, examine
from recdata.submission.answers.opening import open_answers
from recdata.submission.answers.reading import Read
from recdata.submission.finding import RejectedError

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]


def score_answers(
    task: AnswerTask,
    predictions: Any,
    metrics: str | Iterable[str] | None = None,
    part: str = "test",
    per_example: str | os.PathLike[str] | None = None,
    limit: int = 20,
    by: str | Iterable[str] | None = None,
    embeddings: Embed | str | os.PathLike[str] | None = None,
    engine: Any = None,
) -> Result:
    """Score the answers in ``predictions`` for ``part`` ("test" or "valid") of ``task``.

    predictions: a file (Parquet, CSV, TSV, JSON Lines, LaMP's JSON; text also packed) or a table with the columns
    example_id and answer (or id and output). metrics: names as in "Accuracy,MacroF1", or None for the protocol's.
    per_example: a file for the values of each example, .parquet or .csv. limit: how many findings an error shows. by: slices
    to score besides ("all" declared groups, columns of the examples, "user_id", "users.COLUMN"). embeddings: what BERTScore
    is computed from, a function or a stored file (see ``recdata.metrics.text_bertscore``). engine: as ``open_engine`` takes
    it. On Spark predictions are a path or URI that Spark reads, a table by name, or a DataFrame of Spark's, per_example is a
    folder that Spark writes, and there are no embeddings; the bits are the same.

    Raises RejectedError (an InputError) with all findings where the predictions have errors, InputError for a metric
    that does not exist or does not fit, and for a part whose targets the publisher keeps, MissingError where the file
    is not there.
    """
    measures = choose_measures(task, metrics)
    if per_example is not None:
        PerUser.check_name(Path(per_example))
    if hidden := task.hidden(part):
        raise InputError(
            f"{task.name}: the publisher keeps the targets of {hidden:,} of the {task.rows(part):,} examples of the {part} "
            f"part, so that nothing can be scored in it here; recdata submission {task.name} FILE -o OUT writes what the "
            "organisers score"
        )
    if is_spark(engine):
        from recdata.scoring.spark.answers.score import score

        if embeddings is not None:
            raise InputError(
                "embeddings are not sent to Spark's workers: score without Spark what reads them"
            )
        columns = slice_columns(task, by) if by else ()
        return score(task, predictions, measures, part, limit, engine, columns, per_example)
    slices = _slices(task, part, by) if by else []
    examined, sha256 = answered(task, predictions, part, limit)
    if examined.reader is None:
        raise ValueError("answers that were not read have no result")
    embed, said = (None, "") if embeddings is None else embedding(embeddings)
    evidence = Evidence(task, part, examined, embed)
    values = {str(measure): evidence.values(measure) for measure in measures}
    summaries = {
        str(measure): summary_of(measure, values[str(measure)], len(evidence)) for measure in measures
    }
    document = whole_document(
        task,
        part,
        predictions=read_by(examined.reader, sha256, examined.counts["rows"]),
        summaries=summaries,
        choices=choices_of(task, part, measures, said),
        counts=examined.counts,
    )
    if slices:
        document["slices"] = [
            entry for each in slices if (entry := _slice(evidence, each, measures, values))["metrics"]
        ]
    result = Result(document, PerExample(task, part, measures, values), examined.findings)
    if per_example is not None:
        write(result.per_user(), Path(per_example))
    return result


def answered(task: AnswerTask, predictions: Any, part: str, limit: int) -> tuple[ExaminedAnswers, str]:
    """Return what an examination of predictions without errors gave, and their SHA-256. Raises RejectedError else."""
    reader, findings = open_answers(predictions, limit)
    if reader is None:
        raise RejectedError(findings)
    with ThreadPoolExecutor(1) as thread:
        digest = thread.submit(reader.digest)
        examined = examine(task, reader, findings, part)
        if examined.answer is None:
            raise RejectedError(examined.findings)
        return examined, digest.result()


class Evidence:
    """What the metrics of answers read, by family; each form is made when it is first asked for."""

    def __init__(
        self,
        task: AnswerTask,
        part: str,
        examined: ExaminedAnswers,
        embed: Embed | None = None,
        workers: int | None = None,
    ) -> None:
        """workers: processes that slow metrics may use; None: as many as there are processors."""
        self._task, self._part, self._examined = task, part, examined
        self._embed, self._workers = embed, workers

    def __len__(self) -> int:
        """Return the number of examples."""
        return self._task.rows(self._part)

    def of(self, measure: Measure) -> Labels | Texts | Ratings:
        """Return what ``measure`` reads."""
        family = measure.definition.family
        if family == "text":
            return self._texts
        if family == "rating":
            return Ratings(self._users[1], self._users[0], self._read.target, self._read.number)
        return Labels(self._read.gold, self._read.predicted, self._read.labels)

    def values(self, measure: Measure) -> Floats:
        """Return the values of ``measure``: of each example, of each user, or the one of all together."""
        return measure.values(self.of(measure))

    def within(self, measure: Measure, mask: npt.NDArray[np.bool_]) -> Labels | Texts | Ratings:
        """Return what ``measure`` reads of some of the examples."""
        return self.of(measure).take(np.flatnonzero(mask))

    @property
    def _read(self) -> Read:
        if self._examined.read is None:
            raise ValueError("answers to hidden targets were not read")
        return self._examined.read

    @cached_property
    def _texts(self) -> Texts:
        """Return the texts without the white space around them; what is white is for Python to say, wherever this runs."""
        import pyarrow as pa

        def stripped(column: pa.Array) -> pa.Array:
            return pa.array([text.strip() for text in column.to_pylist()], pa.large_string())

        gold, answer = stripped(self._task.column("target", self._part)), stripped(self._examined.answer)
        return Texts(gold, answer, self._workers, self._embed, self._task.ids(self._part))

    @cached_property
    def _users(self) -> tuple[npt.NDArray[np.int32], int]:
        """Return whose each example is, and how many users there are; each example of nobody known has its own."""
        codes = self._task.column("user_id", self._part).dictionary_encode()
        user = filled(codes.indices, -1).astype(np.int32)
        known, nobody = len(codes.dictionary), user < 0
        user[nobody] = known + np.arange(int(nobody.sum()), dtype=np.int32)
        return user, known + int(nobody.sum())


class PerExample:
    """The part's examples with their values; made into a table when it is asked for."""

    def __init__(
        self, task: AnswerTask, part: str, measures: Sequence[Measure], values: Mapping[str, Floats]
    ) -> None:
        self._task, self._part, self._measures, self._values = task, part, measures, values

    def table(self) -> pa.Table:
        """Return one row an example, sorted by id (UTF-8 bytes): example_id, then a float64 column a metric.

        An example's value is the metric over this example alone (of RMSE the absolute error); a metric of users, or of
        all examples together, has no column.
        """
        import pyarrow as pa

        columns: dict[str, pa.Array] = {"example_id": self._task.ids(self._part)}
        for measure in self._measures:
            if measure.definition.over == "units":
                values = self._values[str(measure)]
                columns[str(measure)] = pa.array(np.sqrt(values) if measure.definition.root else values)
        return pa.table(columns).sort_by("example_id")


def slice_columns(task: AnswerTask, by: str | Iterable[str]) -> list[str]:
    """Return the columns that slices are asked for by, the declared groups for "all". Raises InputError where none is."""
    named = [name.strip() for name in (by.split(",") if isinstance(by, str) else by)]
    names = [each for name in named if name for each in (task.answers.groups if name == "all" else (name,))]
    if not names:
        groups = ", ".join(task.answers.groups)
        raise InputError(
            f"no slices are named; {task.name} has {f'the groups {groups}' if groups else 'no groups'}"
        )
    return list(dict.fromkeys(names))


def _slices(task: AnswerTask, part: str, by: str | Iterable[str]) -> list[Slice]:
    """Return the slices by columns. Raises InputError where there is no such column, or nothing is named."""
    found: dict[str, Slice] = {}
    for name in slice_columns(task, by):
        found |= {each.name: each for each in by_value(_column(task, part, name), name)}
    return list(found.values())


def is_of_users(task: AnswerTask, columns: Iterable[str], name: str) -> bool:
    """Say whether a column to slice by is one of the users that ask (``users.COLUMN``), or of the examples' ``columns``.

    Raises InputError where it is neither.
    """
    kind, _, plain = name.rpartition(".")
    known = [each for each in columns if each not in _UNSLICED]
    if not kind and plain in known:
        return False
    if kind == "users" and plain in Origin.of(task.manifest).types().get("users", {}):
        return True
    raise InputError(
        f"{task.name} has no column {name!r} to slice by; it has {', '.join(known)}, and the columns of its users"
    )


def _column(task: AnswerTask, part: str, name: str) -> pa.Array:
    """Return the values of a column of the examples, or of a column of the users that ask."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = name.rpartition(".")[2]
    if not is_of_users(task, task.schema(part).names, name):
        return task.column(plain, part)
    table = read_table(Origin.of(task.manifest).path("users"), ["user_id", plain]).combine_chunks()
    place = pc.index_in(task.column("user_id", part), table.column("user_id").combine_chunks())
    values = table.column(plain).combine_chunks()
    return values.take(place if isinstance(place, pa.Array) else place.combine_chunks())


_UNSLICED = ("example_id", "input", "target", "profile", "picked", "options")


def _slice(
    evidence: Evidence, each: Slice, measures: Sequence[Measure], values: Mapping[str, Floats]
) -> dict[str, Any]:
    """Return a slice's name, what it is, how many examples are in it, and its metrics where they are defined."""
    many = int(each.mask.sum())
    metrics = {}
    for measure in measures:
        if measure.definition.over == "units":
            inside = values[str(measure)][each.mask]
        else:
            try:
                inside = measure.values(evidence.within(measure, each.mask))
            except UndefinedError:
                continue
        metrics[str(measure)] = summary_of(measure, inside, many)._asdict()
    return {"name": each.name, "about": each.about, "units": many, "metrics": metrics}


def choices_of(
    task: AnswerTask, part: str, measures: Sequence[Measure], embedded: str = ""
) -> dict[str, Any]:
    """Return what was chosen: what is averaged over, how answers are read, what computes a metric and divides it."""
    tools = {
        str(measure): measure.definition.tool(**dict(measure.parameters))
        for measure in measures
        if measure.definition.tool is not None
    }
    tools |= {str(measure): embedded for measure in measures if "embeddings" in measure.definition.reads}
    return {
        "convention": "recdata",
        "unit": "examples",
        "population": f"every example of the {part} part",
        "missing": "an example without an answer is an error; there is no score then",
        "unknown": "an id that is none of the part's is an error",
        "reading": _reading(task),
        "denominators": {str(measure): measure.denominator for measure in measures},
        **({"tools": tools} if tools else {}),
    }


def _reading(task: AnswerTask) -> str:
    """Say how answers are read."""
    what, around = task.answers, "white space around an answer means nothing"
    if what.type == "label":
        return f"a label as the card writes it; {around}; what is no label is wrong"
    if what.type == "choice":
        return f"a letter by the rule {what.parse}; what cannot be read is wrong"
    if what.type == "number":
        far = f"{what.low:g} or {what.high:g}, whichever is farther from the target ({what.high:g} where both are as far)"
        return f"a finite number as Python's float reads it, also outside of the range; what cannot be read counts as {far}"
    return f"a text as it is; {around}"
