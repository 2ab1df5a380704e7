"""Values of each user on Spark: a DataFrame that is written where it is, or fetched by who asks for it."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import location
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.scoring.peruser import PerUser
from recdata.scoring.plan import Plan
from recdata.scoring.spark.files import uri
from recdata.scoring.spark.output import What
from recdata.scoring.spark.union import Relations

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


class SpreadPerUser(PerUser):
    """The population's users with their values. What was kept for them is let go of with this."""

    def __init__(
        self, engine: SparkEngine, relations: Relations, task: Task, plan: Plan, out: DataFrame, part: int
    ) -> None:
        """part: the number of the plan's whole in ``out``."""
        self._engine, self._relations, self._task, self._plan = engine, relations, task, plan
        self._out, self._part = out, part
        # At the end of the process there is nothing to let go of.
        weakref.finalize(self, engine.close).atexit = False

    @property
    def frame(self) -> DataFrame:
        """The values as a DataFrame of Spark's, sorted by user_id; see ``PerUser.table``."""
        from pyspark.sql import functions as f

        self.check_unit(self._plan)
        what = What.UNIT if self._task.protocol["task"] == "ranking" else What.USER
        rows = self._out.where(f"what = {what:d} AND part = {self._part}")
        values = [
            f.col(f"v{place}").alias(str(measure))
            for place, measure in enumerate(self._plan.measures)
            if measure.definition.over != "all"
        ]
        named = rows.join(self._relations.ids("user"), "user")
        return named.select("user_id", *values).orderBy("user_id")

    def table(self) -> pa.Table:
        """Return one row a user, as an Arrow table; see ``PerUser.table``. All of it comes to this process."""
        with told():
            return self.frame.toArrow()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the values as a folder of files, .parquet or .csv as the name says. Raises InputError where it is there."""
        text = os.fspath(path)
        place = uri(text) if uri(text) != text or "://" in text else location(Path(text))
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
