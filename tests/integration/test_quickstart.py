"""The main job in one call: with the real archive, without it, and again."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from recdata import quickstart

FILES = ["popularity.json", "popularity.parquet", "random.json", "random.parquet"]


@pytest.fixture
def run(home, tmp_path):
    """Return a function that runs the command in a folder of its own, with no network."""

    def run(*arguments, **environment):
        command = [sys.executable, "-m", "recdata", "quickstart", *map(str, arguments)]
        environment = {**os.environ, "RECDATA_OFFLINE": "1", **environment}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines(), done.stderr.splitlines()

    return run


def written(folder):
    """Return each file of a folder with its time of change, to tell whether it was written again."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_without_movielens_it_says_so_in_one_line_and_goes_on(run, tmp_path):
    table, words = run()
    assert [line.split()[0] for line in table] == ["baseline", "popularity", "random"]
    assert table[0].split()[1:] == ["nDCG@10", "Recall@10", "Precision@10", "HR@10", "MRR@10", "MAP@10"]
    assert [line for line in words if "movielens" in line] == [words[0]]
    assert "going on with synth-small" in words[0]
    assert len(words) == 5
    results = tmp_path / "quickstart-results"
    assert sorted(written(results)) == FILES
    for name in ("popularity", "random"):
        document = json.loads((results / f"{name}.json").read_text())
        assert document["task"]["name"] == "synth-small@1.0.0/loo-last@1"
        assert document["counts"]["population"] == 1000
        # What the terminal shows is what the file says.
        shown = next(line.split() for line in table if line.startswith(name))
        assert shown[1] == f"{document['metrics']['nDCG@10']['mean']:.4f}"


def test_a_second_run_uses_everything_again(run, tmp_path, home):
    first = run("-o", "results")
    before = written(tmp_path / "results")
    manifests = {path: path.stat().st_mtime_ns for path in home.rglob("manifest.json")}
    assert run("-o", "results") == first
    assert written(tmp_path / "results") == before
    assert {path: path.stat().st_mtime_ns for path in home.rglob("manifest.json")} == manifests


@pytest.mark.parametrize("damage", ["", "{}", '{"task": 3}'])
def test_what_does_not_fit_is_made_again(run, tmp_path, damage):
    first = run("-o", "results")
    before = written(tmp_path / "results")
    (tmp_path / "results" / "random.json").write_text(damage)
    with (tmp_path / "results" / "popularity.parquet").open("ab") as file:
        file.write(b"more")
    assert run("-o", "results") == first
    assert all(written(tmp_path / "results")[name] != before[name] for name in FILES)


def test_movielens_is_used_where_it_is_at_hand(run, data, tmp_path):
    archives = data / "movielens"
    table, words = run("-o", "a", "--from", archives / "ml-100k")
    assert words[0].startswith("Scored on movielens-100k@1.0.0/loo-last@1#")
    document = json.loads((tmp_path / "a" / "random.json").read_text())
    assert document["counts"]["population"] == 943
    # The store has it now: no path is needed any more, and the numbers are the same.
    again, _ = run("-o", "b")
    assert again == table


def test_movielens_is_found_among_the_archives(run, data):
    _, words = run(RECDATA_ARCHIVES=str(data / "movielens"))
    assert words[0].startswith("Scored on movielens-100k@1.0.0/loo-last@1#")


def test_a_wrong_archives_folder_is_not_passed_over(home, tmp_path):
    environment = {**os.environ, "RECDATA_OFFLINE": "1", "RECDATA_ARCHIVES": str(tmp_path / "none")}
    command = [sys.executable, "-m", "recdata", "quickstart"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 4
    assert "RECDATA_ARCHIVES" in done.stderr


@pytest.mark.parametrize(("status", "answers"), [(200, True), (404, True), (503, False)])
def test_a_server_answers_or_not(status, answers, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert quickstart._answers(f"http://127.0.0.1:{server.server_port}/x.zip") is answers
        thread.join()


def test_a_server_that_is_silent_or_gone_does_not_answer(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(quickstart, "_PATIENCE", 0.1)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # accepts, and says nothing
        address = f"http://127.0.0.1:{server.server_port}/x.zip"
        assert not quickstart._answers(address)
    assert not quickstart._answers(address)
