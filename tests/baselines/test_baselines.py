"""Baselines on a task made by hand: what they write, row by row."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recdata import baselines
from recdata.baselines import _output
from recdata.baselines._answers import Answerer
from recdata.baselines._base import Recommender, md5_words
from recdata.errors import InputError
from recdata.protocol.task import Task

ITEMS = ["a", "b", "c", "d", "e"]
USERS = ["u", "v", "w"]
# Rows (user, item, rating) of each part. Training counts: a 3, b 1, c 1, d 0, e 0.
TRAIN = [("u", "a", 4.0), ("v", "a", 5.0), ("w", "a", 3.0), ("u", "b", 1.0), ("v", "c", 2.0)]
VALID = [("w", "d", 3.0)]
TEST = [("u", "d", 4.0), ("v", "e", 2.0), ("v", "b", 1.0)]  # w is not in the population


def write_part(folder: Path, part: str, rows: list[tuple[str, str, float]]) -> None:
    rows = sorted(rows)
    table = {
        "user": pa.array([USERS.index(user) for user, _, _ in rows], pa.int32()),
        "item": pa.array([ITEMS.index(item) for _, item, _ in rows], pa.int32()),
        "timestamp": pa.nulls(len(rows), pa.timestamp("us", tz="UTC")),
        "rating": pa.array([rating for _, _, rating in rows], pa.float64()),
        "row": pa.array(range(len(rows)), pa.int64()),
    }
    pq.write_table(pa.table(table), folder / f"{part}.parquet")


@pytest.fixture
def make(tmp_path):
    """Return a function that makes the task, of a kind, with candidates as a protocol names them."""

    def make(kind="ranking", candidates=None, fixed=None):
        folder = tmp_path / "task"
        folder.mkdir()
        pq.write_table(pa.table({"user_id": USERS}), folder / "users.parquet")
        pq.write_table(pa.table({"item_id": ITEMS}), folder / "items.parquet")
        for part, rows in (("train", TRAIN), ("valid", VALID), ("test", TEST)):
            write_part(folder, part, rows)
        if fixed:
            user, item = (pa.array(column, pa.int32()) for column in zip(*sorted(fixed), strict=True))
            pq.write_table(pa.table({"user": user, "item": item}), folder / "candidates.parquet")
        protocol = {
            "task": kind,
            "candidates": candidates or {"full": {"seen": "mask"}},
            "relevance": {"min_rating": None},
        }
        return Task(folder, {"name": "hand@1.0.0/test@1", "protocol": protocol})

    return make


def predict(name, task, tmp_path, **options):
    out = tmp_path / "out.parquet"
    rows = baselines.run(name, task, out, **options)
    table = pq.read_table(out)
    assert table.num_rows == rows
    assert table.schema.names == ["user_id", "item_id", "score"]
    assert table.schema.types == [pa.string(), pa.string(), pa.float64()]
    return [tuple(row.values()) for row in table.to_pylist()]


def by_md5(items):
    return sorted(items, key=lambda item: hashlib.md5(item.encode()).hexdigest())


def test_names_are_the_modules():
    assert {"item-mean", "mean", "popularity", "random"} <= set(baselines.names())
    for name in baselines.names():
        assert issubclass(baselines.find(name), Recommender | Answerer)


def test_popularity_counts_training_and_masks_what_was_seen(make, tmp_path):
    # u has seen a and b; v has seen a and c. Counts: b 1, c 1, d and e 0 each, ordered by MD5.
    zero = [(item, 0.0) for item in by_md5("de")]
    expected = [
        ("u", "c", 1.0),
        *(("u", *rest) for rest in zero),
        ("v", "b", 1.0),
        *(("v", *rest) for rest in zero),
    ]
    assert predict("popularity", make(), tmp_path) == expected


def test_popularity_cuts_at_k(make, tmp_path):
    assert predict("popularity", make(), tmp_path, k=1) == [("u", "c", 1.0), ("v", "b", 1.0)]


def test_popularity_keeps_what_was_seen_where_the_protocol_does(make, tmp_path):
    rows = predict("popularity", make(candidates={"full": {"seen": "keep"}}), tmp_path, k=2)
    first = by_md5("bc")[0]
    assert rows == [("u", "a", 3.0), ("u", first, 1.0), ("v", "a", 3.0), ("v", first, 1.0)]


def test_popularity_may_count_everything_by_name_alone(make, tmp_path):
    # With validation and test: a 3, b 2, c 1, d 2, e 1.
    rows = predict("popularity", make(), tmp_path, count="all", k=2)
    assert rows == [
        ("u", "d", 2.0),
        ("u", by_md5("ce")[0], 1.0),
        *(("v", item, 2.0) for item in by_md5("bd")),
    ]


def test_fixed_candidates_are_all_ranked(make, tmp_path):
    fixed = [(0, 3), (0, 4), (0, 2), (1, 4), (1, 1), (1, 3)]
    task = make(candidates={"sampled-uniform": {"n": 2}}, fixed=fixed)
    zero = {user: [(user, item, 0.0) for item in by_md5(items)] for user, items in (("u", "de"), ("v", "de"))}
    assert predict("popularity", task, tmp_path) == [("u", "c", 1.0), *zero["u"], ("v", "b", 1.0), *zero["v"]]
    assert predict("popularity", task, tmp_path, k=1) == [("u", "c", 1.0), ("v", "b", 1.0)]


def word(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:8], "big")


def random_score(seed, user, item):
    """Return the score as the docstring of recdata.baselines.random defines it, in Python's integers."""
    z = (word(f"{seed}\x1f{user}") + word(item)) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return ((z ^ (z >> 31)) >> 11) / 2**53


