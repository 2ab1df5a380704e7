"""The ledger: what is submitted is named by its content, and every way to tamper with it is named."""

import json
import subprocess

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ledgers import card, predictions, small_ledger, small_task

from recdata.errors import InputError, MissingError
from recdata.leaderboard import sketch
from recdata.leaderboard.check import check_ledger
from recdata.leaderboard.compare import compare, load_systems
from recdata.leaderboard.consistency import faults
from recdata.leaderboard.ledger import Ledger, id_of
from recdata.leaderboard.submit import report, reproduce, submit, withdraw
from recdata.store.files import sha256_of


@pytest.fixture
def task(tmp_path):
    return small_task(tmp_path / "task")


@pytest.fixture
def ledger(tmp_path, task):
    return small_ledger(tmp_path, task)


def codes(ledger, **options):
    return [(fault.level, fault.code) for fault in check_ledger(ledger, **options)]


def named(ledger, name):
    return next(entry for entry in ledger.entries() if entry.model["name"] == name)


def rewrite(entry, change, rename=True):
    """Change an entry's document; rename: to what its content gives, as a careful forger would."""
    document = json.loads(entry.path.read_text())
    change(document)
    path = entry.path.with_name(f"{id_of(document)}.json") if rename else entry.path
    entry.path.rename(path)
    path.write_text(json.dumps(document))
    if rename:
        entry.values_path.rename(path.with_suffix(".parquet"))


def test_an_entry_is_evidence(ledger, task):
    entry = ledger.entries()[0]
    assert entry.id == id_of(entry.document)
    assert len(entry.id) == 16
    assert entry.task == task.name
    assert entry.fingerprint == task.fingerprint
    assert entry.path.parent == ledger.folder / task.name
    assert entry.status == "verified"
    assert entry.withdrawn is None
    values = entry.values()
    assert values.num_rows == 12
    assert "user_id" not in values.column_names
    # Coverage is of all lists together: no user has one.
    assert set(values.column_names) == set(entry.metrics) - {"Coverage@5"}
    assert {"Coverage@5", "EPC@5"} <= set(entry.metrics)
    assert codes(ledger) == []


def test_nothing_is_there_twice(ledger, task, tmp_path):
    with pytest.raises(InputError, match=r"already: entry .* \(first 1\)"):
        submit(task, tmp_path / "first.parquet", card("renamed"), ledger)
    assert len(ledger.entries()) == 2


def test_near_copies_are_flagged(ledger, task, tmp_path):
    table = pq.read_table(tmp_path / "first.parquet")
    score = table.column("score").to_numpy() * 1.5
    path = tmp_path / "disguised.parquet"
    pq.write_table(table.set_column(2, "score", [score]), path)
    done = submit(task, path, card("disguised"), ledger)
    assert len(done.warnings) == 1
    assert "near copy: 100%" in done.warnings[0]
    assert codes(ledger) == [("warning", "near-copy")]


def test_overlap_is_estimated(tmp_path, task):
    one, other = (sketch.sketch(task, predictions(tmp_path / f"{n}.parquet", n)) for n in (0, 3))
    assert sketch.overlap(one, one) == 1
    assert 0.3 < sketch.overlap(one, other) < 0.8
    assert sketch.overlap("", "") == 0


def test_cards_are_checked(ledger, task, tmp_path):
    predictions(tmp_path / "new.parquet", 5)
    wrong = card()
    del wrong["licence"]
    with pytest.raises(InputError, match=r"\$: 'licence' is missing"):
        submit(task, tmp_path / "new.parquet", wrong, ledger)
    with pytest.raises(InputError, match="unknown key 'papers'; did you mean 'paper'"):
        submit(task, tmp_path / "new.parquet", card(papers={}), ledger)
    with pytest.raises(InputError, match="expected an address"):
        submit(task, tmp_path / "new.parquet", card(code="javascript:alert(1)"), ledger)
    with pytest.raises(InputError, match="one line"):
        submit(task, tmp_path / "new.parquet", card("two\nlines"), ledger)


def test_a_tampered_entry_is_named(ledger):
    def better(document):
        document["result"]["metrics"]["nDCG@5"]["mean"] += 0.1

    entry = ledger.entries()[0]
    rewrite(entry, better, rename=False)
    found = check_ledger(ledger)
    assert {fault.code for fault in found} >= {"tampered", "values"}
    assert all(entry.id in fault.file for fault in found)


