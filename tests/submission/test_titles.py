"""Task 3 of KDD Cup 2023: titles are scored by BLEU, and written where the publisher keeps them; its layout in and out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("sacrebleu")

from recdata import api
from recdata.corpora.build import build
from recdata.errors import InputError
from recdata.protocol.answers import AnswerTask
from recdata.scoring.score import score
from recdata.sources.cards import load_card
from recdata.submission.finding import RejectedError
from recdata.submission.organisers import write_submission
from recdata.submission.template import expect, in_words, write_template

FIXTURE = Path(__file__).parent.parent / "corpora" / "fixtures" / "amazon-m2"


@pytest.fixture
def task(home: Path, tmp_path: Path) -> AnswerTask:
    """Task 3 where no phase is known, so that its titles are the test's."""
    folder = tmp_path / "raw" / "task3"
    folder.mkdir(parents=True)
    for kind in ("sessions_test_task3", "gt_task3"):
        (source,) = (FIXTURE / "task3").rglob(f"{kind}*.csv")
        shutil.copyfile(source, folder / f"{kind}.csv")
    build(load_card("amazon-m2"), folder.parent, allow_partial=True)
    made = api.task("amazon-m2/kdd-cup-2023-task3")
    assert isinstance(made, AnswerTask)
    return made


TITLES = {"task3-UK-0": "Kettle", "task3-JP-0": "お茶", "task3-UK-1": "Coffee, black"}


def layout(*rows: tuple[str | None, str]) -> pa.Table:
    locales, titles = zip(*rows, strict=True)
    return pa.table({"locale": list(locales), "next_item_prediction": list(titles)})


def test_titles_are_scored_with_the_signature_of_sacrebleu(task: AnswerTask, tmp_path: Path) -> None:
    ids = {"example_id": list(TITLES), "answer": list(TITLES.values())}
    result = score(task, pa.table(ids), by="locale")
    assert result.document["primary"] == "BLEU(tokenize='char')"
    assert 0 < result.metrics["BLEU(tokenize='char')"] < 100
    assert "tok:char" in str(result.document)
    slices = {each["name"]: each["metrics"]["chrF"]["mean"] for each in result.document["slices"]}
    assert slices["locale=JP"] == pytest.approx(100)
    assert slices["locale=UK"] < 100
    # The competition's layout, and its rows in any mixture of locales, give the same bits.
    kdd = layout(("UK", "Kettle"), ("JP", "お茶"), ("UK", "Coffee, black"))
    pq.write_table(kdd, tmp_path / "kdd.parquet")
    for given in (kdd, tmp_path / "kdd.parquet", kdd.take([1, 0, 2])):
        assert score(task, given).metrics == result.metrics
    assert write_submission(task, pa.table(ids), tmp_path / "out.parquet").rows == 3
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.to_pylist() == kdd.take([1, 0, 2]).to_pylist()
    assert score(task, tmp_path / "out.parquet").metrics == result.metrics
    with pytest.raises(InputError, match=r"ends with \.parquet"):
        write_submission(task, pa.table(ids), tmp_path / "out.json")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (layout(("UK", "Kettle"), ("JP", "お茶")), ["missing-session", "missing-example"]),
        (layout(("UK", "a"), ("JP", "b"), ("UK", "c"), ("JP", "d")), ["surplus-session", "unknown-example"]),
        (layout(("UK", "a"), ("FR", "b"), ("UK", "c")), ["missing-session", "unknown-locale"]),
        (pa.table({"locale": ["UK"], "next_item_prediction": [["B0A"]]}), ["column-type"]),
        (layout(("UK", "a"), (None, "b"), ("UK", "c")), ["missing-session", "null-id"]),
    ],
)
def test_what_is_wrong_with_the_layout_is_told_apart(
    task: AnswerTask, given: pa.Table, codes: list[str]
) -> None:
    with pytest.raises(RejectedError) as caught:
        score(task, given)
    found = caught.value.findings
    assert set(codes) <= set(found.counts)
    assert [(each.row, each.column) for each in found.shown() if each.code == "null-id"] in (
        [],
        [(1, "locale")],
    )


def test_the_layout_is_named(task: AnswerTask) -> None:
    assert "have locale and next_item_prediction, a text, a row a session" in in_words(expect(task))


def test_parts_without_examples_are_refused(task: AnswerTask, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the valid part has no examples"):
        expect(task, "valid")
    with pytest.raises(InputError, match="the valid part has no examples"):
        write_template(task, tmp_path / "t.csv", "valid")
    assert not (tmp_path / "t.csv").exists()


def test_other_examples_have_no_places(home: Path) -> None:
    build(load_card("personamem-32k"), FIXTURE.parent / "personamem-32k", allow_partial=True)
    other = api.task("personamem-32k/profile-none")
    with pytest.raises(RejectedError) as caught:
        score(other, layout(("UK", "a"), ("UK", "b"), ("UK", "c")))
    assert list(caught.value.findings.counts) == ["no-places"]
    with pytest.raises(InputError, match="no organisers' layout is known"):
        write_submission(other, layout(("UK", "a")), Path("out.json"))


def test_the_real_sessions_have_no_titles_but_a_submission(home: Path, data: Path, tmp_path: Path) -> None:
    build(load_card("amazon-m2"), data / "amazon-m2")
    task = api.task("amazon-m2/kdd-cup-2023-task3")
    assert isinstance(task, AnswerTask)
    assert task.rows("test") == task.hidden("test") == 56_421
    sessions = pq.read_table(data / "amazon-m2" / "task3" / "sessions_test.parquet").to_pandas()
    first = sessions[sessions["locale"] == "JP"]["prev_items"].iloc[7]
    ids = task.ids().to_pylist()
    profile = task.column("profile")[ids.index("task3-JP-7")].as_py()
    assert [entry["id"] for entry in profile] == list(first)
    answers = pa.table({"example_id": ids, "answer": [f"title of {each}" for each in ids]})
    with pytest.raises(InputError, match="recdata submission"):
        score(task, answers)
    assert write_submission(task, answers, tmp_path / "out.parquet").rows == 56_421
    written = pq.read_table(tmp_path / "out.parquet").to_pandas()
    assert dict(written["locale"].value_counts()) == dict(sessions["locale"].value_counts())
    japanese = written[written["locale"] == "JP"]["next_item_prediction"].to_list()
    assert japanese[:11:10] == ["title of task3-JP-0", "title of task3-JP-10"]
