"""The verbs about the ledger, from the command line: what they print, and their exit codes."""

import errno
import json
from dataclasses import fields

import pytest
import yaml
from click.testing import CliRunner
from ledgers import card, predictions, small_task

from recdata.cli import cli
from recdata.errors import InputError, MismatchError, MissingError, ResourceError
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.remake import remake, submit_baseline
from recdata.leaderboard.workflow import WORKFLOW
from recdata.submission.limits import Limits


@pytest.fixture
def task(tmp_path, monkeypatch):
    task = small_task(tmp_path / "task")
    monkeypatch.setattr("recdata.api.task", lambda name, **options: task)
    return task


@pytest.fixture
def run(tmp_path, task):
    def run(*words, raises=None):
        done = CliRunner().invoke(cli, [str(word) for word in words])
        if raises is not None:
            assert isinstance(done.exception, raises), done.output
            return str(done.exception)
        assert done.exception is None, done.output
        return done.stdout

    return run


def test_from_predictions_to_pages(run, tmp_path):
    ledger = ("--ledger", tmp_path / "ledger")
    path = tmp_path / "card.yaml"
    ids = []
    for shift, name in enumerate(("one", "two")):
        path.write_text(yaml.safe_dump(card(name)))
        file = predictions(tmp_path / f"{name}.parquet", shift)
        ids.append(run("submit", "any/task", file, "--model", path, *ledger).strip().rpartition("/")[2][:16])
    listed = json.loads(run("ledger", "list", "--json", *ledger))
    assert {entry["id"] for entry in listed} == set(ids)
    assert "verified" in run("ledger", "list", *ledger)
    assert run("ledger", "check", "--predictions", tmp_path, *ledger) == ""
    assert "better than" in run("compare", *ids, *ledger)
    assert json.loads(run("compare", *ids, "--format", "json", *ledger))["metric"] == "nDCG@5"
    run("ledger", "reproduce", ids[0], tmp_path / "one.parquet", "--by", "B", *ledger)
    run("ledger", "withdraw", ids[1], "--reason", "wrong", "--by", "A", *ledger)
    listed = run("ledger", "list", *ledger)
    assert "reproduced" in listed
    assert "withdrawn" in listed
    run("leaderboard", "build", "-o", tmp_path / "site", *ledger)
    page = next((tmp_path / "site" / "task").glob("*.html")).read_text()
    assert "withdrawn: wrong" in page
    assert (tmp_path / "site" / "entry" / f"{ids[0]}.json").is_file()


def test_a_fault_is_exit_code_five(run, tmp_path):
    ledger = ("--ledger", tmp_path / "ledger")
    run("submit", "any/task", "--baseline", "popularity", *ledger)
    entry = Ledger(tmp_path / "ledger").entries()[0]
    entry.path.write_text(entry.path.read_text().replace("popularity", "popularitz"))
    assert MismatchError.exit_code == 5
    assert "1 error" in run("ledger", "check", *ledger, raises=MismatchError)


def test_reported_numbers(run, tmp_path):
    claim, path = tmp_path / "claim.yaml", tmp_path / "card.yaml"
    claim.write_text("source: {title: A paper, place: table 2}\nmetrics: {nDCG@5: 0.3}\n")
    path.write_text(yaml.safe_dump(card("theirs")))
    run("submit", "any/task", claim, "--model", path, "--reported", "--ledger", tmp_path / "ledger")
    assert Ledger(tmp_path / "ledger").entries()[0].status == "reported"


def test_wrong_usage_is_said(run, tmp_path):
    assert "give FILE and --model" in run("submit", "any/task", raises=InputError)
    words = ("submit", "any/task", "--baseline", "popularity", "--option", "count", "--ledger", tmp_path)
    assert "NAME=VALUE" in run(*words, raises=InputError)
    (tmp_path / "empty").mkdir()
    words = ("leaderboard", "build", "-o", tmp_path, "--ledger", tmp_path / "empty")
    (tmp_path / "mine.txt").write_text("mine")
    assert "is not empty" in run(*words, raises=InputError)
    assert (tmp_path / "mine.txt").exists()


def test_a_ledger_that_is_not_there_is_not_called_in_order(run, tmp_path, monkeypatch):
    none = tmp_path / "none"
    for words in (("ledger", "check"), ("ledger", "list"), ("leaderboard", "overall")):
        assert f"there is no ledger {none}" in run(*words, "--ledger", none, raises=MissingError)
    assert not none.exists()
    # A wheel has no ledger of its own, and nothing is to be written beside the package.
    monkeypatch.setattr("recdata.resources.folder", lambda name: none)
    words = ("submit", "any/task", "--baseline", "popularity")
    assert "--ledger FOLDER" in run(*words, raises=MissingError)
    assert not none.exists()


