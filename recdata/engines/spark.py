"""Apache Spark as an engine: the same operators where a corpus or a set of predictions outgrows one machine.

Relations are temporary views of a session of their own. Nothing of the size of the data comes to the driver: what
``fetch`` and ``columns`` return is small (counts, thresholds) or of the size of the items.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.engines.base import Engine, name, quote
from recdata.engines.spark_places import location, pattern
from recdata.engines.spark_session import LOCAL, SETTINGS, session, told
from recdata.engines.spark_storage import Storage
from recdata.engines.spark_workers import add_up, send
from recdata.store.arrays import to_numpy

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

Batches = Callable[["Iterator[pa.RecordBatch]"], "Iterator[pa.RecordBatch]"]
"""What runs on each partition: Arrow batches to Arrow batches."""


_WRITING = {
    "compression": "zstd",
    # Files of at most some hundred megabytes: several may be read at once, and each is hashed whole.
    "maxRecordsPerFile": str(1 << 23),
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


class SparkEngine(Engine):
    """A Spark session's own temporary views, and what was kept for them; the session itself lives on."""

    name = "spark"
    heavy = 1 << 22
    """A group (a user) of more rows than these is numbered by all partitions together, not by one task."""

    def __init__(
        self,
        spark: SparkSession | None = None,
        *,
        master: str | None = None,
        conf: Mapping[str, str] | None = None,
        threads: int | None = None,
    ) -> None:
        """spark: a session to work in; else one is found or started, see ``session``."""
        given = spark or session(master, conf, threads)
        self.session = given.newSession()
        self._kept: list[DataFrame] = []
        self._numbers = count()
        self._scratch: Path | None = None
        self.storage = Storage(self.session)
        # A new session has what Spark was started with, not what was set in the user's since then.
        since = dict(given.conf.getAll.items() - self.session.conf.getAll.items())
        for key, value in {**since, **(conf or {}), **SETTINGS}.items():
            if given.conf.isModifiable(key) or not key.startswith("spark."):
                self.session.conf.set(key, value)

    def frame(self, select: str) -> DataFrame:
        """Return the rows of a SELECT as a DataFrame; string literals in it mean what standard SQL means."""
        with told():
            return self.session.sql(_literals(select))

    def call(self, relation: str, frame: DataFrame) -> DataFrame:
        """Name ``relation`` the rows of a DataFrame, computed where they are used."""
        frame.createOrReplaceTempView(name(relation))
        return frame

    def kept(self, frame: DataFrame) -> DataFrame:
        """Return the DataFrame, computed once: held in memory and on disk until the engine is closed."""
        self._kept.append(frame.persist())
        return self._kept[-1]

    def fresh(self, what: str) -> str:
        """Return a name for a relation that no other one has."""
        return f"{what} {next(self._numbers)}"

    def read(self, relation: str, paths: Sequence[Path | str], columns: Sequence[str]) -> None:
        """Name ``relation`` the given columns of Parquet files or folders of them; text is a URI that Spark knows."""
        self.call(relation, self.parquet(*paths).select(*map(_column, columns)))

    def parquet(self, *paths: Path | str) -> DataFrame:
        """Return the rows of Parquet files or folders of them. Raises MissingError where there are none."""
        with told():
            return self.session.read.parquet(*map(pattern, paths))

    def write(self, frame: DataFrame, path: Path | str) -> None:
        """Write a DataFrame as a folder of Parquet files whose names are in the order of its partitions.

        What a run left there that did not come to its end is replaced.
        """
        with told():
            frame.write.mode("overwrite").options(**_WRITING).parquet(location(path))
        if isinstance(path, Path):
            for checksum in path.glob(".*.crc"):
                checksum.unlink()

    def add(self, relation: str, table: pa.Table) -> None:
        """Name ``relation`` an Arrow table."""
        self.call(relation, self.session.createDataFrame(table))

    def keep(self, relation: str, select: str) -> None:
        """Compute ``select`` once and name its rows ``relation``."""
        self.call(relation, self.checkpoint(self.frame(select)))

    def view(self, relation: str, select: str) -> None:
        """Name ``relation`` the rows of ``select``."""
        self.call(relation, self.frame(select))

    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result as tuples."""
        with told():
            return [tuple(row) for row in self.frame(select).collect()]

    def columns(self, select: str) -> dict[str, npt.NDArray[Any]]:
        """Return a small result as one NumPy array a column."""
        with told():
            table = self.frame(select).toArrow()
        return {column: to_numpy(table.column(column)) for column in table.column_names}

    def batches(self, select: str, size: int) -> Iterator[pa.RecordBatch]:
        """Stream a result: one partition at a time comes to the driver, as Arrow batches."""
        import pyarrow as pa

        with told():
            sent = self.mapped(self.frame(select), send, "batch binary")
            for row in sent.toLocalIterator(prefetchPartitions=True):
                with pa.ipc.open_stream(row.batch) as reader:
                    for batch in reader:
                        for start in range(0, len(batch), size):
                            yield batch.slice(start, size)

    def mapped(self, frame: DataFrame, function: Batches, schema: str) -> DataFrame:
        """Return what ``function`` makes of the Arrow batches of each partition; schema: as in SQL's CREATE TABLE."""
        return frame.mapInArrow(function, schema)

    def newest(self, relation: str, count: int) -> str:
        """Number the rows of each user; Spark keeps but ``count`` of them in each partition before it sends any."""
        place = "row_number() OVER (PARTITION BY user ORDER BY row DESC) AS place"
        return (
            f"SELECT n.user, row, place, rows FROM (SELECT user, row, {place} FROM {name(relation)}) AS n "
            f"JOIN (SELECT user, count(*) AS rows FROM {name(relation)} GROUP BY user) AS c ON n.user = c.user "
            f"WHERE place <= {int(count)}"
        )

    def running(self, select: str, order: Sequence[str], amount: str | None = None) -> str:
        """Sort by ranges, sum each partition, and add to each what the partitions before it hold."""
        from pyspark.sql import functions as f

        keys = [_key(each) for each in order]
        with told():
            placed = self.checkpoint(self.frame(select).repartitionByRange(*keys).sortWithinPartitions(*keys))
            part, inside = f.spark_partition_id().alias("part"), f.monotonically_increasing_id()
            sums = placed.groupBy(part).agg(f.expr(f"sum({amount})" if amount else "count(*)").alias("n"))
            total, before = 0, []
            for number, n in sorted(map(tuple, sums.collect())):
                before.append((number, total))
                total += n
        offsets = self.session.createDataFrame(before, "part int, before bigint")
        if amount is None:
            # The number of a row inside its partition stands in the lower 33 bits.
            inside = inside.bitwiseAND(f.lit((1 << 33) - 1)) + 1
        numbered = placed.withColumn("part number", f.spark_partition_id()).withColumn("inside", inside)
        if amount is not None:
            over = f'sum({amount}) OVER (PARTITION BY "part number" ORDER BY {", ".join(order)} ROWS UNBOUNDED PRECEDING)'
            numbered = numbered.drop("inside").withColumn("inside", f.expr(over))
        joined = numbered.join(f.broadcast(offsets), numbered["part number"] == offsets["part"])
        relation = self.fresh("running")
        self.call(
            relation,
            joined.select(
                *(placed[_column(c)] for c in placed.columns), f.expr("inside + before").alias("until")
            ),
        )
        return f"SELECT * FROM {name(relation)}"

    def placed(self, select: str, group: Sequence[str], order: Sequence[str]) -> str:
        """Number by a window a group, unless one group is so large that its task would outlast all others."""
        groups = ", ".join(group)
        relation = self.fresh("to place")
        self.view(relation, select)
        ((largest,),) = self.fetch(
            f"SELECT max(n) FROM (SELECT count(*) AS n FROM {name(relation)} GROUP BY {groups}) AS counted"
        )
        if (largest or 0) <= self.heavy:
            return super().placed(select, group, order)
        numbered = self.fresh("numbered")
        self.view(numbered, self.running(select, [*group, *order]))
        starts = (
            f"SELECT {groups}, min(until) AS start, count(*) AS rows FROM {name(numbered)} GROUP BY {groups}"
        )
        columns = ", ".join(f"n.{name(c)}" for c in self.session.table(name(relation)).columns)
        return (
            f"SELECT {columns}, until - start + 1 AS place, rows FROM {name(numbered)} AS n "
            f"JOIN ({starts}) AS s USING ({groups})"
        )

    def lowest(self, relation: str, keyed: str, wanted: str) -> str:
        """Number all rows by key; see ``placed`` for users of very many."""
        placed = self.placed(keyed, ["user"], ["key", "item", "row"])
        return f"SELECT row, place, rows FROM ({placed}) AS placed WHERE place <= {wanted}"

    def add_up(self, relation: str, weight: str) -> str:
        """Bring the rows of a pair together in order, and add them as they stream by."""
        rows = self.frame(f"SELECT row, user, item, {weight} AS weight FROM {name(relation)}")
        ordered = rows.repartition("user", "item").sortWithinPartitions("user", "item", "row")
        sums = self.fresh("sums")
        self.call(sums, self.mapped(ordered, add_up, "row bigint, summed double"))
        return f"SELECT row, summed FROM {name(sums)}"

    def k_core(self, relation: str, users: int, items: int, rounds: int | None = None) -> None:
        """Drop and count over codes until nothing changes; each round is checkpointed, so that plans stay short."""
        left = self.fresh("core")
        self.view(left, f"SELECT row, user, item FROM {name(relation)}")
        least = {"user": users, "item": items}
        for _ in count() if rounds is None else range(rounds):
            few, counted = [], []
            for entity, number in least.items():
                few.append(f"few {entity}s")
                self.keep(
                    few[-1],
                    f"SELECT {entity} FROM {name(left)} GROUP BY {entity} HAVING count(*) < {number}",
                )
                counted.append(f"(SELECT count(*) FROM {name(few[-1])})")
            ((dropped,),) = self.fetch(f"SELECT {' + '.join(counted)}")
            if not dropped:
                break
            rest = self.frame(
                f"SELECT c.* FROM {name(left)} AS c LEFT ANTI JOIN {name(few[0])} AS u ON c.user = u.user "
                f"LEFT ANTI JOIN {name(few[1])} AS i ON c.item = i.item"
            )
            self.call(left, self.checkpoint(rest))
        self.view(
            relation,
            f"SELECT r.* FROM {name(relation)} AS r LEFT SEMI JOIN {name(left)} AS c ON r.row = c.row",
        )

    def checkpoint(self, frame: DataFrame) -> DataFrame:
        """Return the rows of a DataFrame, computed now: what is made of it knows nothing of how it was made.

        Plans would grow with every step otherwise, by as much as a step uses the one before. The rows are written where a
        lost worker does not take them along: to ``spark.checkpoint.dir`` where that is set, to a temporary folder where
        Spark runs on this machine, and else to the memory and disks of two workers each. Partitions stay what they are.
        """
        from pyspark import StorageLevel

        context = self.session.sparkContext
        with told():
            if context.getConf().get("spark.checkpoint.dir"):
                return frame.checkpoint()
            if not LOCAL.match(context.master):
                return frame.localCheckpoint(True, StorageLevel.MEMORY_AND_DISK_2)
            if self._scratch is None:
                self._scratch = Path(tempfile.mkdtemp(prefix="recdata-spark-"))
            if self._scratch.name not in (context.getCheckpointDir() or ""):
                context.setCheckpointDir(location(self._scratch))
            return frame.checkpoint()

    def hash31(self, text: str, part: int) -> str:
        """Read hex digits of the MD5 as an integer."""
        return f"(CAST(conv(substr(md5({text}), {8 * part + 1}, 8), 16, 10) AS BIGINT) % 2147483647)"

    def moment(self, text: str) -> str:
        """Cast the text to Spark's timestamp, an instant."""
        return f"CAST({quote(text)} AS TIMESTAMP)"

    def microseconds(self, moment: str) -> str:
        """Ask Spark for the microseconds."""
        return f"unix_micros({moment})"

    def month(self, moment: str) -> str:
        """Write year and month; the session's zone is UTC."""
        return f"date_format({moment}, 'yyyy-MM')"

    def length(self, column: str) -> str:
        """Ask for the size of the list."""
        return f"size({column})"

    def overlaps(self, column: str, literals: str) -> str:
        """Make an array of the literals and compare."""
        return f"arrays_overlap({column}, array({literals}))"

    def close(self) -> None:
        """Let go of what was kept; the session lives on, whoever started it."""
        for frame in self._kept:
            frame.unpersist()
        self._kept.clear()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _column(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"


def _key(order: str) -> Any:
    """Return a sort key of Spark's: an expression, descending where " DESC" ends it."""
    from pyspark.sql import functions as f

    text = order.removesuffix(" NULLS FIRST")
    key = f.expr(_literals(text.removesuffix(" DESC")))
    return key.desc() if text.endswith(" DESC") else key.asc_nulls_first()


_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")


def _literals(sql: str) -> str:
    """Write backslashes in string literals twice: to Spark one alone is an escape, in standard SQL it is itself."""
    if "\\" not in sql:
        return sql
    return _QUOTED.sub(lambda found: found[0] if found[0][0] == '"' else found[0].replace("\\", "\\\\"), sql)