@pytest.mark.parametrize("seed", [0, 7])
def test_random_is_what_its_docstring_says(make, tmp_path, seed):
    expected = []
    for user, items in (("u", "cde"), ("v", "bde")):
        scores = {item: random_score(seed, user, item) for item in items}
        expected += [
            (user, item, scores[item]) for item in sorted(items, key=scores.__getitem__, reverse=True)
        ]
    assert predict("random", make(), tmp_path, seed=seed) == expected


def test_random_is_uniform():
    recommender = object.__new__(baselines.find("random"))
    recommender._items = md5_words(str(number) for number in range(1000))
    recommender._users = recommender._items[:50]
    score = recommender.score(np.arange(50)[:, None], np.arange(1000)[None, :])
    assert np.histogram(score, bins=10, range=(0, 1))[0].tolist() == pytest.approx([5000] * 10, rel=0.06)


def test_mean_predicts_every_test_pair(make, tmp_path):
    rows = predict("mean", make("rating"), tmp_path)
    assert rows == [("u", "d", 3.0), ("v", "b", 3.0), ("v", "e", 3.0)]


def test_item_mean_falls_back_on_the_mean(make, tmp_path):
    rows = predict("item-mean", make("rating"), tmp_path)
    assert rows == [("u", "d", 3.0), ("v", "b", 1.0), ("v", "e", 3.0)]


@pytest.mark.parametrize(("cells", "rows"), [(1, 1), (1, 1 << 20), (7, 2)])
@pytest.mark.parametrize("name", ["popularity", "random"])
@pytest.mark.parametrize("fixed", [None, [(0, 3), (0, 4), (1, 4), (1, 1)]])
def test_blocks_change_nothing(make, tmp_path, monkeypatch, name, fixed, cells, rows):
    task = make(fixed=fixed)
    whole = predict(name, task, tmp_path)
    monkeypatch.setattr(_output, "_CELLS", cells)
    monkeypatch.setattr(_output, "_ROWS", rows)
    assert predict(name, task, tmp_path) == whole


def test_what_cannot_be_done_is_said(make, tmp_path):
    task = make()
    out = tmp_path / "out.parquet"
    with pytest.raises(InputError, match=r"there is no baseline 'poplarity'; there are: .*popularity"):
        baselines.run("poplarity", task, out)
    with pytest.raises(InputError, match=r"mean is for rating tasks.*made for it: .*popularity"):
        baselines.run("mean", task, out)
    with pytest.raises(InputError, match="k is 0"):
        baselines.run("random", task, out, k=0)
    with pytest.raises(InputError, match=r"ends with \.parquet"):
        baselines.run("random", task, tmp_path / "out.csv")
    with pytest.raises(InputError, match='"train" or "all"'):
        baselines.run("popularity", task, out, count="test")
    assert not out.exists()
