"""Tasks made on Spark are those made on DuckDB: fingerprints, buckets, rows, candidates, what commands say of them."""

from __future__ import annotations

import json
import random
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from small import build_declared

import recdata
from recdata.cli import cli
from recdata.corpora.build import build
from recdata.engines import open_engine
from recdata.engines.spark import SparkEngine
from recdata.errors import InputError
from recdata.protocol.build import build_task
from recdata.protocol.described import task_buckets, task_fingerprint
from recdata.protocol.document import load_protocol
from recdata.protocol.origin import Origin
from recdata.protocol.pins import BUCKET_DIGITS
from recdata.protocol.spread.build import SpreadBuild
from recdata.protocol.spread.place import task_of_table
from recdata.protocol.task import Task
from recdata.resources import folder as shipped
from recdata.sources.cards import load_card
from recdata.store.manifest import read_manifest

RAW = {
    "amazon-m2": "amazon-m2",
    "gowalla-ngcf": "gowalla-ngcf",
    "movielens-100k": "movielens/ml-100k",
    "movielens-latest-small": "movielens/ml-latest-small",
    "s3rec-beauty": "s3rec",
    "s3rec-lastfm": "s3rec",
    "synth-small": None,
}
"""Where the raw files of the corpora with pinned tasks are."""

PINNED = [
    (path.stem, edition, task)
    for path in sorted((shipped("protocols") / "fingerprints").glob("*.json"))
    for edition, pins in json.loads(path.read_text(encoding="utf-8"))["editions"].items()
    for task in pins["tasks"]
    if load_protocol(task)["task"] != "answers"
]
"""Tasks over interactions; those over examples are made by steps of their own."""
SAME = runpy.run_path(
    str(Path(__file__).resolve().parents[2] / "scripts" / "same_on_spark"), run_name="same_on_spark"
)
"""The script that holds every protocol and every corpus of the real files against each other; here is what takes minutes."""
REFUSED = (
    "amazon-2018-gift-cards/loo-last",
    "criteo/global-time",
    "diginetica/next-basket",
    "filmtrust/global-time",
    "pinterest-ncf/ncf-official",
    "retailrocket/loo-last",
    "yelp-2022/sasrec",
)
OTHERS = (
    *REFUSED,
    "amazon-2018-all-beauty-5core/s3rec",
    "amazon-m2/kdd-cup-2023-task3",
    "avazu/autoint-logs",
    "filmtrust/rating-random-80-20",
    "goodbooks-10k/ncf",
    "movielens-1m/strong-generalisation",
    "movielens-1m-ncf/ncf-official",
    "redial/din",
    "yelp-2022/global-time",
    "yoochoose/gru4rec",
)

DAY = 86_400


@pytest.fixture(scope="module")
def built(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Origin]:
    """Return built corpora by name and version, each built from the real files when it is first asked for."""
    folder, found = tmp_path_factory.mktemp("corpora"), {}

    def get(name: str) -> Origin:
        if name not in found:
            card = load_card(name.partition("@")[0])
            raw = RAW[card.name]
            place = build(card, data / raw if raw else None, folder=folder / name)
            found[name] = Origin(place, read_manifest(place))
        return found[name]

    return get


@pytest.mark.parametrize(("corpus", "edition", "task"), PINNED)
@pytest.mark.parametrize("partitions", [2, 4])
def test_pinned_tasks(
    spark: Any,
    built: Callable[[str], Origin],
    corpus: str,
    edition: str,
    task: str,
    partitions: int,
) -> None:
    origin = built(corpus)
    (session,) = SAME["sessions"](spark, [partitions])
    with open_engine(session) as engine:
        assert isinstance(engine, SparkEngine)
        made = SpreadBuild(engine, origin, load_protocol(task))
        made.run()
        assert engine.session.table("coded").rdd.getNumPartitions() == partitions
    path = shipped("protocols") / "fingerprints" / f"{origin.manifest['name']}.json"
    pin = json.loads(path.read_text(encoding="utf-8"))["editions"][edition]["tasks"][task]
    assert task_fingerprint(made.contents, made.digests) == pin["fingerprint"]
    assert [bucket[:BUCKET_DIGITS] for bucket in task_buckets(made.contents)] == pin["buckets"].split()


