"""Predictions on any path that Spark reads, a table by name, or a DataFrame, as rows of ids, values and faults."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.scoring.spark.files import Files
from recdata.submission.block import ITEM, USER, Value, id_column, value_column
from recdata.submission.columns import Layout
from recdata.submission.finding import Findings, StopReadingError, Unit, escape
from recdata.submission.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

ORDER_BITS = 41
"""A row's place in the order of all: its number or, where the format has none, its file's number above a hash of its ids."""
_NUMBER = "^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *$"
_CORRUPT = "_wrong line"
BAD_NUMBER, NO_USER, NO_ITEM, LENGTHS, LINE = 1, 2, 4, 8, 16
"""What can be wrong with a row by itself."""


class Predictions:
    """What a result says of predictions, as an Identity does, and their rows, which do not come here.

    rows: a DataFrame of user_id, item_id (strings), value (double), row (bigint, see ORDER_BITS), wrong (int, what is wrong
    with the row by itself), written (string, what stands there). numbered: whether rows have numbers, from 0.
    """

    unit: Unit = "row"

    def __init__(self, engine: SparkEngine, given: Any, findings: Findings, limits: Limits) -> None:
        """Find predictions and their columns. Raises MissingError where there are none, StopReadingError with the reason
        in ``findings``, InputError where ``given`` is nothing that Spark reads.
        """
        self._engine, self._findings = engine, findings
        self.limits = limits
        self.name = findings.file
        self._files: Files | None = None
        self.format = "table"
        self.count: int | None = None
        frame = self._find(given)
        types = _arrow_types(frame)
        limits.check("columns", len(types), findings)
        layout = Layout.of(list(types), lambda column: types[column], findings)
        if layout.places is not None:
            # Rows that are known by their places have no order here.
            findings.add(
                "unknown-format", value="locale and next_item_prediction", remedy="score it without Spark"
            )
            raise StopReadingError
        self.value: Value = layout.value
        self.numbered = self._files is not None and self._files.kind == "parquet"
        if not layout.lists:
            self._check_types(layout, types)
        with told():
            self.rows = self._rows(frame, layout, types)

    def _find(self, given: Any) -> DataFrame:
        """Return what is there as a DataFrame, its columns as they are called there."""
        session = self._engine.session
        if not isinstance(given, str | Path):
            if not hasattr(given, "createGlobalTempView"):
                raise InputError(
                    f"the engine spark reads a path, a table by name or a DataFrame of Spark's, not {type(given).__name__}"
                )
            # Another session's rows are views of this one's.
            name = f"recdata_{uuid4().hex}"
            given.createGlobalTempView(name)
            frame = session.table(f"global_temp.{name}")
            session.catalog.dropGlobalTempView(name)
            return frame
        text = str(given)
        if (
            not Path(text).exists()
            and re.fullmatch(r"\w+(\.\w+){0,2}", text)
            and session.catalog.tableExists(text)
        ):
            return session.table(text)
        files = self._files = Files(self._engine, text, self.limits, self._findings)
        self.format = files.format
        with told():
            if files.kind == "parquet":
                return session.read.parquet(*files.paths)
            if files.kind == "jsonl":
                schema = self._json_schema(files)
                return session.read.schema(schema).json(files.paths, columnNameOfCorruptRecord=_CORRUPT)
            delimiter = "\t" if files.kind == "tsv" else ","
            return session.read.csv(files.paths, header=True, sep=delimiter, quote='"', escape='"')

    def _json_schema(self, files: Files) -> str:
        """Return the schema of JSON lines from the first of them."""
        first = self._engine.session.read.text(files.paths).where("trim(value) <> ''").limit(1).collect()
        try:
            record = dict(json.loads(first[0].value))
        except (ValueError, IndexError, TypeError):
            shown = first[0].value if first else ""
            self._findings.add("bad-line", value=shown, expected="one JSON object a line")
            raise StopReadingError from None
        columns = []
        for name, value in record.items():
            kind = "double" if name in ("score", "rank", "scores") else "string"
            columns.append(f"{_quoted(name)} {f'array<{kind}>' if isinstance(value, list) else kind}")
        return ", ".join([*columns, f"{_quoted(_CORRUPT)} string"])

    def _check_types(self, layout: Layout, types: dict[str, pa.DataType]) -> None:
        import pyarrow as pa

        typed = self._files is None or self._files.kind == "parquet"
        for name, column, convert in (
            (USER, layout.user, id_column),
            (ITEM, layout.item, id_column),
            (layout.value, layout.ordering, value_column),
        ):
            if column is None or not typed:
                continue
            try:
                convert(pa.chunked_array([], types[column]))
            except InputError as error:
                self._findings.add("column-type", column=name, value=str(error))
                raise StopReadingError from None

    def _rows(self, frame: DataFrame, layout: Layout, types: dict[str, pa.DataType]) -> DataFrame:
        from pyspark.sql import functions as f

        corrupt = frame[_quoted(_CORRUPT)] if _CORRUPT in types else f.lit(None).cast("string")
        columns = [
            frame[_quoted(layout.user)].alias("user"),
            corrupt.alias("corrupt"),
            *self._metadata(frame),
        ]
        item = frame[_quoted(layout.item)]
        given = None if layout.ordering is None else frame[_quoted(layout.ordering)]
        if layout.lists:
            source = _exploded(columns, frame, item, given, types[layout.item].value_type)
        elif given is None:
            raise ValueError("rows that are no lists have a score or a rank")
        else:
            nothing = f.lit(None).cast("string").alias("sizes")
            source = frame.select(*columns, item.alias("item"), given.alias("given"), nothing)
        value = f.col("given").cast("double")
        if self._files is not None and self._files.kind in ("csv", "tsv"):
            value = f.when(f.col("given").rlike(_NUMBER), f.col("given").try_cast("double"))
        ids = source.withColumn("value", value).withColumn("written", f.col("given").cast("string"))
        ids = ids.withColumn("user", f.col("user").cast("string")).withColumn(
            "item", f.col("item").cast("string")
        )
        finite = f.col("value").isNotNull() & ~f.isnan("value") & (f.abs("value") != float("inf"))
        wrong = f.when(f.col("corrupt").isNotNull(), LINE).when(f.col("sizes").isNotNull(), LENGTHS)
        wrong = wrong.otherwise(
            f.when(finite, 0).otherwise(BAD_NUMBER)
            + f.when(f.length("user") > 0, 0).otherwise(NO_USER)
            + f.when(f.length("item") > 0, 0).otherwise(NO_ITEM)
        )
        written = f.coalesce("corrupt", "sizes", "written")
        kept = [f.col(name) for name in ("_file", "_index") if name in source.columns]
        made = ids.select(
            f.col("user").alias(USER),
            f.col("item").alias(ITEM),
            "value",
            wrong.cast("int").alias("wrong"),
            written.alias("written"),
            *kept,
        )
        return self._ordered(made)

    def _metadata(self, frame: DataFrame) -> list[Column]:
        found = []
        if self._files is not None and len(self._files.parts) > 1:
            found.append(frame["_metadata.file_path"].alias("_file"))
        if self.numbered:
            found.append(frame["_metadata.row_index"].alias("_index"))
        return found

    def _ordered(self, made: DataFrame) -> DataFrame:
        """Put each row's place in the order of all in the place of its file and number."""
        from pyspark.sql import functions as f

        hashed = f.pmod(f.xxhash64(USER, ITEM), f.lit(1 << ORDER_BITS))
        row = f.col("_index") if self.numbered else hashed
        if self._files is not None and len(self._files.parts) > 1:
            parts = self._files.parts
            starts = self._starts() if self.numbered else [n << ORDER_BITS for n in range(len(parts))]
            table = [(part.key, start) for part, start in zip(parts, starts, strict=True)]
            files = self._engine.session.createDataFrame(table, "_path string, _start bigint")
            made = made.join(f.broadcast(files), made["_file"] == files["_path"])
            row = row + f.col("_start")
        return made.select(USER, ITEM, "value", row.cast("bigint").alias("row"), "wrong", "written")

    def _starts(self) -> list[int]:
        """Return the number of the first row of each Parquet file."""
        if self._files is None:
            return []
        frame = self._engine.session.read.parquet(*self._files.paths)
        counted = frame.groupBy(frame["_metadata.file_path"].alias("key")).count()
        many = dict(map(tuple, counted.collect()))
        starts, total = [], 0
        for part in self._files.parts:
            starts.append(total)
            total += many.get(part.key, 0)
        self.count = total
        return starts

    def place(self, row: int) -> tuple[str | None, int | None]:
        """Return the file (None: that is said already) and the number of the row with a place in the order of all."""
        if self.numbered:
            return None, row
        if self._files is None or len(self._files.parts) == 1:
            return None, None
        return escape(self._files.parts[row >> ORDER_BITS].name), None

    def size(self) -> int:
        """Return the size of the files in bytes; of a table 0."""
        return 0 if self._files is None else self._files.size()

    def digest(self) -> str:
        """Return the SHA-256 that ``digest_of`` describes."""
        if self._files is not None:
            return self._files.digest()
        from pyspark.sql import functions as f

        text = f.concat_ws("\x1f", USER, ITEM, f.col("value").cast("string"))
        hashed = self.rows.select(f.sha2(text, 256).alias("h"))
        lanes = [
            f.expr(f"sum(CAST(conv(substr(h, {1 + 8 * lane}, 8), 16, 10) AS DECIMAL(20, 0)))")
            for lane in range(8)
        ]
        with told():
            (sums,) = hashed.agg(*lanes).collect()
        whole = sum(int(lane or 0) << (32 * (7 - at)) for at, lane in enumerate(sums)) % (1 << 256)
        return hashlib.sha256(str(whole).encode()).hexdigest()

    def digest_of(self) -> str:
        """Say in words what is hashed."""
        if self._files is not None:
            return self._files.digest_of()
        return (
            "the decimal text of the sum, modulo 2**256, of the SHA-256 of each row: user_id, item_id and the value as "
            "Spark writes a double, with U+001F between them"
        )