def test_an_address_that_is_none_is_refused_before_anything_is_scored(run, tmp_path):
    path, ledger = tmp_path / "card.yaml", tmp_path / "ledger"
    path.write_text(yaml.safe_dump(card("mine")))
    words = ("submit", "any/task", tmp_path / "none.parquet", "--model", path, "--ledger", ledger)
    assert "'ftp://x' is not where" in run(*words, "--where", "ftp://x", raises=InputError)
    assert not ledger.exists()


def test_a_site_of_seeds_without_numbers_is_built_and_a_failure_leaves_the_old_one(
    run, tmp_path, monkeypatch
):
    ledger, path, site = ("--ledger", tmp_path / "ledger"), tmp_path / "card.yaml", tmp_path / "site"
    for shift, name in enumerate(("one", "one", "two")):
        path.write_text(yaml.safe_dump(card(name)))
        run("submit", "any/task", predictions(tmp_path / f"{shift}.parquet", shift), "--model", path, *ledger)
    run("leaderboard", "build", "-o", site, *ledger)
    before = {file: file.read_bytes() for file in site.rglob("*") if file.is_file()}
    assert b"one 1" in before[site / "compare.html"]

    def full(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("recdata.leaderboard.site.build._Site._feed", full)
    run("leaderboard", "build", "-o", site, *ledger, raises=ResourceError)
    assert {file: file.read_bytes() for file in site.rglob("*") if file.is_file()} == before
    assert not list(tmp_path.glob(".site.*"))


def test_baselines_are_made_again_to_the_bit(task, tmp_path):
    pytest.importorskip("scipy")
    ledger = Ledger(tmp_path / "ledger")
    for name, options in (("item-knn", {"neighbours": 3}), ("random", {}), ("popularity", {})):
        submit_baseline(name, task, ledger, options=options, seed=4)
    found = list(remake(ledger, lambda name: task))
    assert [differences for _, differences in found] == [[], [], []]
    assert len(list(remake(ledger, lambda name: task, only="item-knn"))) == 1
    entry = next(entry for entry in ledger.entries() if entry.model["name"] == "random")
    entry.path.write_text(entry.path.read_text().replace('"seed": 4', '"seed": 5'))
    differences = next(each.differences for each in remake(ledger, lambda name: task, only="random"))
    assert any("is" in each and "in the entry" in each for each in differences)


def test_the_workflow_is_yaml_that_runs_the_check():
    steps = yaml.safe_load(WORKFLOW)["jobs"]["check"]["steps"]
    assert sum("recdata ledger check" in step.get("run", "") for step in steps) == 2


def test_a_built_site_is_served_on_this_machine(task, tmp_path):
    import threading
    import urllib.request

    from recdata.leaderboard.site.serve import serve

    (tmp_path / "index.html").write_text("hello")
    told: list[str] = []
    ready = threading.Event()

    def tell(address):
        told.append(address)
        ready.set()

    threading.Thread(target=serve, args=(tmp_path, 0, tell), daemon=True).start()
    assert ready.wait(10)
    assert told[0].startswith("http://127.0.0.1:")
    with urllib.request.urlopen(told[0] + "index.html") as answer:
        assert answer.read() == b"hello"


def test_files_of_strangers_are_submitted_within_limits(run, tmp_path, monkeypatch):
    path, file = tmp_path / "card.yaml", predictions(tmp_path / "one.parquet", 0)
    path.write_text(yaml.safe_dump(card("one")))
    words = ("submit", "any/task", file, "--model", path, "--ledger", tmp_path / "ledger")
    assert "over-limit" in run(*words, "--limit", "rows=1", raises=InputError)
    assert not Ledger(tmp_path / "ledger").entries()
    children = []

    def child(arguments, limits):
        children.append((arguments, limits))
        return 3

    monkeypatch.setattr("recdata.cli._guarded.run_child", child)
    done = CliRunner().invoke(cli, [str(word) for word in (*words, "--untrusted", "--limit", "rows=9")])
    assert done.exit_code == 3
    ((arguments, limits),) = children
    assert arguments == [str(word) for word in (*words, "--limit", "rows=9")]
    assert limits.rows == 9
    own = CliRunner().invoke(cli, ["submit", "any/task", "--baseline", "popularity", "--untrusted"])
    assert own.exit_code == 2
    assert "are for FILE" in own.output
    run(*words, "--limit", "rows=1000")
    assert len(Ledger(tmp_path / "ledger").entries()) == 1


def test_the_help_names_every_limit(run):
    said = run("submit", "--help")
    assert all(field.name in said for field in fields(Limits))
