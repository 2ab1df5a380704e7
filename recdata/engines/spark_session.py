"""Spark sessions: found, started or refused with a clear message; and Spark's errors in recdata's words."""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recdata import errors
from recdata.errors import InputError, MissingError, ResourceError
from recdata.processes import processors

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = re.compile(r"local\b|spark://(127\.0\.0\.1|localhost)[:,]?")
"""Masters that run on this machine, so that every worker sees its folders."""

SETTINGS = {
    # What a result may not depend on: the user's zone, wrapped integers, how strings and timestamps are spelt.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.ansi.enforceReservedKeywords": "false",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(1 << 16),
}
"""Settings of every session that an engine works in, whatever the user's session has."""

_RAISED = re.compile(r"recdata\.errors\.(\w+): (.*?)(?:\n\s*at |\n\s*Traceback|\n\n|\Z)", re.DOTALL)


def session(
    master: str | None = None, conf: Mapping[str, str] | None = None, threads: int | None = None
) -> SparkSession:
    """Return the Spark session of this process, started where there is none.

    master: as Spark knows it ("local[4]", "spark://host:7077", "yarn"); by default what Spark's own configuration says,
    and without that this machine, with ``threads`` (RECDATA_THREADS, or all). conf: Spark's settings. Raises
    ResourceError where the extra or Java is not there or the master does not answer, InputError where a session runs in
    this process already that has another master, or in which a setting cannot be changed any more.
    """
    try:
        from pyspark import SparkConf
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ResourceError(
            f"the engine spark needs PySpark ({error}); run pip install 'recdata[spark]'"
        ) from error
    running = SparkSession.getActiveSession()
    if running is not None:
        current = running.sparkContext.master
        if master not in (None, current):
            raise InputError(
                f"a Spark session with master {current} runs in this process; {master} would be another"
            )
        for key, value in (conf or {}).items():
            found = running.sparkContext.getConf().get(key) or ""
            # To Java's options Spark adds its own.
            stands = value in found if key.endswith("JavaOptions") else value == found
            if not stands and not running.conf.isModifiable(key):
                raise InputError(
                    f"{key} cannot be set any more: a Spark session runs in this process already"
                )
        return running
    settings = SparkConf()
    cores = threads or processors()
    asked = master or settings.get("spark.master") or f"local[{cores}]"
    for key, value in {**_defaults(asked, cores), **SETTINGS}.items():
        settings.setIfMissing(key, value)
    for key, value in (conf or {}).items():
        settings.set(key, value)
    settings.setMaster(asked).setIfMissing("spark.app.name", "recdata")
    _check_java()
    # What a newer pandas may break in PySpark is not used here: rows pass as Arrow.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        return SparkSession.builder.config(conf=settings).getOrCreate()
    except Exception as error:  # whatever Py4J, the JVM and Spark raise when they cannot start
        what = str(error).strip().splitlines()
        raise ResourceError(
            f"Spark did not start with master {asked}: {what[0] if what else type(error).__name__}. It needs Java 17 "
            "or newer (set JAVA_HOME to it) and a master that answers."
        ) from error


def _defaults(master: str, cores: int) -> dict[str, str]:
    """Return settings for where nothing else is said."""
    found = {"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(), "spark.log.level": "ERROR"}
    if LOCAL.match(master):
        # Every process of Spark is on this machine: no other needs to reach it, and all have this Python.
        found |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
        }
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if master.startswith("local"):
        found |= {
            "spark.driver.memory": f"{_memory() >> 20}m",
            "spark.sql.shuffle.partitions": str(max(4 * cores, 8)),
        }
    return found


