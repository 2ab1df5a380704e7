"""Making a task with Spark: filters, split, policies, new codes, candidates, digests, files; each a relation of Spark's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recdata.engines.base import Engine, name
from recdata.engines.spark_places import inside
from recdata.errors import InputError
from recdata.protocol import filters, splits
from recdata.protocol.assign import NUMBER, NUMBERED, check_parts
from recdata.protocol.described import task_document
from recdata.protocol.operators import Rows, call
from recdata.protocol.parts import SCHEMA, WEIGHT
from recdata.protocol.spread.asking import asked_rows, code_users
from recdata.protocol.spread.digests import BUCKET, bucketed, contents, empty, ids_digests, in_buckets
from recdata.protocol.spread.draws import Drawing, draw
from recdata.protocol.spread.policies import apply_policies
from recdata.protocol.spread.source import ENTITIES, name_corpus
from recdata.protocol.task import CONTEXT
from recdata.store.fingerprint import Content, hashed_columns
from recdata.store.manifest import write_manifest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from recdata.engines.spark import SparkEngine
    from recdata.protocol.origin import Origin

_USERS = 'JOIN "user codes" AS u ON a.user = u.corpus_code'
_ITEMS = 'JOIN "item codes" AS i ON a.item = i.corpus_code'
"""The joins that take the corpus's codes to the task's, u.code and i.code."""
_PAIR = [("user", "int32", False), ("item", "int32", False)]


def write_task(engine: Engine, origin: Origin, protocol: Mapping[str, Any], folder: Path) -> None:
    """Make the task of a corpus and a protocol in ``folder``, its manifest last.

    Raises InputError where the protocol does not fit the corpus, or the engine is not Spark.
    """
    from recdata.engines.spark import SparkEngine

    if not isinstance(engine, SparkEngine):
        raise InputError(f"tasks are made by DuckDB and Spark, not by {engine.name}")
    made = SpreadBuild(engine, origin, protocol)
    made.run()
    write_manifest(folder, made.document(made.write(folder)))


class SpreadBuild:
    """One build: ``run`` computes what the task is, ``write`` puts its tables somewhere.

    contents: of each part and of the candidates, in the order of the manifest. counts: users, items and population.
    digests: of the lists of ids.
    """

    def __init__(self, engine: SparkEngine, origin: Origin, protocol: Mapping[str, Any]) -> None:
        self.engine, self.origin, self.protocol = engine, origin, protocol
        self.where = str(protocol["name"])
        self.contents: dict[str, Content] = {}
        self.counts: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self._frames: dict[str, DataFrame] = {}
        self._spec: Mapping[str, Mapping[str, Any]] | None = protocol.get("questions")
        self._earlier = True

    def run(self) -> None:
        """Compute the task's parts, candidates and digests. Raises InputError where the protocol does not fit the corpus."""
        engine = self.engine
        name_corpus(engine, self.origin)
        assigned, columns = self._assign()
        self._code_ids(assigned)
        coded = ", ".join(f"a.{name(column)}" for column in columns)
        if self._spec:
            asked = asked_rows(assigned, columns, self._earlier)
            select = f"SELECT a.code AS user, i.code AS item, {coded} FROM ({asked}) AS a {_ITEMS}"
        else:
            select = (
                f"SELECT u.code AS user, i.code AS item, {coded} FROM {name(assigned)} AS a {_ITEMS} {_USERS}"
            )
        parts = in_buckets(
            engine, engine.frame(select), "user", self.counts["users"], ["part", "user", "row"]
        )
        self._describe_parts(engine.call("coded", engine.checkpoint(parts)))
        self._name_relevant()
        candidates = self._candidates()
        if candidates is not None:
            found = contents(engine, candidates, _PAIR)
            self.contents["candidates"] = found.get(0) or empty(_PAIR)
            self._frames["candidates"] = candidates.select("user", "item")
        self.digests = dict(
            zip(
                ("user_ids", "item_ids"),
                ids_digests(
                    engine, [engine.frame(f"SELECT code, id FROM {name(f'{e} codes')}") for e in ENTITIES]
                ),
                strict=True,
            )
        )

    def document(self, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the task's manifest. tables: as ``write`` returns them."""
        return task_document(
            self.origin.manifest, self.protocol, self.contents, tables, self.counts, self.digests
        )

    def _assign(self) -> tuple[str, list[str]]:
        """Name the rows that are in a part; return their name, and their columns besides user and item."""
        engine, counts = self.engine, self.origin.manifest["counts"]
        distinct = counts["pairs"] == counts["interactions"]
        rows = Rows("interactions", distinct, str(self.protocol["seed"]), self.origin.types())
        for number, spec in enumerate(self.protocol["filters"], start=1):
            rows = call(filters, spec, self.where, engine, rows, f"filtered {number}")
        engine.view("held", call(splits, self.protocol["split"], self.where, engine, rows))
        weight = ["weight"] if "weight" in rows.changed else []
        columns = ["timestamp", "rating", *weight, "row"]
        chosen = ", ".join(f"r.{name(column)}" for column in ("user", "item", *columns))
        engine.keep(
            "assigned",
            f"SELECT {chosen}, coalesce(h.part, 1) AS part FROM {name(rows.name)} AS r "
            "LEFT JOIN held AS h ON r.row = h.row WHERE h.part IS NULL OR h.part <> 0",
        )
        assigned = apply_policies(engine, "assigned", self.protocol.get("policies", {}))
        found = dict(engine.fetch(f"SELECT part, count(*) FROM {name(assigned)} GROUP BY part"))
        check_parts(self.origin, self.protocol, found)
        # Questions have a context, be it empty.
        with_context = NUMBER[CONTEXT] in found or self._spec is not None
        self._numbers = range(1, len(NUMBERED) + (1 if with_context else 0))
        return assigned, [*columns, "part"]

    def _code_ids(self, assigned: str) -> None:
        """Name ``user codes`` and ``item codes``: (code, id, and the corpus's code or null), codes by the order of ids."""
        engine = self.engine
        used = ", ".join(f"(SELECT count(DISTINCT {entity}) FROM {name(assigned)})" for entity in ENTITIES)
        (many,) = engine.fetch(f"SELECT {used}")
        for entity, count in zip(ENTITIES, many, strict=True):
            if entity == "user" and self._spec:
                found = code_users(engine, self.origin, self._spec, self.where, assigned)
                self.counts["users"], self._earlier = found
                self._name_ids(entity)
                continue
            ids = f"SELECT c.{entity}, c.{entity}_id AS id FROM {entity}_ids AS c"
            self.counts[f"{entity}s"] = count
            if entity == "item" and self._listed_column:
                engine.keep("listed", self._listed(assigned))
                used = f"SELECT DISTINCT item FROM {name(assigned)}"
                wanted = f"SELECT item_id AS id FROM item_ids JOIN ({used}) AS p USING (item) UNION SELECT id FROM listed"
                engine.keep(
                    "wanted items",
                    f"SELECT c.item, w.id FROM ({wanted}) AS w LEFT JOIN item_ids AS c ON w.id = c.item_id",
                )
                ((self.counts["items"],),) = engine.fetch('SELECT count(*) FROM "wanted items"')
                placed = engine.running('SELECT * FROM "wanted items"', ["id"])
            elif count == self.origin.manifest["counts"][f"interacting_{entity}s"]:
                placed = f"SELECT *, {entity} + 1 AS until FROM ({ids}) AS everything"
            else:
                present = f"SELECT DISTINCT {entity} FROM {name(assigned)}"
                placed = engine.running(f"{ids} JOIN ({present}) AS p ON c.{entity} = p.{entity}", [entity])
            codes = f"SELECT CAST(until - 1 AS INT) AS code, id, {entity} AS corpus_code FROM ({placed}) AS placed"
            engine.keep(f"{entity} codes", codes)
            self._name_ids(entity)

    def _name_ids(self, entity: str) -> None:
        codes = name(f"{entity} codes")
        self.engine.view(f"task {entity}s", f"SELECT code AS {entity}, id AS {entity}_id FROM {codes}")

    @property
    def _listed_column(self) -> str | None:
        """The column of published candidates, None where they are others."""
        return self.protocol["candidates"].get("published", {}).get("column")  # type: ignore[no-any-return]

    def _listed(self, assigned: str) -> str:
        """Return a SELECT of (row, id): what the publisher lists for each test row."""
        column = str(self._listed_column)
        self.origin.check_lists(column)
        engine = self.engine
        tested = f"SELECT row FROM {name(assigned)} WHERE part = {NUMBER['test']}"
        engine.keep(
            "lists",
            f"SELECT t.row, {name(column)} AS list FROM interactions AS i JOIN ({tested}) AS t ON i.row = t.row",
        )
        ((missing,),) = engine.fetch("SELECT count(*) FROM lists WHERE list IS NULL")
        if missing:
            raise InputError(f"{self.origin.manifest['name']}: {missing:,} rows asked for have no {column}")
        return "SELECT row, explode(list) AS id FROM lists"

    def _describe_parts(self, frame: DataFrame) -> None:
        schema = SCHEMA.insert(len(SCHEMA) - 1, WEIGHT) if "weight" in frame.columns else SCHEMA
        # Where a row came from is not part of what the task is.
        columns = [column for column in hashed_columns(schema) if column[0] != "row"]
        found = contents(self.engine, frame, columns)
        for number in self._numbers:
            part = NUMBERED[number - 1]
            self.contents[part] = found.get(number) or empty(columns)
            self._frames[part] = frame.where(f"part = {number}").select(*schema.names)

    def _is_relevant(self) -> str:
        threshold = self.protocol["relevance"].get("min_rating")
        return (
            "TRUE"
            if threshold is None
            else f"coalesce(rating >= CAST({float(threshold)!r} AS DOUBLE), FALSE)"
        )

    def _name_relevant(self) -> None:
        engine = self.engine
        engine.view(
            "relevant", f"SELECT * FROM coded WHERE part = {NUMBER['test']} AND {self._is_relevant()}"
        )
        ((self.counts["population"],),) = engine.fetch("SELECT count(DISTINCT user) FROM relevant")
        if not self.counts["population"]:
            raise InputError(f"protocol {self.where}: no row of the test part is relevant")

    def _candidates(self) -> DataFrame | None:
        """Return the candidates as ``contents`` takes them, kept; None where all items are ranked."""
        from pyspark.sql import functions as f

        engine, users = self.engine, self.counts["users"]
        if self._listed_column:
            listed = (
                "SELECT r.user, i.code AS item FROM listed AS l JOIN relevant AS r ON l.row = r.row "
                'JOIN "item codes" AS i ON l.id = i.id UNION SELECT user, item FROM relevant'
            )
            pairs = in_buckets(engine, engine.frame(listed), "user", users, ["user", "item"])
        else:
            met = f"SELECT u.code AS user, i.code AS item FROM interactions AS a {_ITEMS} {_USERS}"
            if self._spec:
                theirs = f"interactions AS a {_ITEMS} JOIN questions AS q ON a.user = q.user"
                met += f" UNION ALL SELECT q.code AS user, i.code AS item FROM {theirs}"
            engine.view("met", met)
            of = Drawing("coded", "relevant", "met", "task users", "task items", users, self.counts["items"])
            drawn = draw(engine, of, self.protocol, self.origin)
            if drawn is None:
                return None
            pairs = drawn
        return engine.checkpoint(bucketed(pairs.withColumn("part", f.lit(0)), "user", users))

    def write(self, folder: Path | str) -> dict[str, dict[str, Any]]:
        """Write the tables to ``folder``, on any file system of Spark's; return what the manifest says of their files."""
        engine = self.engine
        for entity in ENTITIES:
            total = self.counts[f"{entity}s"]
            ids = in_buckets(engine, engine.frame(f'SELECT * FROM "task {entity}s"'), entity, total, [entity])
            self._frames[f"{entity}s"] = ids.drop(BUCKET)
        for table, frame in self._frames.items():
            engine.write(frame, inside(folder, f"{table}.parquet"))
        found = engine.storage.entries(folder, [f"{table}.parquet" for table in self._frames])
        entries = {table: found[f"{table}.parquet"] for table in self._frames}
        for entity in ENTITIES:
            entries[f"{entity}s"]["rows"] = self.counts[f"{entity}s"]
        return entries
