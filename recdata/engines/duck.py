"""The default engine: DuckDB in this process, out of core, no server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from recdata.engines.bad_rows import BadRows
from recdata.engines.base import Engine, name, quote
from recdata.errors import InputError, ResourceError
from recdata.processes import processors
from recdata.store.arrays import parquet_files, to_numpy

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa


class DuckEngine(Engine):
    """One in-memory DuckDB whose large intermediate results go to a temporary folder.

    ``RECDATA_MEMORY`` (for example "4GB") bounds what it holds in memory; DuckDB's own default is 80 % of the machine's.
    """

    name = "duckdb"

    def __init__(self, threads: int | None = None, skip_bad_rows: int = 0) -> None:
        """threads: how many, by default RECDATA_THREADS or all. skip_bad_rows: how many of raw files may be left out.

        Raises InputError where RECDATA_THREADS or RECDATA_MEMORY is none, ResourceError where nothing can be spilled.
        """
        self.bad_rows = BadRows(skip_bad_rows)
        try:
            # It goes at the end of the program too, where an interrupt keeps this from being closed.
            self._scratch = tempfile.TemporaryDirectory(prefix="recdata-duckdb-", ignore_cleanup_errors=True)
        except OSError as error:
            raise ResourceError(f"no temporary folder can be written: {error}; set TMPDIR to one") from error
        self._spill = self._scratch.name
        self.connection = duckdb.connect(
            config={
                "temp_directory": self._spill,
                "threads": threads or processors(),
                # Nothing is fetched behind the user's back, and a session's zone changes no result.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
            }
        )
        self.connection.execute("SET TimeZone = 'UTC'")
        # The bar of DuckDB would go to standard output, where data belongs.
        self.connection.execute("SET enable_progress_bar = false")
        if limit := os.environ.get("RECDATA_MEMORY"):
            try:
                self.connection.execute(f"SET memory_limit = {quote(limit)}")
            except duckdb.Error as error:
                self.close()
                raise InputError(f"RECDATA_MEMORY is {limit!r}; expected a size such as 4GB") from error

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Keep rows in the order they are read in, for files in which it means something; else the engine need not."""
        self.connection.execute("SET preserve_insertion_order = true")
        try:
            yield
        finally:
            self.connection.execute("SET preserve_insertion_order = false")

    def scratch(self, filename: str) -> Path:
        """Return a path where a file may be written that is removed with the engine."""
        return Path(tempfile.mkdtemp(dir=self._spill)) / filename

    @contextmanager
    def _within_limits(self) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise ResourceError(
                f"DuckDB ran out of memory or of disk for {self._spill}: {error}. "
                "Set RECDATA_MEMORY higher, or TMPDIR to a larger disk."
            ) from error

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        with self._within_limits():
            return self.connection.execute(sql)

    def read(self, relation: str, paths: Sequence[Path], columns: Sequence[str]) -> None:
        """Name ``relation`` the given columns of Parquet files, or of folders of them."""
        files = ", ".join(quote(str(file)) for path in paths for file in parquet_files(path))
        chosen = ", ".join(map(name, columns))
        self.view(relation, f"SELECT {chosen} FROM read_parquet([{files}])")

    def add(self, relation: str, table: pa.Table) -> None:
        """Name ``relation`` an Arrow table."""
        self.connection.register(relation, table)

    def keep(self, relation: str, select: str) -> None:
        """Compute ``select`` once and name its rows ``relation``."""
        self._run(f"CREATE OR REPLACE TEMP TABLE {name(relation)} AS {select}")

    def view(self, relation: str, select: str) -> None:
        """Name ``relation`` the rows of ``select``."""
        self._run(f"CREATE OR REPLACE TEMP VIEW {name(relation)} AS {select}")

    def drop(self, relation: str) -> None:
        """Forget what ``keep`` computed."""
        self._run(f"DROP TABLE {name(relation)}")

    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result as tuples."""
        return self._run(select).fetchall()

    def columns(self, select: str) -> dict[str, npt.NDArray[Any]]:
        """Return a result as one NumPy array a column."""
        with self._within_limits():
            table = self.connection.sql(select).to_arrow_table()
        return {column: to_numpy(table.column(column)) for column in table.column_names}

    def batches(self, select: str, size: int) -> Iterator[pa.RecordBatch]:
        """Stream a result as Arrow batches of about ``size`` rows."""
        with self._within_limits():
            yield from self.connection.sql(select).to_arrow_reader(size)

    def stream(self, select: str, size: int) -> Iterator[pa.RecordBatch]:
        """Stream a result as ``batches`` does, reading the first table of every join through and holding the others.

        DuckDB chooses by what it believes of their sizes, and of a raw file it knows nothing.
        """
        self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        try:
            with self._within_limits(), self.connection.sql(select).to_arrow_reader(size) as reader:
                yield from reader
        finally:
            self.connection.execute("SET disabled_optimizers = ''")

    def newest(self, relation: str, count: int) -> str:
        """Take the top rows by DuckDB's bounded ``max(row, n)`` aggregate."""
        return (
            "SELECT user, unnest(newest) AS row, generate_subscripts(newest, 1) AS place, rows "
            f"FROM (SELECT user, max(row, {int(count)}) AS newest, count(*) AS rows FROM {name(relation)} GROUP BY user)"
        )

    def lowest(self, relation: str, keyed: str, wanted: str) -> str:
        """Sort only the rows whose key is low enough to matter, and check that they were enough.

        Of n uniform keys, the lowest w lie below (w + 6 sqrt(w) + 9) / n of the range but for one user in millions; where
        one has too few there, everything is sorted after all.
        """
        self.keep(
            "lowest limits",
            f"SELECT user, rows, wanted, 2147483647 * (wanted + 6 * sqrt(wanted) + 9) / rows AS highest FROM "
            f"(SELECT user, rows, {wanted} AS wanted FROM "
            f"(SELECT user, count(*) AS rows FROM {name(relation)} GROUP BY user)) WHERE wanted > 0",
        )
        self.keep(
            "lowest rows",
            "SELECT row, user, place, rows FROM (SELECT row, user, rows, wanted, row_number() OVER "
            f'(PARTITION BY user ORDER BY key, item, row) AS place FROM ({keyed}) JOIN "lowest limits" USING (user) '
            "WHERE key <= highest) WHERE place <= wanted",
        )
        ((short,),) = self.fetch(
            'SELECT (SELECT sum(wanted) FROM "lowest limits") IS DISTINCT FROM (SELECT count(*) FROM "lowest rows")'
        )
        if short:
            return super().lowest(relation, keyed, wanted)
        return 'SELECT row, place, rows FROM "lowest rows"'

    def add_up(self, relation: str, weight: str) -> str:
        """Add in NumPy: DuckDB's sum of floats depends on the order in which its threads come."""
        found = self.columns(f"SELECT row, user, item, {weight} AS weight FROM {name(relation)}")
        order = np.lexsort((found["row"], found["item"], found["user"]))
        row, user, item, weights = (found[column][order] for column in ("row", "user", "item", "weight"))
        first = np.ones(len(row), dtype=bool)
        first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
        # Adds one after the other, in order; add.reduceat would not.
        sums = np.bincount(np.cumsum(first) - 1, weights=weights.astype(np.float64))
        import pyarrow as pa

        self.add(f"{relation} sums", pa.table({"row": row[first], "summed": sums}))
        return f"SELECT row, summed FROM {name(f'{relation} sums')}"

    def k_core(self, relation: str, users: int, items: int, rounds: int | None = None) -> None:
        """Count over integer codes in NumPy: several times faster here than rounds of SQL."""
        codes = self.columns(f"SELECT row, user, item FROM {name(relation)}")
        row, user, item = codes["row"], codes["user"], codes["item"]
        for _ in count() if rounds is None else range(rounds):
            keep = np.ones(len(row), dtype=bool)
            for code, least in ((user, users), (item, items)):
                if least > 1:
                    keep &= np.bincount(code)[code] >= least
            if keep.all():
                break
            row, user, item = row[keep], user[keep], item[keep]
        import pyarrow as pa

        self.add(f"{relation} core", pa.table({"row": row}))
        self.keep(
            relation, f"SELECT * FROM {name(relation)} SEMI JOIN {name(relation + ' core')} USING (row)"
        )
        self.connection.unregister(f"{relation} core")

    def hash31(self, text: str, part: int) -> str:
        """Read hex digits of the MD5 as an integer."""
        return f"(('0x' || substr(md5({text}), {8 * part + 1}, 8))::BIGINT % 2147483647)"

    def moment(self, text: str) -> str:
        """Cast the text to DuckDB's timestamp with time zone."""
        return f"CAST({quote(text)} AS TIMESTAMPTZ)"

    def microseconds(self, moment: str) -> str:
        """Ask DuckDB for the epoch."""
        return f"epoch_us({moment})"

    def month(self, moment: str) -> str:
        """Write year and month; without a zone, so that none of the session's is asked for."""
        return f"strftime(make_timestamp(epoch_us({moment})), '%Y-%m')"

    def length(self, column: str) -> str:
        """Ask for the length of the list."""
        return f"len({column})"

    def overlaps(self, column: str, literals: str) -> str:
        """Make a list of the literals and compare."""
        return f"list_has_any({column}, [{literals}])"

    def close(self) -> None:
        """Close the connection and remove what was spilled."""
        self.connection.close()
        self._scratch.cleanup()