@pytest.mark.parametrize("task", OTHERS)
def test_tasks_of_other_real_corpora(spark: Any, data: Path, home: Path, task: str) -> None:
    corpus, _, protocol = task.partition("/")
    folder = SAME["corpus_folder"](corpus, data)
    what, told = SAME["compare"](folder, load_protocol(protocol), SAME["sessions"](spark, [4]))
    assert what == ("refused" if task in REFUSED else "same"), told


def events() -> list[dict[str, Any]]:
    """Rows with everything that protocols ask for; one user has half of them."""
    draw = random.Random(3)
    users = [f"u{n}" for n in range(25)] + ["é", "中"]
    return [
        {
            "user": "u0" if draw.random() < 0.5 else draw.choice(users),
            "item": f"i{int(40 * draw.random() ** 2)}",
            "seconds": 1_000_000_000 + draw.randrange(30 * DAY) // 3600 * 3600,
            "rating": draw.choice([None, 1.0, 2.5, 4.0, 5.0]),
            "session_id": f"s{draw.randrange(3)}",
            "locale": draw.choice([None, "UK", "DE"]),
            "weight": draw.choice([None, draw.random()]),
            "split": draw.choice(["train", "train", "train", "valid", "test", None]),
            "listed": [f"i{draw.randrange(45)}" for _ in range(4)],
        }
        for _ in range(600)
    ]


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECDATA_HOME", str(tmp_path_factory.mktemp("home")))
        items = [{"item": f"i{n}", "kind": "xy"[n % 2], "genres": ["a", "bcd"[n % 3]]} for n in range(35)]
        yield build_declared(tmp_path_factory.mktemp("raw"), events(), items)


CHANGES: list[dict[str, Any]] = [
    {
        "filters": [{"repeated-pairs": {"keep": "sum"}}],
        "policies": {"seen": "drop", "cold_users": "drop", "cold_items": "drop"},
        "split": {"global-time": {"train": 50, "valid": 20, "test": 30}},
        "candidates": {"sampled-popularity": {"n": 8, "count": "all"}},
    },
    {
        "filters": [{"k-core": {"users": 5, "items": 5}}, {"binarise": {"at_least": 2}}],
        "policies": {"seen": "drop"},
        "split": {"user-holdout": {"test": 20, "valid": 20, "context": 60}},
        "candidates": {"sampled-existing": {"n": 5}},
        "relevance": {"min_rating": 1},
    },
    {
        "filters": [],
        "split": {"predefined": {"column": "split"}},
        "candidates": {"published": {"column": "listed"}},
        "relevance": {"min_rating": 2.5},
    },
    {
        "filters": [{"column-values": {"column": "locale", "values": ["UK"]}}],
        "split": {"leave-last": {"test": 2, "valid": 1}},
        "candidates": {"sampled-category": {"n": 30, "column": "genres", "match": "last"}},
    },
    {
        "filters": [],
        "split": {"user-holdout": {"test": 20, "valid": 20, "context": 60, "order": "temporal"}},
        "questions": {"each-value": {"column": "session_id"}},
        "candidates": {"sampled-uniform": {"n": 4}},
    },
    {
        "filters": [],
        "split": {"leave-last": {"test": 3, "valid": 2}},
        "questions": {"each-row": {"earlier": "drop"}},
        "candidates": {"sampled-uniform": {"n": 3, "seen": "keep"}},
    },
    {
        "filters": [],
        "split": {"leave-random": {"test": 3}},
        "candidates": {"sampled-uniform": {"n": 38, "seen": "keep"}},
    },
]


