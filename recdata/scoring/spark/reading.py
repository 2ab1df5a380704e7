"""Predictions on any path that Spark reads, a table by name, or a DataFrame, as rows of ids, values and faults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recdata.engines.spark import SparkEngine
from recdata.engines.spark_session import told
from recdata.errors import InputError
from recdata.scoring.spark.files import Files
from recdata.scoring.spark.source import Source, arrow_types, quoted
from recdata.submission.block import ITEM, USER, Value, id_column, value_column
from recdata.submission.columns import Layout
from recdata.submission.finding import Findings, StopReadingError
from recdata.submission.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

_NUMBER = "^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *$"
_CORRUPT = "_wrong line"
BAD_NUMBER, NO_USER, NO_ITEM, LENGTHS, LINE = 1, 2, 4, 8, 16
"""What can be wrong with a row by itself."""


class Predictions(Source):
    """Predictions of rankings and ratings.

    rows: user_id, item_id (strings), value (double), row, wrong (int, what is wrong with the row by itself), written
    (string, what stands there). Numbers of rows are from 0.
    """

    hashed = (USER, ITEM, "value")

    def __init__(self, engine: SparkEngine, given: Any, findings: Findings, limits: Limits) -> None:
        """Find predictions and their columns. Raises MissingError where there are none, StopReadingError with the reason
        in ``findings``, InputError where ``given`` is nothing that Spark reads.
        """
        super().__init__(engine, findings, limits)
        frame = self._find(given)
        types = arrow_types(frame)
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

    def _read(self, files: Files) -> DataFrame:
        session = self._engine.session
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
            columns.append(f"{quoted(name)} {f'array<{kind}>' if isinstance(value, list) else kind}")
        return ", ".join([*columns, f"{quoted(_CORRUPT)} string"])

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

        corrupt = frame[quoted(_CORRUPT)] if _CORRUPT in types else f.lit(None).cast("string")
        columns = [
            frame[quoted(layout.user)].alias("user"),
            corrupt.alias("corrupt"),
            *self._metadata(frame),
        ]
        item = frame[quoted(layout.item)]
        given = None if layout.ordering is None else frame[quoted(layout.ordering)]
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
