"""Tasks over examples by the command line, from raw files to a comparison, one for each type of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from answering import choices_card, golds, question, write_part
from click.testing import CliRunner, Result

from recdata.cli import cli
from recdata.errors import InputError, RecdataError

ROWS = [
    {
        "id": f"c{place}",
        "right": "abc"[place % 3],
        "kind": "even" if place % 2 == 0 else "odd",
        "user": f"u{place}",
    }
    for place in range(6)
]
TYPES: dict[str, tuple[int, list[str], list[str], dict[str, float]]] = {
    "label": (
        1,
        ["[1]", "[2]", "[1]", "[2]"],
        ["[1]", "[1]", "first", "[2]"],
        {"Accuracy": 0.5, "MacroF1": 7 / 12},
    ),
    "number": (3, ["1", "2", "3", "5"], ["1", "3", "many", "4"], {"MAE": 1.0, "RMSE": 1.5**0.5}),
    "text": (7, ["a cat", "red wine"], ["a cat", "red"], {"ROUGE-1": 5 / 6, "ROUGE-L": 5 / 6}),
}
"""LaMP's number, what is expected, what is answered, and the score."""


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(word) for word in words])
    raised = result.exception
    found = raised.exit_code if isinstance(raised, RecdataError) else result.exit_code
    assert found == code, (words, result.output, raised)
    return result


def document(*words: object) -> Any:
    return json.loads(run(*words, "--json").stdout)


@pytest.mark.parametrize("kind", TYPES)
def test_lamp_from_raw_files_to_a_score(home: Path, tmp_path: Path, kind: str) -> None:
    number, gold, answers, expected = TYPES[kind]
    if kind == "text":
        pytest.importorskip("rouge_score")
    raw, name = tmp_path / "raw", f"lamp-{number}/profile-recent-4"
    write_part(raw, number, "dev", [question(number, f"q{place}") for place in range(len(gold))], gold)
    write_part(raw, number, "test", [question(number, "t0")], None)
    given = {f"q{place}": answer for place, answer in enumerate(answers)}

    made = document("split", name, "--from", raw, "--allow-partial")
    assert made["parts"] == {
        "train": {"rows": 0, "hidden": 0},
        "valid": {"rows": len(gold), "hidden": 0},
        "test": {"rows": 1, "hidden": 1},
    }
    assert all(check["ok"] for check in document("verify", name))
    assert made["fingerprint"].startswith(document("cite", name)["name"].rpartition("#")[2])
    assert document("resolve", document("cite", name)["name"])["fingerprint"] == made["fingerprint"]
    assert document("info", f"lamp-{number}")["answers"]["type"] == kind
    assert document("expect", name, "--part", "valid")["examples"] == len(gold)

    path, values = golds(tmp_path / "a.json", number, given), tmp_path / "values.csv"
    assert document("validate", name, path, "--part", "valid")["errors"] == 0
    result = document("score", name, path, "--part", "valid", "--per-example", values)
    assert {key: entry["mean"] for key, entry in result["metrics"].items()} == pytest.approx(expected)
    assert result["task"]["protocol"] == {
        "name": "profile-recent-4",
        "version": 1,
        "task": "answers",
        "profile": {"recent": {"k": 4}},
    }
    assert values.read_text().splitlines()[0].startswith('"example_id"')

    # What the organisers score: checked and written, not scored.
    refused = run("score", name, golds(tmp_path / "t.json", number, {"t0": answers[0]}), code=3)
    assert "recdata submission" in str(refused.exception)
    run("submission", name, tmp_path / "t.json", "-o", tmp_path / "sent.json")
    assert json.loads((tmp_path / "sent.json").read_text()) == {
        "task": f"LaMP_{number}",
        "golds": [{"id": "t0", "output": answers[0]}],
    }
    run(
        "submission",
        name,
        golds(tmp_path / "w.json", number, {"t1": "x"}),
        "-o",
        tmp_path / "no.json",
        code=3,
    )
    assert not (tmp_path / "no.json").exists()
    run("template", name, "-o", tmp_path / "template.csv")
    sent = run("submission", name, tmp_path / "template.csv", "-o", tmp_path / "sent.json")
    assert ("1 x empty-answer (warning)" in sent.stderr) == (kind == "text")


