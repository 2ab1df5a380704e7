"""NCF's files: the published test rows and the items drawn for them, as sets equal to the real files; faults by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.errors import InputError, MismatchError
from recdata.sources.cards import load_card

FIXTURE = Path(__file__).parent / "fixtures" / "movielens-1m-ncf"


def test_the_published_test_and_negatives(home: Path, data: Path, tmp_path: Path) -> None:
    for part in ("rating", "negative"):
        shutil.copy(data / "ncf" / f"ml-1m.test.{part}", tmp_path)
    # The real training file is not at hand: three rows of a rating no test row has stand in for it.
    (tmp_path / "ml-1m.train.rating").write_text(
        "0\t32\t4\t978824330\n0\t34\t4\t978824330\n5999\t4\t4\t978824330\n"
    )
    task = recdata.task("movielens-1m-ncf/ncf-official", from_path=tmp_path, allow_partial=True)

    test = task.to_arrow("test")
    ours = zip(
        test.column("user_id").to_pylist(),
        test.column("item_id").to_pylist(),
        test.column("rating").to_pylist(),
        [int(moment.timestamp()) for moment in test.column("timestamp").to_pylist()],
        strict=True,
    )
    lines = [line.split("\t") for line in (tmp_path / "ml-1m.test.rating").read_text().splitlines()]
    assert set(ours) == {(user, item, float(rating), int(when)) for user, item, rating, when in lines}
    assert len(test) == len(lines) == 6_040

    published = set()
    for line in (tmp_path / "ml-1m.test.negative").read_text().splitlines():
        pair, *drawn = line.split("\t")
        user, _, item = pair.strip("()").partition(",")
        assert len(drawn) == 99
        published |= {(user, each) for each in (item, *drawn)}
    candidates = task.candidates()
    assert candidates is not None
    users, items = task.user_ids.to_pylist(), task.item_ids.to_pylist()
    ours = {(users[user], items[item]) for user, item in zip(candidates.user, candidates.item, strict=True)}
    assert ours == published
    assert len(items) == 3_706


@pytest.mark.parametrize(
    ("name", "prefix", "drawn", "absent"),
    [
        ("movielens-1m-ncf", "ml-1m", 99, ["train.rating"]),
        ("pinterest-ncf", "pinterest-20", None, ["train.rating", "test.negative"]),
    ],
)
def test_what_is_at_hand_is_a_sample(
    home: Path, data: Path, name: str, prefix: str, drawn: int | None, absent: list[str]
) -> None:
    with pytest.raises(MismatchError, match="raw files that are not there") as caught:
        build(load_card(name), data / "ncf")
    assert all(f"({prefix}.{file})" in str(caught.value) for file in absent)
    built = Corpus.open(build(load_card(name), data / "ncf", allow_partial=True))
    assert built.manifest["partial"]
    found = built.to_arrow("interactions").to_pylist()
    lines = [line.split("\t") for line in (data / "ncf" / f"{prefix}.test.rating").read_text().splitlines()]
    assert sorted((row["user_id"], row["item_id"]) for row in found) == sorted(
        (user, item) for user, item, *_ in lines
    )
    assert {row["split"] for row in found} == {"test"}
    assert {len(row["negatives"]) if row["negatives"] else None for row in found} == {drawn}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("(0;1)\t2\t9", r"ml-1m.test.negative: a line begins with '\(0;1\)'; expected \(user,item\)"),
        ("(0,1)", r"a line begins with '\(0,1\)'"),
        ("(0,2)\t9", r"ml-1m.test.negative has no line for user '0' and item '1'"),
        ("(0,1)\t2\n(0,5)\t9", r"ml-1m.test.rating has no line for user '0' and item '5'"),
        ("(0,1)\t2\n(0,1)\t9", r"user '0' and item '1' have more than one line"),
    ],
)
def test_faults_name_the_file(home: Path, tmp_path: Path, line: str, message: str) -> None:
    for path in FIXTURE.glob("ml-1m.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "ml-1m.test.negative").write_text(f"{line}\n(1,9)\t7\n")
    with pytest.raises(InputError, match=message):
        build(load_card("movielens-1m-ncf"), tmp_path, allow_partial=True)
