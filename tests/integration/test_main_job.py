"""The main job on the real MovieLens 100k by the command line, against independent libraries, wherever it runs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import recdata

METRICS = "nDCG@5,nDCG@10,nDCG@20,Recall@5,Recall@20,Precision@10,HR@10,MRR,MRR@10,MAP"


def run(home: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "recdata", *arguments],
        env={**os.environ, "RECDATA_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def store(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    run(home, "build", "movielens-100k", "--from", str(data / "movielens" / "ml-100k"))
    return home


@pytest.mark.parametrize("protocol", ["loo-last", "random-80-10-10"])
@pytest.mark.parametrize("baseline", ["popularity", "random"])
def test_scores_equal_ranx_and_pytrec_eval(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str, baseline: str
) -> None:
    import pytrec_eval
    from ranx import Qrels, Run, evaluate

    monkeypatch.setenv("RECDATA_HOME", str(store))
    task, file = f"movielens-100k/{protocol}", tmp_path / "predictions.parquet"
    run(store, "baseline", baseline, task, "-o", str(file))
    run(store, "validate", task, str(file))
    result = json.loads(run(store, "score", task, str(file), "--metrics", METRICS, "--json"))
    ours = {name: entry["mean"] for name, entry in result["metrics"].items()}
    assert {entry["population"] for entry in result["metrics"].values()} == {943}

    # The lists with ties ordered by our rule, handed on as scores that fall without ties.
    rows = defaultdict(list)
    for row in pq.read_table(file).to_pylist():
        rows[row["user_id"]].append(
            (-row["score"], hashlib.md5(row["item_id"].encode()).hexdigest(), row["item_id"])
        )
    lists = {
        user: {item: float(-n) for n, (*_, item) in enumerate(sorted(own))} for user, own in rows.items()
    }
    truth: dict[str, dict[str, int]] = defaultdict(dict)
    for row in recdata.task(task).to_arrow("test").to_pylist():
        truth[row["user_id"]][row["item_id"]] = 1

    names = {
        "nDCG": "ndcg",
        "Recall": "recall",
        "Precision": "precision",
        "HR": "hit_rate",
        "MRR": "mrr",
        "MAP": "map",
    }
    theirs = {
        measure: f"{names[measure.partition('@')[0]]}{'@' if '@' in measure else ''}{measure.partition('@')[2]}"
        for measure in ours
    }
    # ranx's and trec_eval's AP divides by R, ours by min(R, k): the same without a cutoff, on lists of all items only.
    found = evaluate(Qrels(truth), Run(lists), list(theirs.values()), make_comparable=True)
    for measure, name in theirs.items():
        assert ours[measure] == pytest.approx(found[name], abs=1e-12), measure

    trec = {"nDCG@{}": "ndcg_cut_{}", "Recall@{}": "recall_{}", "Precision@{}": "P_{}", "HR@{}": "success_{}"}
    wanted = {ours_.format(k): name.format(k) for ours_, name in trec.items() for k in (5, 10, 20)}
    wanted = {measure: name for measure, name in wanted.items() if measure in ours} | {
        "MRR": "recip_rank",
        "MAP": "map",
    }
    measures = {"ndcg_cut.5,10,20", "recall.5,20", "P.10", "success.10", "recip_rank", "map"}
    values = pytrec_eval.RelevanceEvaluator(truth, measures).evaluate(lists)
    for measure, name in wanted.items():
        mean = sum(values[user][name] if user in values else 0.0 for user in truth) / len(truth)
        assert ours[measure] == pytest.approx(mean, abs=1e-12), measure


def test_the_same_bits_in_any_zone_locale_and_thread_count(store: Path, tmp_path: Path) -> None:
    task, results = "movielens-100k/loo-last", []
    for number, place in enumerate(
        (
            {"TZ": "Asia/Kolkata", "LC_ALL": "C", "RECDATA_THREADS": "1"},
            {"TZ": "America/St_Johns", "RECDATA_THREADS": "2"},
        )
    ):
        file = tmp_path / f"{number}.parquet"
        run(store, "baseline", "random", task, "-o", str(file), **place)
        document = json.loads(run(store, "score", task, str(file), "--json", **place))
        results.append((document["predictions"]["sha256"], document["metrics"], document["task"]))
    assert results[0] == results[1]


def test_built_tables_load_as_plain_parquet(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setenv("RECDATA_HOME", str(store))
    corpus = recdata.load("movielens-100k")
    for kind in corpus.kinds:
        file = str(corpus.folder / corpus.manifest["tables"][kind]["file"])
        loaded = datasets.load_dataset(
            "parquet", data_files=file, split="train", cache_dir=str(tmp_path / "cache")
        )
        columns = corpus.table(kind).column_names
        assert loaded.select_columns(columns)[:50] == corpus.table(kind)[:50]
        assert len(loaded) == corpus.manifest["tables"][kind]["rows"]


def test_datasets_and_frames(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setenv("RECDATA_HOME", str(store))
    task = recdata.task("movielens-100k/ml-100k-official")
    assert isinstance(task.train, datasets.Dataset)
    assert (len(task.train), len(task.valid), len(task.test)) == (80_000, 0, 20_000)
    assert task.test.to_arrow().equals(task.to_arrow("test"))
    assert len(task.to_pandas("test")) == len(task.test.to_pandas()) == 20_000
    assert str(task.test.features["timestamp"].dtype) == "timestamp[us, tz=UTC]"


def test_official_splits_are_the_files(store: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECDATA_HOME", str(store))
    for split, protocol in [
        ("u1", ""),
        *((name, f"-{name}") for name in ("u2", "u3", "u4", "u5", "ua", "ub")),
    ]:
        task = recdata.task(f"movielens-100k/ml-100k-official{protocol}")
        for part, ending in (("train", "base"), ("test", "test")):
            lines = (data / "movielens" / "ml-100k" / f"{split}.{ending}").read_text().splitlines()
            table = task.to_arrow(part)
            ours = zip(table.column("user_id").to_pylist(), table.column("item_id").to_pylist(), strict=True)
            assert sorted(ours) == sorted(tuple(line.split("\t")[:2]) for line in lines)