def test_a_careful_forger_is_named_by_the_values(ledger):
    def better(document):
        document["result"]["metrics"]["Recall@5"]["mean"] += 1e-9

    rewrite(ledger.entries()[0], better)
    assert ("error", "values") in codes(ledger)


def test_changed_values_are_named(ledger):
    entry = ledger.entries()[0]
    table = entry.values()
    pq.write_table(table.set_column(0, table.column_names[0], [[1.0] * 12]), entry.values_path)
    messages = " ".join(fault.message for fault in check_ledger(ledger))
    assert "another SHA-256" in messages
    assert "not those that the entry was made with" in messages
    entry.values_path.unlink()
    assert any("is gone" in fault.message for fault in check_ledger(ledger))


def test_a_renamed_copy_is_named(ledger):
    first = ledger.entries()[0]
    document = json.loads(first.path.read_text())
    document["model"]["name"] = "mine"
    path = first.path.with_name(f"{id_of(document)}.json")
    path.write_text(json.dumps(document))
    path.with_suffix(".parquet").write_bytes(first.values_path.read_bytes())
    assert [fault.code for fault in check_ledger(ledger)] == ["copy"]


def test_an_old_fingerprint_is_named(ledger, monkeypatch):
    monkeypatch.setattr(
        "recdata.protocol.pins.pinned",
        lambda corpus, edition: {"tasks": {"by-hand@1": {"fingerprint": "9" * 64}}},
    )
    found = check_ledger(ledger)
    assert [fault.code for fault in found] == ["fingerprint"] * 2
    assert "999999999999" in found[0].message
    assert "abababababab" in found[0].message


def test_predictions_that_do_not_give_the_numbers_are_named(ledger, task, tmp_path):
    files = [tmp_path / "first.parquet", tmp_path / "second.parquet"]
    known = {sha256_of(file): file for file in files}
    assert codes(ledger, load=lambda name: task, predictions=known) == []

    def other_file(document):
        for place in (document["predictions"], document["result"]["predictions"]):
            place["sha256"] = sha256_of(predictions(tmp_path / "third.parquet", 4))

    rewrite(ledger.entries()[0], other_file)
    known[sha256_of(tmp_path / "third.parquet")] = tmp_path / "third.parquet"
    found = check_ledger(ledger, load=lambda name: task, predictions=known)
    assert {fault.code for fault in found} == {"numbers"}
    assert any(fault.message.startswith("nDCG@2: mean is ") for fault in found)


def test_strangers_and_orphans_are_named(ledger):
    folder = ledger.entries()[0].path.parent
    (folder / "notes.txt").write_text("hello")
    (folder / f"{'0' * 16}.parquet").write_bytes(b"")
    (folder / f"{'1' * 16}.json").write_text("{")
    assert sorted(code for _, code in codes(ledger)) == ["invalid", "orphan", "stranger"]


def test_choices_of_other_libraries_are_no_entry(ledger):
    def ranx(document):
        document["result"]["choices"]["convention"] = "ranx"

    rewrite(ledger.entries()[0], ranx)
    assert ("error", "convention") in codes(ledger)


def test_entries_in_another_folder_are_named(ledger):
    entry = ledger.entries()[0]
    elsewhere = ledger.folder / "other@1.0.0" / "by-hand@1"
    elsewhere.mkdir(parents=True)
    entry.values_path.rename(elsewhere / entry.values_path.name)
    entry.path.rename(elsewhere / entry.path.name)
    assert codes(ledger) == [("error", "misplaced")]


def test_withdrawing_adds_a_note(ledger):
    entry = ledger.entries()[0]
    before = entry.path.read_bytes()
    withdraw(ledger, entry, "trained on the test part", "A. Author")
    again = ledger.entry(entry.id[:6])
    assert again.withdrawn == "trained on the test part"
    assert again.path.read_bytes() == before
    with pytest.raises(InputError, match="was withdrawn before"):
        withdraw(ledger, again, "again", "B")
    assert codes(ledger) == []
    with pytest.raises(MissingError, match="no entry ffff"):
        ledger.entry("ffff")


def test_reproducing_adds_a_note_where_every_bit_is_the_same(ledger, task, tmp_path):
    entry = named(ledger, "first")
    with pytest.raises(InputError, match="is not reproduced"):
        reproduce(ledger, entry, task, tmp_path / "second.parquet", "B")
    reproduce(ledger, entry, task, tmp_path / "first.parquet", "B")
    assert ledger.entry(entry.id).status == "reproduced"


