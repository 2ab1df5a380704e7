"""Values of each user or example on Spark: a DataFrame that is written where it is, or fetched by who asks for it."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import location, place_of
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.metrics.spelling import Measure
from recdata.protocol.task import Task
from recdata.scoring.peruser import PerUser
from recdata.scoring.plan import Plan
from recdata.scoring.spark.output import What
from recdata.scoring.spark.union import Relations
from recdata.submission.answers.rows import ID

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


class Spread(ABC):
    """Values of units, by their ids. What was kept for them is let go of with this."""

    def __init__(self, engine: SparkEngine) -> None:
        # At the end of the process there is nothing to let go of.
        weakref.finalize(self, engine.close).atexit = False

    @property
    @abstractmethod
    def frame(self) -> DataFrame:
        """The values as a DataFrame of Spark's, sorted by id."""

    def table(self) -> pa.Table:
        """Return one row a unit, as an Arrow table. All of it comes to this process."""
        with told():
            return self.frame.toArrow()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the values as a folder of files, .parquet or .csv as the name says. Raises InputError where it is there."""
        text, place = os.fspath(path), location(place_of(path))
        writer = self.frame.write.mode("errorifexists")
        try:
            if text.lower().endswith(".csv"):
                writer.csv(place, header=True)
            else:
                writer.parquet(place)
        except Exception as error:
            if "PATH_ALREADY_EXISTS" in str(error):
                raise InputError(f"{text}: this is there already; Spark writes a new folder") from error
            with told():
                raise


class SpreadPerUser(Spread):
    """The population's users with their values; see ``PerUser``."""

    def __init__(
        self, engine: SparkEngine, relations: Relations, task: Task, plan: Plan, out: DataFrame, part: int
    ) -> None:
        """part: the number of the plan's whole in ``out``."""
        super().__init__(engine)
        self._relations, self._task, self._plan = relations, task, plan
        self._out, self._part = out, part

    @property
    def frame(self) -> DataFrame:
        """The values as a DataFrame of Spark's, sorted by user_id; see ``PerUser.table``."""
        from pyspark.sql import functions as f

        PerUser.check_unit(self._plan)
        what = What.UNIT if self._task.protocol["task"] == "ranking" else What.USER
        rows = self._out.where(f"what = {what:d} AND part = {self._part}")
        values = [
            f.col(f"v{place}").alias(str(measure))
            for place, measure in enumerate(self._plan.measures)
            if measure.definition.over != "all"
        ]
        named = rows.join(self._relations.ids("user"), "user")
        return named.select("user_id", *values).orderBy("user_id")


class SpreadPerExample(Spread):
    """A part's examples with their values; see ``scoring.answers.PerExample``."""

    def __init__(self, engine: SparkEngine, out: DataFrame, measures: Sequence[Measure]) -> None:
        super().__init__(engine)
        self._out, self._measures = out, tuple(measures)

    @property
    def frame(self) -> DataFrame:
        """The values as a DataFrame of Spark's, sorted by example_id."""
        from pyspark.sql import functions as f

        values = [
            (f.sqrt(f"v{place}") if measure.definition.root else f.col(f"v{place}")).alias(str(measure))
            for place, measure in enumerate(self._measures)
            if measure.definition.over == "units"
        ]
        rows = self._out.where(f"what = {What.UNIT:d} AND part = 0")
        return rows.select(f.col("text").alias(ID), *values).orderBy(ID)