def _exploded(
    columns: list[Column], frame: DataFrame, items: Column, scores: Column | None, inside: pa.DataType
) -> DataFrame:
    """Return the rows of lists, one that has not as many scores as items as one row with its sizes."""
    from pyspark.sql import functions as f

    fields = [field.name for field in inside] if str(inside).startswith("struct") else []
    if "score" in fields:
        scores = items["score"]
    ids = items["item_id"] if fields else items
    of = ids if scores is None else scores
    differ = f.size(items) != f.size(of)
    sizes = f.concat(f.size(items), f.lit(" items, "), f.size(of), f.lit(" scores"))
    zipped = f.arrays_zip(ids.alias("item"), of.alias("of"))
    rows = frame.select(
        *columns, f.when(differ, sizes).alias("sizes"), f.posexplode(zipped).alias("pos", "both")
    )
    given = f.col("pos") + 1 if scores is None else f.col("both")["of"]
    left = rows.where("sizes IS NULL OR pos = 0").withColumn("given", given)
    return left.withColumn("item", f.col("both")["item"]).drop("both", "pos")


def _arrow_types(frame: DataFrame) -> dict[str, pa.DataType]:
    """Return the type of each column, null for those that Arrow does not have."""
    import pyarrow as pa
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type

    found = {}
    for field in frame.schema:
        try:
            found[field.name] = to_arrow_type(field.dataType)
        except PySparkException:
            found[field.name] = pa.null()
    return found


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"
