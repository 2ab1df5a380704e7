"""Sequence files: the order of a line is kept, published splits come through, the real files have the published counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import recdata
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.sources.cards import load_card


def test_positions_follow_the_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "Beauty.txt").write_text("2 b a d\n1 c  a\n\n3 z\n")
    built = Corpus.open(build(load_card("s3rec-beauty"), tmp_path, allow_partial=True))
    rows = built.to_arrow("interactions").to_pylist()
    assert [(r["user_id"], r["item_id"], r["position"]) for r in rows] == [
        ("1", "c", 1), ("1", "a", 2), ("2", "b", 1), ("2", "a", 2), ("2", "d", 3), ("3", "z", 1)
    ]  # fmt: skip
    assert {(r["timestamp"], r["rating"], r["event"]) for r in rows} == {(None, None, rows[0]["event"])}


def test_gowalla_is_the_published_split(home: Path, data: Path) -> None:
    folder = data / "gowalla-ngcf"
    task = recdata.task("gowalla-ngcf/ngcf-official", from_path=folder)
    for part, rows in (("train", 810_128), ("test", 217_242)):
        table = task.to_arrow(part)
        assert len(table) == rows
        published = {
            (user, item)
            for user, *items in map(str.split, (folder / f"{part}.txt").read_text().splitlines())
            for item in items
        }
        ours = zip(table.column("user_id").to_pylist(), table.column("item_id").to_pylist(), strict=True)
        assert set(ours) == published
    assert (len(task.user_ids), len(task.item_ids)) == (29_858, 40_981)


def test_s3rec_files_split_as_the_paper_does(home: Path, data: Path) -> None:
    task = recdata.task("s3rec-beauty/loo-last", from_path=data / "s3rec")
    lines = [line.split() for line in (data / "s3rec" / "Beauty.txt").read_text().splitlines()]
    last = {line[0]: line[-1] for line in lines}
    before = {line[0]: line[-2] for line in lines}
    for part, expected in (("test", last), ("valid", before)):
        table = task.to_arrow(part)
        ours = dict(
            zip(table.column("user_id").to_pylist(), table.column("item_id").to_pylist(), strict=True)
        )
        assert ours == expected
    assert np.array_equal(np.sort(task.population()), np.arange(len(lines)))
