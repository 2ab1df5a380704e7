"""Nothing of a stranger's text steers a terminal, turns a page's text round, or is run by a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from handmade import make_task
from hypothesis import given
from hypothesis import strategies as st

from recdata.harmless import cell, shown, tree
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.site.build import build_site
from recdata.leaderboard.submit import submit
from recdata.scoring.score import score

HOSTILE = "=cmd|'/c calc'!A1 <b onload=x>\u202egnp\u2066\u200b \u001b[2J\u009b31m &amp;"
NAME = "".join(letter for letter in HOSTILE if ord(letter) >= 32)
BAD = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text() | st.text(st.sampled_from("=+-@\t\r\n\x1b\u202e\ud800\U000e0001a")))
def test_what_is_shown_has_nothing_that_steers(text: str) -> None:
    lines = shown(text)
    assert all(unicodedata.category(letter) not in BAD or letter in "\n\t" for letter in lines)
    assert shown(lines) == lines
    one = cell(text)
    assert not {unicodedata.category(letter) for letter in one} & BAD
    assert not one.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert json.loads(shown(json.dumps(text, ensure_ascii=False))) == text
    assert tree({text: [text, 1, None]}) == {shown(text): [shown(text), 1, None]}


PRINT = """
import sys, click
from recdata.cli import _prepare_text
_prepare_text()
from recdata.cli._output import print_json, print_table, say
text = sys.stdin.buffer.read().decode("utf-8")
print_table(("a",), [(text,)]); say(text); print_json({"a": text}); click.echo(text); print(text)
print("\\rbar", end="\\r", file=sys.stderr)
"""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_whatever_a_command_prints(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        input=(HOSTILE + " é€").encode(),
        capture_output=True,
        env={**__import__("os").environ, "PYTHONIOENCODING": encoding},
        check=True,
    )
    shown_in = "utf-8" if encoding == "ascii" else encoding
    for said in (done.stdout.decode(shown_in), done.stderr.decode(shown_in).removesuffix("\rbar\r")):
        assert all(unicodedata.category(letter) not in BAD or letter == "\n" for letter in said)
        assert "\\u202e" in said
    assert done.stderr.endswith(b"\rbar\r")


def test_values_of_users_as_csv(tmp_path: Path) -> None:
    users = [f"={HOSTILE}", "+1", "@x", "-2", "plain"]
    task = make_task(tmp_path / "task", test=[(user, "a") for user in users])
    table = {"user_id": users, "item_id": ["a"] * 5, "score": [1.0] * 5}
    score(task, table, per_user=tmp_path / "u.csv")
    with (tmp_path / "u.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert sorted(row[0] for row in rows[1:]) == sorted(map(cell, users))
    score(task, table, per_user=tmp_path / "u.parquet")
    import pyarrow.parquet as pq

    assert sorted(pq.read_table(tmp_path / "u.parquet").column("user_id").to_pylist()) == sorted(users)


def test_pages_and_downloads(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task", test=[("u", "a"), ("v", "b")], train=[("u", "b"), ("v", "c")])
    (tmp_path / "p.csv").write_text("user_id,item_id,score\nu,a,1\nv,b,2\n")
    card = {
        "name": NAME,
        "version": "-1+1",
        "authors": [NAME],
        "description": f"two\nlines {HOSTILE}",
        "licence": "MIT",
        "trained_on": "training part",
        "parameters": {"alpha\u202e": "x\u202ey"},
    }
    ledger = Ledger(tmp_path / "ledger")
    submit(task, tmp_path / "p.csv", card, ledger)
    assert build_site(ledger, tmp_path / "site") == 1
    looked = 0
    for path in (tmp_path / "site").rglob("*"):
        if path.suffix in {".html", ".csv", ".tex", ".xml", ".json"} and path.parent.name != "entry":
            text = path.read_text(encoding="utf-8")
            assert not {
                letter for letter in text if unicodedata.category(letter) in BAD and letter not in "\n\t\r"
            }, path
            assert "<b onload" not in text or path.suffix in {".csv", ".tex", ".json"}, path
            looked += "onload" in text
        if path.suffix == ".json" and path.parent.name == "data":
            assert "\u202e" not in json.dumps(json.loads(path.read_text()), ensure_ascii=False)
        if path.suffix == ".csv":
            for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
                assert not any(value.startswith(("=", "+", "@")) for value in row)
    assert looked >= 4