@pytest.mark.parametrize(
    "changes", CHANGES, ids=lambda each: " ".join([*each["candidates"], *each.get("questions", ())])
)
def test_whole_tasks(
    spark: Any, declared: Path, tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from recdata.protocol.spread import draws

    monkeypatch.setattr(draws, "_BLOCK", 50)
    protocol = {**load_protocol("loo-last"), **changes}
    plain = build_task(declared, protocol, tmp_path / "duckdb")
    spread = build_task(declared, protocol, tmp_path / "spark", engine=spark)
    for key in ("name", "fingerprint", "buckets", "corpus", "protocol", "parts", "counts"):
        assert spread.manifest[key] == plain.manifest[key], key
    assert spread.manifest["tables"].keys() == plain.manifest["tables"].keys()
    assert spread.parts == plain.parts
    for part in plain.parts:
        assert all(map(np.array_equal, spread.rows(part)[:2], plain.rows(part)[:2]))
        assert np.array_equal(spread.rows(part).rating, plain.rows(part).rating, equal_nan=True)
        assert np.array_equal(spread.rows(part).row, plain.rows(part).row)
    assert spread.weights("train") is None or np.array_equal(spread.weights("train"), plain.weights("train"))
    assert spread.user_ids == plain.user_ids
    assert spread.item_ids == plain.item_ids
    drawn, expected = spread.candidates(), plain.candidates()
    assert drawn is not None
    assert expected is not None
    assert all(map(np.array_equal, drawn, expected))
    # What was made stands: it is opened, not made again, whatever engine is asked for.
    assert build_task(declared, protocol, tmp_path / "spark").manifest == spread.manifest


def test_faults_are_told_as_ever(spark: Any, declared: Path, tmp_path: Path) -> None:
    protocol = load_protocol("loo-last")
    for change, message in (
        ({"filters": [{"min-rating": {"at_least": 9}}]}, "no row of small@1.0.0 comes into the train part"),
        ({"candidates": {"published": {"column": "locale"}}}, "no column 'locale' of lists of ids"),
        ({"candidates": {"sampled-uniform": {"n": 0}}}, "n is at least 1, not 0"),
        ({"relevance": {"min_rating": 9}}, "no row of the test part is relevant"),
    ):
        with pytest.raises(InputError, match=message):
            build_task(declared, {**protocol, **change}, tmp_path / "task", engine=spark)
    assert not (tmp_path / "task").exists()


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_commands(spark: Any, home: Path) -> None:
    del spark
    recdata.load("synth-small")
    task = "synth-small/temporal-80-10-10"
    made = run("split", task, "--engine", "spark")
    assert (Path(made["folder"]) / "train.parquet").is_dir()
    leaks = run("leakage", task, "--engine", "spark")
    checks = run("verify", task, "--engine", "spark")
    assert all(ok for _, ok, _ in (check.values() for check in checks))
    told = run("info", "synth-small", "--stats", "--engine", "spark")
    assert run("split", task, "--rebuild")["fingerprint"] == made["fingerprint"]
    assert run("leakage", task) == leaks
    assert run("verify", task) == checks
    assert run("info", "synth-small", "--stats") == told


@pytest.mark.parametrize("named", [True, False], ids=["table", "folder"])
def test_a_corpus_given_as_a_table(
    spark: Any, home: Path, tmp_path: Path, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = recdata.load("synth-small")
    plain = recdata.task("synth-small/loo-last-100u")
    rows = corpus.to_arrow("interactions")
    source, to = f"{tmp_path}/given", f"file://{tmp_path}/out"
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    frame = spark.createDataFrame(shuffled).repartition(3)
    frame.write.parquet(source)
    if named:
        source = "given_interactions"
        frame.createOrReplaceGlobalTempView(source)
        source = f"global_temp.{source}"
    made = run(
        "split", "synth-small/loo-last-100u", "--engine", "spark", "--corpus-table", source, "--to", to
    )
    assert made["fingerprint"] == plain.fingerprint
    assert made["buckets"] == plain.manifest["buckets"]
    folder = tmp_path / "out" / "corpora" / "synth-small@1.0.0"
    given, built = read_manifest(folder), corpus.manifest
    assert given["counts"].items() <= built["counts"].items()
    for key in ("fingerprint", "buckets", "rows"):
        assert given["tables"]["interactions"][key] == built["tables"]["interactions"][key]
    # What was made is a store like any other: the default engine reads it, and makes of it what it makes of the corpus.
    again = build_task(folder, load_protocol("loo-last-100u"), tmp_path / "again")
    assert again.fingerprint == plain.fingerprint
    opened = Task.open(Path(made["folder"].removeprefix("file://")))
    assert opened.user_ids == plain.user_ids
    frame.select("user_id").write.parquet(f"{tmp_path}/less")
    with pytest.raises(InputError, match="there is no column 'item_id'; there are user_id"):
        task_of_table("less/loo-last", f"{tmp_path}/less", f"{tmp_path}/other", spark)
