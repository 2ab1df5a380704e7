"""Spark's ways to the primitives of an engine give what DuckDB's do, and its session is one that results can trust."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recdata.engines import Spark, choose, open_engine
from recdata.engines.base import Engine, quote
from recdata.engines.spark import SparkEngine
from recdata.engines.spark_places import location
from recdata.engines.spark_session import session
from recdata.errors import InputError, MissingError, ResourceError


def table(rows: int = 2_000, users: int = 30) -> pa.Table:
    """Rows of users of very different activity: the first has half of them."""
    random = np.random.default_rng(4)
    user = np.sort(np.where(random.random(rows) < 0.5, 0, random.integers(0, users, rows)))
    return pa.table(
        {
            "row": np.arange(rows),
            "user": user.astype(np.int32),
            "item": random.integers(0, 90, rows).astype(np.int32),
            "weight": random.random(rows),
        }
    )


def both(spark: Any, ask: Any) -> None:
    """Ask both engines for rows, and compare them as sets."""
    found = []
    for engine in ("duckdb", spark):
        with open_engine(engine) as opened:
            opened.add("rows", table())
            found.append(sorted(ask(opened)))
    assert found[0] == found[1]
    assert found[0]


def ask(engine: Engine, select: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return engine.fetch(f"SELECT {columns} FROM ({select}) AS asked")


def test_newest(spark: Any) -> None:
    both(spark, lambda engine: ask(engine, engine.newest("rows", 3), "user, row, place, rows"))


@pytest.mark.parametrize("heavy", [1, 1 << 22])
def test_lowest_also_where_a_user_is_spread_over_partitions(
    spark: Any, heavy: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SparkEngine, "heavy", heavy)

    def lowest(engine: Engine) -> list[tuple[Any, ...]]:
        key = engine.hash31("CAST(row AS VARCHAR(20))", 1)
        keyed = f"SELECT row, user, item, {key} AS key FROM rows"
        return ask(engine, engine.lowest("rows", keyed, "floor(rows * 20 / 100)"))

    both(spark, lowest)


@pytest.mark.parametrize("heavy", [1, 1 << 22])
def test_placed(spark: Any, heavy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SparkEngine, "heavy", heavy)
    select = "SELECT row, user, item FROM rows"
    order = (["user"], ["item", "row DESC"]), (["item", "user"], ["row"])
    for group, by in order:
        both(
            spark, lambda engine, g=group, b=by: ask(engine, engine.placed(select, g, b), "row, place, rows")
        )


@pytest.mark.parametrize("amount", [None, "user + 1"])
def test_running(spark: Any, amount: str | None) -> None:
    both(
        spark,
        lambda engine: ask(
            engine, engine.running("SELECT * FROM rows", ["item", "row DESC"], amount), "row, until"
        ),
    )


def test_floats_are_added_in_one_order(spark: Any) -> None:
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
    both(spark, lambda engine: ask(engine, engine.add_up("rows", "weight")))


def test_k_core(spark: Any) -> None:
    def core(engine: Engine) -> list[tuple[Any, ...]]:
        engine.keep("core", "SELECT row, user, item FROM rows")
        engine.k_core("core", 28, 20)
        return engine.fetch("SELECT row FROM core")

    both(spark, core)


def test_expressions(spark: Any) -> None:
    def expressions(engine: Engine) -> list[tuple[Any, ...]]:
        moment = engine.moment("2020-01-02T03:04:05.000006+05:00")
        texts = ", ".join(quote(text) for text in ("it's", "a\\b\\\\n", "${user.name}", "\x1f", '"', "ç 中"))
        hashes = ", ".join(engine.hash31("'user' || CAST(user AS VARCHAR(20))", part) for part in range(4))
        return engine.fetch(
            f"SELECT DISTINCT {engine.microseconds(moment)}, {engine.month(moment)}, {texts}, {hashes} FROM rows"
        )

    both(spark, expressions)


def test_a_result_streams_in_order(spark: Any) -> None:
    with open_engine(spark) as engine:
        engine.add("rows", table())
        batches = list(engine.batches("SELECT row FROM rows ORDER BY row DESC", 700))
        assert max(map(len, batches)) <= 700
        assert np.concatenate([b.column(0).to_numpy() for b in batches]).tolist() == list(
            range(1_999, -1, -1)
        )


def test_paths_are_read_as_they_stand(spark: Any, tmp_path: Path) -> None:
    folder = tmp_path / "a [1] {b} 100% ç@1"
    folder.mkdir()
    pq.write_table(table(), folder / "rows.parquet")
    with open_engine(spark) as engine:
        engine.read("rows", [folder / "rows.parquet"], ["row"])
        assert engine.fetch("SELECT count(*) FROM rows") == [(2_000,)]
        assert location("s3a://bucket/x") == "s3a://bucket/x"
        with pytest.raises(MissingError, match="Spark does not find it"):
            engine.read("none", [tmp_path / "none.parquet"], ["row"])


def test_a_session_of_the_user_keeps_its_own_settings_and_views(spark: Any) -> None:
    zone = "America/New_York"
    spark.conf.set("spark.sql.session.timeZone", zone)
    with open_engine(spark) as engine:
        engine.add("rows", table())
        assert engine.fetch(f"SELECT CAST({engine.moment('2020-01-01T00:00:00')} AS VARCHAR(30))") == [
            ("2020-01-01 00:00:00",)
        ]
    assert spark.conf.get("spark.sql.session.timeZone") == zone
    assert not spark.catalog.tableExists("rows")
    spark.conf.set("spark.sql.session.timeZone", "UTC")


def test_what_was_set_since_spark_started_counts(spark: Any) -> None:
    session = spark.newSession()
    session.conf.set("spark.sql.shuffle.partitions", "7")
    session.conf.set("fs.of.the.user", "known to Hadoop")
    with open_engine(session) as engine:
        assert isinstance(engine, SparkEngine)
        assert engine.session.conf.get("spark.sql.shuffle.partitions") == "7"
        assert engine.session.conf.get("fs.of.the.user") == "known to Hadoop"
    with open_engine(Spark(conf={"spark.sql.shuffle.partitions": "5"})) as engine:
        assert isinstance(engine, SparkEngine)
        assert engine.session.conf.get("spark.sql.shuffle.partitions") == "5"
    assert spark.conf.get("spark.sql.shuffle.partitions") == "2"


def test_another_master_in_the_same_process_is_refused(spark: Any) -> None:
    assert session("local[2]").sparkContext is spark.sparkContext
    with pytest.raises(InputError, match=r"a Spark session with master local\[2\] runs in this process"):
        session("local[3]")
    with pytest.raises(InputError, match=r"spark.driver.memory cannot be set any more"):
        session(conf={"spark.driver.memory": "123m"})
    # Java's options are asked for again, and Spark has added its own to them meanwhile.
    assert session(conf={"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}) is not None
    with pytest.raises(InputError, match=r"spark.driver.extraJavaOptions cannot be set any more"):
        session(conf={"spark.driver.extraJavaOptions": "-XX:+Other"})


def test_errors_of_workers_are_told_as_such(spark: Any) -> None:
    from recdata.engines.spark_session import told

    def fail(batches: Any) -> Any:
        for _ in batches:
            raise InputError("row 7 of the file: expected\nsomething else")
        yield from ()

    with open_engine(spark) as engine:
        assert isinstance(engine, SparkEngine)
        engine.add("rows", table())
        with pytest.raises(InputError, match=r"^row 7 of the file: expected\nsomething else$"), told():
            engine.mapped(engine.frame("SELECT row FROM rows"), fail, "row bigint").collect()


@pytest.mark.parametrize("home", ["nowhere", None])
def test_without_java_the_message_says_what_to_do(home: str | None, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("JAVA_HOME", "PATH")}
    environment["PATH"] = str(tmp_path)
    if home:
        environment["JAVA_HOME"] = str(tmp_path / home)
    code = "from recdata.engines import Spark, choose, open_engine; open_engine('spark')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "recdata.errors.ResourceError: the engine spark needs Java 17 or newer" in done.stderr


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ResourceError, match=r"pip install 'recdata\[spark\]'"):
        session()


def test_the_environment_names_the_engine(monkeypatch: pytest.MonkeyPatch, spark: Any) -> None:
    del spark
    monkeypatch.setenv("RECDATA_ENGINE", "spark")
    with open_engine() as engine:
        assert engine.name == "spark"
    with pytest.raises(InputError, match="there are duckdb, spark"):
        open_engine("flink")
    with pytest.raises(InputError, match="or a SparkSession"):
        open_engine(3)


def test_the_command_line_names_a_master_and_settings() -> None:
    assert choose("spark", "yarn", ["a=b=c"]) == Spark("yarn", {"a": "b=c"})
    assert choose(None, None, []) is None
    with pytest.raises(InputError, match="need the engine spark"):
        choose("duckdb", "yarn", [])
    with pytest.raises(InputError, match=r"is KEY=VALUE.*not 'x'"):
        choose("spark", None, ["x"])
