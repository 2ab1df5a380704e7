"""The protocol files: each is whole, its references read, it makes a task, and what it states of leaks is so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bibtexparser
import pandas as pd
import pytest
from click.testing import CliRunner
from small import build_small, make_task, parts, sets

import recdata
from recdata.cli import cli
from recdata.corpora.build import build
from recdata.metrics.spelling import expand
from recdata.protocol.build import build_task
from recdata.protocol.document import load_protocol, offered, protocol_files, read_protocol
from recdata.protocol.leakage import measure
from recdata.sources.cards import load_card

DOCUMENTS = {path.stem: read_protocol(path) for files in protocol_files().values() for path in files.values()}
NAMES = list(DOCUMENTS)
ANY_CORPUS = [name for name, each in DOCUMENTS.items() if "corpora" not in each and each["task"] != "answers"]


def compared(protocol: dict[str, Any]) -> list[tuple[list[str], str]]:
    """Return metrics with what results are compared by; of a protocol over examples for each type of answers."""
    metrics, primary = protocol["metrics"], protocol["primary"]
    if protocol["task"] != "answers":
        return [(metrics, primary)]
    assert metrics.keys() == primary.keys()
    return [(metrics[kind], primary[kind]) for kind in metrics]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_whole(name: str) -> None:
    protocol = DOCUMENTS[name]
    for metrics, primary in compared(protocol):
        assert primary in [str(measure) for measure in expand(metrics, protocol.get("cutoffs", ()))]
    reference = protocol.get("reference", {})
    if "papers" in reference:
        assert reference["url"].startswith("https://")
        assert reference["unstated"]
    if "bibtex" in reference:
        library = bibtexparser.parse_string(reference["bibtex"])
        assert not library.failed_blocks
        assert library.entries
    if "sampled" in offered(protocol):
        assert "ampled" in protocol["description"] or "drawn" in protocol["description"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECDATA_HOME", str(tmp_path_factory.mktemp("home")))
        yield build(load_card("synth-small"))


@pytest.mark.parametrize("name", ANY_CORPUS)
def test_each_makes_a_task_that_leaks_as_stated(corpus: Path, name: str, tmp_path: Path) -> None:
    task = build_task(corpus, load_protocol(name), tmp_path / "task")
    found = measure(task)
    assert not found.contradicted
    shares = {each.name: each.share for each in found.measures}
    if task.protocol["policies"] == {"seen": "drop", "cold_users": "drop", "cold_items": "drop"}:
        assert shares["cold-users"] == shares["cold-items"] == shares["pairs-in-training"] == 0
    again = build_task(corpus, load_protocol(name), tmp_path / "again", threads=1)
    assert again.fingerprint == task.fingerprint


def test_multivae_in_small(home: Path, tmp_path: Path) -> None:
    rows = [
        (f"u{user:02}", f"i{(user * 5 + place) % 17:02}", 3.5 + (place % 7 > 0), 1_000_000_000 + place)
        for user in range(30)
        for place in range(14)
    ]
    protocol = load_protocol("multivae")
    split = {"user-holdout": {**protocol["split"]["user-holdout"], "test": 4, "valid": 3}}
    task = make_task(
        build_small(tmp_path / "raw", rows),
        tmp_path / "task",
        "multivae",
        corpora=["movielens-10m"],
        split=split,
    )
    found = parts(task)
    people = {part: {user for user, _ in pairs} for part, pairs in found.items()}
    assert {part: len(users) for part, users in people.items()} == {
        "train": 23,
        "valid": 3,
        "test": 4,
        "context": 7,
    }
    # Of 14 rows 12 have four stars or more; a fifth of those, rounded down, is 2.
    assert {part: len(pairs) for part, pairs in found.items()} == {
        "train": 23 * 12,
        "valid": 3 * 2,
        "test": 4 * 2,
        "context": 7 * 10,
    }


def test_gru4rec_on_the_sample_of_its_corpus(home: Path, data: Path) -> None:
    task = recdata.task("yoochoose/gru4rec", from_path=data / "yoochoose-sample", allow_partial=True)
    found = {part: task.to_pandas(part) for part in task.parts}
    everything = [table for table in found.values() if len(table)]
    newest = max(table["timestamp"].max() for table in everything)
    sessions = {part: set(table["user_id"]) for part, table in found.items()}
    assert sessions["test"] == sessions["context"]
    assert not sessions["train"] & {question.partition(":")[0] for question in sessions["test"]}
    # A question for each click after the first: s:2, s:3, ..., each with the clicks before it.
    known = found["context"].groupby("user_id").size()
    for question in found["test"]["user_id"]:
        assert known[question] == int(question.partition(":")[2]) - 1
    assert len(found["test"]) == len(sessions["test"])
    assert set(found["test"]["item_id"]) | set(found["context"]["item_id"]) <= set(found["train"]["item_id"])
    assert (newest - found["train"]["timestamp"].max()).total_seconds() > 86_400
    last = found["context"].groupby("user_id")["timestamp"].max()
    assert (found["test"].set_index("user_id")["timestamp"] >= last).all()


@pytest.mark.parametrize(("name", "folder"), [("criteo", "criteo-sample"), ("avazu", "avazu-sample")])
def test_autoint_on_samples_of_its_logs(home: Path, data: Path, name: str, folder: str) -> None:
    task = recdata.task(f"{name}/autoint-logs", from_path=data / folder, allow_partial=True)
    found = {part: task.to_pandas(part) for part in task.parts}
    rows = sum(map(len, found.values()))
    assert len(found["valid"]) == len(found["test"]) == rows // 10
    for table in found.values():
        assert (table["rating"] == table["label"]).all()
    # A row is found by its item: what is predicted for it is scored.
    predictions = found["test"][["user_id", "item_id"]].assign(score=found["test"]["label"] * 0.8 + 0.1)
    assert recdata.score(task, predictions)["AUC"] == 1.0


def test_din_in_small(home: Path, tmp_path: Path) -> None:
    rows = [
        (f"u{user}", f"i{place}", 3.5 + (user + place) % 2, 1_000_000_000 + place)
        for user in range(12)
        for place in range(5)
    ]
    split = {"user-holdout": {**load_protocol("din-movielens")["split"]["user-holdout"], "test": 4}}
    corpus = build_small(tmp_path / "raw", rows)
    task = make_task(corpus, tmp_path / "task", "din-movielens", corpora=["movielens-10m"], split=split)
    found = parts(task)
    assert not {user for user, _ in found["train"]} & {user for user, _ in found["test"]}
    assert (len(found["train"]), len(found["test"])) == (8 * 5, 4 * 5)
    assert set(task.rows("test").rating.tolist()) == {0.0, 1.0}
    predictions = task.to_pandas("test")[["user_id", "item_id"]].assign(score=task.rows("test").rating / 2)
    assert recdata.score(task, predictions)["GAUC"] == 1.0


def test_impressions_of_mind(home: Path, tmp_path: Path) -> None:
    behaviours = {
        "train": [
            "1\tU1\t11/11/2019 9:05:58 AM\tN3 N1\tN2-1 N4-0",
            "2\tU2\t11/14/2019 1:00:00 PM\t\tN5-1 N1-0",
        ],
        "dev": [
            "1\tU1\t11/15/2019 8:00:00 AM\tN3 N1 N2\tN6-0 N7-1 N4-1",
            "2\tU1\t11/15/2019 9:00:00 AM\tN3 N1 N2\tN8-1 N7-0",
            "3\tU9\t11/15/2019 9:00:00 AM\t\tN8-0 N1-1",
        ],
    }
    for part, lines in behaviours.items():
        (tmp_path / f"MINDsmall_{part}").mkdir()
        (tmp_path / f"MINDsmall_{part}" / "behaviors.tsv").write_text("\n".join(lines) + "\n")
    task = recdata.task("mind-small/mind", from_path=tmp_path, allow_partial=True)
    assert sets(task) == {"U1:1": {"N6", "N7", "N4"}, "U1:2": {"N8", "N7"}, "U9:3": {"N8", "N1"}}
    context = task.to_pandas("context")
    assert set(context.loc[context["user_id"] == "U1:2", "item_id"]) == {"N3", "N1", "N2"}
    assert "N7" not in set(context["item_id"])  # what the impression before was clicked on is not shown
    assert not measure(task).contradicted
    lists = {"U1:1": "N7 N6 N4", "U1:2": "N8 N7", "U9:3": "N8 N1"}
    rows = [(user, item, -rank) for user, items in lists.items() for rank, item in enumerate(items.split())]
    result = recdata.score(task, pd.DataFrame(rows, columns=["user_id", "item_id", "score"]))
    assert result["UAUC"] == (1 / 2 + 1 + 0) / 3
    assert result["MRR(of='all')"] == pytest.approx(((1 + 1 / 3) / 2 + 1 + 1 / 2) / 3)


PAPERS = {
    *(
        "ngcf",
        "lightgcn",
        "ncf",
        "sasrec",
        "bert4rec",
        "s3-rec",
        "caser",
        "gru4rec",
        "multivae",
        "din",
        "autoint",
    ),
    *("kdd-cup-2023", "lamp", "amazon-2023", "mind"),
}


@pytest.mark.parametrize("paper", sorted(PAPERS))
def test_every_paper_has_a_protocol(paper: str) -> None:
    shown = CliRunner().invoke(cli, ["protocols", "--paper", paper, "--json"], catch_exceptions=False)
    for protocol in json.loads(shown.stdout):
        assert protocol["reference"]["bibtex"]
        assert protocol["reference"]["unstated"]


def test_protocols_by_paper() -> None:
    runner = CliRunner()
    for spelling in ("ngcf", "NGCF", "n-g-c-f"):
        document = json.loads(runner.invoke(cli, ["protocols", "--paper", spelling, "--json"]).stdout)
        assert {each["name"] for each in document} == {"ngcf", "ngcf-official"}
    assert {"s3rec", "s3rec-full"} == {
        each["name"]
        for each in json.loads(runner.invoke(cli, ["protocols", "--paper", "s3rec", "--json"]).stdout)
    }
    unknown = runner.invoke(cli, ["protocols", "--paper", "nothing"])
    message = str(unknown.exception)
    assert "no protocol of a paper 'nothing'; known are" in message
    assert "bert4rec" in message
