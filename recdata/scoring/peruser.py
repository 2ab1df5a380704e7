"""Values of each user: a table with the user's id and one column a metric."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recdata.errors import InputError
from recdata.harmless import cell
from recdata.metrics.ratings import Ratings
from recdata.protocol.task import Task
from recdata.scoring.evidence import Values
from recdata.scoring.plan import Plan
from recdata.store.atomic import atomic_file
from recdata.submission.examine import Examined

if TYPE_CHECKING:
    import pyarrow as pa

_FORMATS = (".parquet", ".csv")


class PerUser:
    """The population's users with their values; made into a table when it is asked for."""

    def __init__(
        self,
        task: Task,
        examined: Examined,
        plan: Plan,
        values: Mapping[str, Values],
    ) -> None:
        self._task = task
        self._plan = plan
        self._population = examined.population
        self._ratings = examined.evidence if isinstance(examined.evidence, Ratings) else None
        self._whole = {str(measure) for measure in plan.measures if measure.definition.over == "all"}
        self._by_user = {str(each) for each in plan.measures if each.definition.over == "users"}
        self._roots = {str(measure): measure.definition.root for measure in plan.measures}
        self._values = values

    def table(self) -> pa.Table:
        """Return one row a user of the population, sorted by id: user_id, then a float64 column a metric.

        In a rating task a user's value is the metric over the user's own rows. A user over whom a metric is not
        averaged has a null; a metric of all users together has no column. Raises InputError where the units are not users.
        """
        import pyarrow as pa

        self.check_unit(self._plan)
        columns: dict[str, pa.Array] = {"user_id": self._task.user_ids.take(pa.array(self._population))}
        for name, values in self._values.items():
            if name in self._whole:
                continue
            if values.users is None:
                columns[name] = pa.array(self._of_users(name, values.values))
            else:
                spread = np.zeros(len(self._population))
                spread[values.users] = values.values
                columns[name] = pa.array(spread, mask=~values.users)
        return pa.table(columns)

    def _of_users(self, name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self._ratings is None or name in self._by_user:
            return values
        means = self._ratings.of_users(values)
        return np.sqrt(means) if self._roots[name] else means

    @staticmethod
    def check_unit(plan: Plan) -> None:
        """Raise InputError where a plan has no values of users."""
        if plan.convention.unit != "users":
            raise InputError(f"convention {plan.name} has a value for each relevant item, none for each user")

    @staticmethod
    def check_name(path: Path) -> None:
        """Raise InputError where the name says no format that is written."""
        if path.suffix.lower() not in _FORMATS:
            raise InputError(
                f"{path}: values of each user are written as {' or '.join(_FORMATS)}; name the file so"
            )


def _harmless(table: pa.Table) -> pa.Table:
    """Return the table with ids that no spreadsheet runs: see ``recdata.harmless.cell``. Parquet has them as they are."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = [None if text is None else cell(text) for text in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return table


def write(table: pa.Table, path: Path) -> None:
    """Write ``table`` as Parquet or CSV, as the name of ``path`` says. Raises ResourceError where the disk refuses."""
    with atomic_file(path) as temporary:
        if path.suffix.lower() == ".csv":
            from pyarrow import csv

            csv.write_csv(_harmless(table), temporary)
        else:
            import pyarrow.parquet as pq

            pq.write_table(table, temporary, compression="zstd")