def test_choices_from_a_card_of_ones_own(home: Path, tmp_path: Path) -> None:
    card, name = choices_card(tmp_path / "raw", ROWS), "own-choices/profile-none"
    run("build", card, "--from", tmp_path / "raw", "--allow-partial")
    path = tmp_path / "answers.jsonl"
    rows = [
        {"example_id": row["id"], "answer": "(A)" if place else "none of them"}
        for place, row in enumerate(ROWS)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    result = document("score", name, path, "--by", "kind", "-o", tmp_path / "result.json")
    assert result["metrics"]["Accuracy"]["mean"] == pytest.approx(1 / 6)
    assert result["counts"]["unparsable"] == 1
    found = {each["name"]: each["metrics"]["Accuracy"]["mean"] for each in result["slices"]}
    assert found == pytest.approx({"kind=even": 0.0, "kind=odd": 1 / 3})
    shown = run("score", name, path, "--by", "kind")
    assert "answers that could not be read: 1 of 6" in shown.stdout
    assert "kind=odd" in shown.stdout
    assert 'line 1, column answer: "none of them"' in shown.stderr


def model(folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(
        f'name: {name}\nversion: "1"\nauthors: [A. Author]\ndescription: d\ncode: https://example.org/\nlicence: MIT\n'
        "trained_on: nothing\n"
    )
    return path


def test_answers_in_the_ledger(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    raw, name, ledger = tmp_path / "raw", "lamp-3/profile-none", tmp_path / "ledger"
    gold = [str(1 + place % 5) for place in range(40)]
    write_part(raw, 3, "dev", [question(3, f"q{place}") for place in range(40)], gold)
    write_part(raw, 3, "test", [question(3, "t0")], None)
    run("split", name, "--from", raw, "--allow-partial")
    files = {}
    for each, answer in (("three", "3"), ("five", "5")):
        files[each] = golds(tmp_path / f"{each}.json", 3, {f"q{place}": answer for place in range(40)})
        run("submit", name, files[each], "--model", model(tmp_path, each), "--ledger", ledger)
        run("score", name, files[each], "--part", "valid", "--per-user", tmp_path / f"{each}.parquet")
    again = run(
        "submit", name, files["five"], "--model", model(tmp_path, "again"), "--ledger", ledger, code=3
    )
    assert "are there already" in str(again.exception)
    assert isinstance(again.exception, InputError)
    entries = [path for path in ledger.glob("*/*/*.json") if not path.name.startswith("task-")]
    one = json.loads(entries[0].read_text())
    assert (one["task"]["part"], one["per_user"]["rows"], one["per_user"]["relevant"]) == ("valid", 40, 40)
    assert pq.read_table(entries[0].with_suffix(".parquet")).column_names == ["MAE", "RMSE"]
    (facts,) = ledger.glob("*/*/task-*.json")
    assert json.loads(facts.read_text())["targets"] == [[str(star), 8] for star in range(1, 6)]
    run("ledger", "check", "--ledger", ledger)
    for names in ([path.stem for path in entries], [tmp_path / "three.parquet", tmp_path / "five.parquet"]):
        found = json.loads(
            run("compare", *names, "--metric", "MAE", "--ledger", ledger, "--format", "json").stdout
        )
        assert (found["unit"], found["users"], found["higher_is_better"]) == ("examples", 40, False)
        assert sorted(system["mean"] for system in found["systems"]) == [1.2, 2.0]
    assert "MAE over 40 examples" in run("compare", *(p.stem for p in entries), "--ledger", ledger).stdout
    run("leaderboard", "build", "-o", tmp_path / "site", "--ledger", ledger)
    (page,) = (tmp_path / "site" / "task").glob("*.html")
    assert "40 examples" in page.read_text()
    assert "over examples" in page.read_text()