def test_reported_numbers_stand_apart(ledger, task):
    claim = {
        "source": {"title": "A paper", "place": "page 5, table 2"},
        "metrics": {"ndcg@5": 0.31, "HR@5": 0.4},
    }
    done = report(task, claim, card("theirs"), ledger)
    assert done.document["metrics"] == {"nDCG@5": 0.31, "HR@5": 0.4}
    assert named(ledger, "theirs").status == "reported"
    assert codes(ledger) == []
    with pytest.raises(InputError, match="already"):
        report(task, claim, card("theirs"), ledger)
    with pytest.raises(InputError, match="contradict each other"):
        report(task, {**claim, "metrics": {"nDCG@5": 0.5, "HR@5": 0.4}}, card("theirs"), ledger)
    with pytest.raises(InputError, match="rating metric"):
        report(task, {**claim, "metrics": {"RMSE": 0.5}}, card("theirs"), ledger)


def test_what_stood_at_a_revision_may_not_change(ledger):
    def git(*words):
        who = ["-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", *who, *words], cwd=ledger.folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "all")
    first, second = ledger.entries()
    withdraw(ledger, first, "why", "who")
    assert codes(ledger, base="HEAD") == []
    second.path.unlink()
    second.values_path.unlink()
    found = check_ledger(ledger, base="HEAD")
    assert [fault.code for fault in found] == ["immutable", "immutable"]
    assert "was removed" in found[0].message


def number(mean, error=None, population=None):
    return {"mean": mean, "standard_error": error, "population": population}


@pytest.mark.parametrize(
    ("metrics", "one", "words"),
    [
        ({"nDCG@5": number(1.1)}, False, "outside of 0 to 1"),
        ({"HR@5": number(0.5), "HR@10": number(0.4)}, False, "HR@10 is 0.4, less than HR@5"),
        ({"HR@1": number(0.5), "MRR@1": number(0.4)}, False, "the same at 1"),
        ({"nDCG@5": number(0.5), "HR@5": number(0.4)}, False, "more than HR@5"),
        ({"MRR@5": number(0.05), "HR@5": number(0.4)}, False, "less than HR@5 / 5"),
        ({"Recall@5": number(0.3), "HR@5": number(0.4)}, True, "with one relevant item they agree"),
        ({"nDCG@5": number(0.3), "nDCG@10": number(0.2)}, True, "less than nDCG@5"),
        ({"RMSE": number(0.5), "MAE": number(0.6)}, False, "RMSE is 0.5, less than MAE"),
        ({"nDCG@5": number(0.5, 0.4, 100)}, False, "at most"),
        ({"nDCG@5": number(0.5, 0.01, 100), "HR@5": number(0.5, 0.01, 99)}, False, "different populations"),
        ({"nDCG@5": number(0.5, 0.01, 99), "EPC@5": number(0.5, 0.01, 100)}, False, "different populations"),
        ({"nDGC@5": number(0.5)}, False, "no metric"),
    ],
)
def test_contradictions_are_found(metrics, one, words):
    assert any(words in each for each in faults(metrics, one))


def test_what_holds_is_no_contradiction():
    metrics = {"HR@1": number(0.2), "HR@5": number(0.4), "MRR@1": number(0.2), "MRR@5": number(0.3)}
    assert faults(metrics, True) == []
    assert faults({"nDCG@5": number(0.3), "nDCG@10": number(0.2)}) == []


def test_a_user_without_a_list_is_entered(tmp_path, task):
    # The user counts 0 where lists are right or wrong, and is left out where it is asked what is in them.
    table = pq.read_table(predictions(tmp_path / "other.parquet", 4))
    user = table.column("user_id")
    pq.write_table(table.filter(pc.not_equal(user, user[0])), tmp_path / "fewer.parquet")
    ledger = Ledger(tmp_path / "ledger")
    submit(task, predictions(tmp_path / "whole.parquet"), card("whole"), ledger)
    submit(task, tmp_path / "fewer.parquet", card("fewer"), ledger)
    metrics = named(ledger, "fewer").metrics
    assert len({entry["population"] for entry in metrics.values()}) == 2
    assert named(ledger, "fewer").values().column("EPC@5").null_count == 1
    assert codes(ledger) == []
    both = load_systems([entry.id for entry in ledger.entries()], ledger)
    assert compare(both, "nDCG@5", rounds=100)["users"] == 12


def test_an_empty_ledger_is_in_order(tmp_path):
    ledger = Ledger(tmp_path / "none")
    assert ledger.entries() == []
    assert check_ledger(ledger) == []
