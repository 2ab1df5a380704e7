"""Validating predictions on the engine that is asked for."""

from __future__ import annotations

from typing import Any

from recdata.engines import is_spark
from recdata.protocol.answers import AnswerTask, AnyTask
from recdata.submission.examine import SHOWN
from recdata.submission.examine import validate as validate_here
from recdata.submission.finding import Findings


def validate(
    task: AnyTask, predictions: Any, part: str = "test", limit: int = SHOWN, engine: Any = None
) -> Findings:
    """Return everything that is wrong with ``predictions``; see ``recdata.submission.examine.validate``.

    engine: as ``recdata.engines.open_engine`` takes it; on Spark predictions are what ``recdata.scoring.score.score``
    says. Errors as there.
    """
    engine = task.engine(engine)
    if not is_spark(engine):
        return validate_here(task, predictions, part, limit)
    if isinstance(task, AnswerTask):
        from recdata.scoring.spark.answers.score import validate as validate_answers

        return validate_answers(task, predictions, part, limit, engine)
    from recdata.scoring.spark.score import validate as validate_on_spark

    return validate_on_spark(task, predictions, part, limit, engine)