def _memory() -> int:
    """Return how many bytes a Spark on this machine may take: RECDATA_MEMORY, or half of the machine's."""
    text = os.environ.get("RECDATA_MEMORY", "")
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT]?)(i?)B?\s*", text, re.IGNORECASE)
    if found:
        base = 1024 if found[3] else 1000
        return int(float(found[1]) * base ** " KMGT".index(found[2].upper() or " "))
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 2 << 30


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=os.path.join(home, "bin") if home else None)  # noqa: PTH118
    if found is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        where = f"in JAVA_HOME, {home}" if home else "on the path"
        raise ResourceError(
            f"the engine spark needs Java 17 or newer, and there is none {where}; install one (for example openjdk-17-jre) "
            "and set JAVA_HOME, or use the engine duckdb"
        )


@contextmanager
def told() -> Iterator[None]:
    """Raise what Spark says went wrong as one of recdata's errors: also what recdata's own code raised on a worker."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        text = str(error)
        if found := _RAISED.search(text):
            kind = getattr(errors, found[1], InputError)
            raise kind(found[2].strip()) from error
        explained = _without_file_system(text) or _explained(error, text)
        if explained is None:
            raise
        raise explained from error


_NO_CLASS = re.compile(r"ClassNotFoundException: Class org\.apache\.hadoop\.fs\.(\w+)\.\w+ not found")
_NO_SCHEME = re.compile(r'No FileSystem for scheme "?([\w.+-]+)')
_MODULES = {
    "s3a": ("s3a", "hadoop-aws"),
    "azurebfs": ("abfs and abfss", "hadoop-azure"),
    "gs": ("gs", "hadoop-gcp"),
}
"""Which addresses a package of Hadoop's classes is for, and which of its modules has it: Spark ships none of them."""
_REFUSED = re.compile(
    r"(?:^|: )(java\.(?:io|net|nio)[\w.]*\.|org\.apache\.hadoop\.[\w.]*\.)(\w+(?:Exception|Error): .*)", re.M
)
"""What Java's and Hadoop's own classes say of files and networks."""


def _without_file_system(text: str) -> ResourceError | None:
    """Say what to add where Spark lacks the file system of an address; None where it is something else."""
    known = _NO_CLASS.search(text)
    if known and known[1] in _MODULES:
        schemes, module = _MODULES[known[1]]
        package = f"org.apache.hadoop:{module}:{_hadoop_version()}"
        return ResourceError(
            f"this Spark cannot reach addresses that begin with {schemes}: it has no {module}. Add it with "
            f"--spark-conf spark.jars.packages={package} (conf= of recdata.engines.Spark), or its jars with spark.jars, "
            "before Spark starts"
        )
    if unknown := _NO_SCHEME.search(text):
        scheme = unknown[1]
        return ResourceError(
            f"Spark knows no file system for addresses that begin with {scheme}. If there is one, add its jar with "
            f"--spark-conf spark.jars=FILE and name its class with --spark-conf spark.hadoop.fs.{scheme}.impl=CLASS"
        )
    return None


def _hadoop_version() -> str:
    """Return the version of the Hadoop that Spark has, whose modules fit it."""
    from pyspark import SparkContext

    running = SparkContext._active_spark_context
    return "VERSION" if running is None else running._jvm.org.apache.hadoop.util.VersionInfo.getVersion()


def _explained(error: Exception, text: str) -> errors.RecdataError | None:
    """Return what an error of Spark's is in recdata's words; None for what nobody foresaw."""
    from pyspark.errors import AnalysisException

    first = text.strip().splitlines()[0]
    if isinstance(error, AnalysisException):
        missing = ("PATH_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")
        return (
            MissingError(f"Spark does not find it: {first}")
            if any(word in text for word in missing)
            else None
        )
    refused = _REFUSED.findall(text)
    cause = refused[-1][1] if refused else first
    if damaged := re.search(
        r"\[FAILED_READ_FILE[.\w]*\] Encountered error while reading file (\S+?)\.? ", text
    ):
        return InputError(f"Spark cannot read {damaged[1]}: it is no whole file of its format, or it is gone")
    if any(
        word in text
        for word in ("No space left", "OutOfMemory", "Job aborted", "ExecutorLost", "was cancelled")
    ):
        return ResourceError(f"Spark gave up: {cause}")
    return ResourceError(f"Spark could not read or write: {cause}") if refused else None
