"""The streaming and the sorting pass against a plain oracle, whatever the order, the ties and the sizes of pieces."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handmade import make_task, oracle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recdata.metrics.hits import Hits
from recdata.submission import block, examine, frame, slabs
from recdata.submission.asked import Asked
from recdata.submission.encode import Coded
from recdata.submission.examine import Examined
from recdata.submission.ids import Ids
from recdata.submission.opening import open_predictions
from recdata.submission.order import Ties

USERS = [f"u{number}" for number in range(6)]
ITEMS = [f"i{number}" for number in range(12)]
TRUTH = {"u0": {"i0", "i1"}, "u1": {"i2"}, "u2": {"i0", "i5", "i6"}, "u3": {"i7"}}
SEEN = {"u0": {"i3"}, "u1": {"i0", "i4"}, "u2": {"i5"}, "u4": {"i1"}}
SCORES = st.sampled_from([0.0, -0.0, 1.0, 2.5, -3.0, 1e300, -1e-300, 0.1, 0.1 + 2**-54, 1.0000000001])

Row = tuple[str, str, float]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("task")
    make_task(
        path,
        train=[(user, item) for user, items in SEEN.items() for item in items],
        test=[(user, item) for user, items in TRUTH.items() for item in items],
        users=USERS,
        items=ITEMS,
    )
    return path


def look(task: object, table: pa.Table, cutoff: int | None = 3) -> Examined:
    reader, findings = open_predictions(table, 50)
    assert reader is not None
    return examine.examine(task, reader, findings, "test", cutoff)  # type: ignore[arg-type]


def table_of(rows: list[Row], scores: pa.DataType | None = None) -> pa.Table:
    user, item, score = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "user_id": pa.array(user, pa.string()),
            "item_id": pa.array(item, pa.string()),
            "score": pa.array(score, scores or pa.float64()),
        }
    )


def ranks_of(hits: Hits) -> list[list[int]]:
    return [hits.rank[hits.user == user].tolist() for user in range(len(hits))]


@st.composite
def predictions(draw: st.DrawFn) -> list[Row]:
    """Rows without repeated pairs, in any order; some of users and items that the task does not know."""
    users, items = [*USERS, "x0", "x1"], [*ITEMS, "y0", "y1"]
    pairs = draw(st.sets(st.tuples(st.sampled_from(users), st.sampled_from(items)), min_size=1, max_size=60))
    rows = [(user, item, draw(SCORES)) for user, item in sorted(pairs)]
    order = draw(st.sampled_from(["user", "rank", "any"]))
    if order == "any":
        return draw(st.permutations(rows))
    if order == "rank":
        rows.sort(key=lambda row: -row[2])
    return sorted(rows, key=lambda row: row[0], reverse=draw(st.booleans()))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=predictions(), block_rows=st.integers(1, 12), slab_rows=st.integers(1, 20))
def test_hits_are_those_of_the_oracle(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rows: list[Row], block_rows: int, slab_rows: int
) -> None:
    task = _task(folder)
    monkeypatch.setattr(frame, "ROWS", block_rows)
    monkeypatch.setattr(slabs, "ROWS", slab_rows)
    found = look(task, table_of(rows))
    expected = oracle(rows, TRUTH, SEEN)
    listed = Counter(user for user, _, _ in rows)
    if not any(user in listed for user in TRUTH):
        assert found.findings.counts["no-known-user"] == 1
        return
    assert isinstance(found.evidence, Hits)
    assert ranks_of(found.evidence) == list(expected.values())
    assert found.evidence.listed.tolist() == [listed[user] for user in TRUTH]
    assert found.evidence.relevant.tolist() == [2, 1, 3, 1]
    pairs = [(user, item) for user, items in sorted(TRUTH.items()) for item in sorted(items)]
    hit = [pairs[place] for place in found.evidence.pair.tolist()]
    assert all(item in TRUTH[user] - SEEN.get(user, set()) for user, item in hit)
    inside = [row for row in rows if row[0] in TRUTH]
    assert found.counts == {
        "rows": len(rows),
        "unknown_users": len({user for user, _, _ in rows if user[0] == "x"}),
        "unknown_user_rows": sum(user[0] == "x" for user, _, _ in rows),
        "unknown_items": len({item for _, item, _ in rows if item[0] == "y"}),
        "unknown_item_rows": sum(item[0] == "y" for _, item, _ in rows),
        "population": 4,
        "missing_users": sum(user not in listed for user in TRUTH),
        "outside_users": len({user for user, _, _ in rows} & {"u4", "u5"}),
        "outside_rows": sum(user in ("u4", "u5") for user, _, _ in rows),
        "seen_items": sum(item in SEEN.get(user, set()) for user, item, _ in inside),
        "seen_relevant": sum((user, item) == ("u2", "i5") for user, item, _ in inside),
        "tied_cuts": _tied_cuts(rows, 3),
    }
    if found.counts["unknown_item_rows"] < len(rows):
        assert found.findings.total("error") == 0


def _task(folder: Path) -> object:
    from recdata.protocol.task import Task

    template = make_task(folder / "other", test=[("u", "i")])
    return Task(folder, template.manifest)


def _tied_cuts(rows: list[Row], cutoff: int) -> int:
    cuts = 0
    for user in TRUTH:
        scores = sorted((score for who, _, score in rows if who == user), reverse=True)
        cuts += len(scores) > cutoff and scores[cutoff - 1] == scores[cutoff]
    return cuts


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=predictions(), repeat=st.data(), block_rows=st.integers(1, 12))
def test_every_repeated_pair_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rows: list[Row], repeat: st.DataObject, block_rows: int
) -> None:
    monkeypatch.setattr(frame, "ROWS", block_rows)
    again = repeat.draw(st.lists(st.sampled_from(rows), min_size=1, max_size=5))
    for user, item, _ in again:
        rows.insert(repeat.draw(st.integers(0, len(rows))), (user, item, repeat.draw(SCORES)))
    findings = look(_task(folder), table_of(rows)).findings
    assert findings.counts["duplicate-row"] == len(again)
    pairs = [row[:2] for row in rows]
    for finding in findings.shown():
        if finding.code == "duplicate-row":
            assert finding.row is not None
            assert pairs.count(pairs[finding.row]) > 1
            assert finding.value == pairs[finding.row][1]


@pytest.mark.parametrize("scores", [pa.float32(), pa.float64(), pa.float16(), pa.int64()])
def test_scores_of_every_type(folder: Path, scores: pa.DataType) -> None:
    rows = [
        ("u0", item, score) for item, score in zip(ITEMS, [5, 1, 9, -4, 0, 7, 2, 8, 3, 6, 4, -1], strict=True)
    ]
    found = look(_task(folder), table_of(rows, scores))
    assert isinstance(found.evidence, Hits)
    assert ranks_of(found.evidence)[0] == [5, 9]


def test_float32_is_compared_as_what_is_in_the_file(folder: Path) -> None:
    # 0.1 as float32 is above 0.1 as float64; both columns say what they say.
    high, low = np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(0))
    rows = [("u0", "i1", float(low)), ("u0", "i0", float(high))]
    for kind in (pa.float32(), pa.float64()):
        found = look(_task(folder), table_of(rows, kind))
        assert isinstance(found.evidence, Hits)
        assert found.evidence.pair.tolist() == [0, 1]


def test_large_lists_of_close_scores(folder: Path, tmp_path: Path) -> None:
    # More users and longer lists than bits beside a float64 in one key: scores that differ in their last bits.
    users, items = [f"u{n:04d}" for n in range(700)], [f"i{n:03d}" for n in range(90)]
    task = make_task(tmp_path / "t", test=[(user, "i050") for user in users], items=items)
    random = np.random.default_rng(3)
    rows, expected = [], []
    for user in users:
        order = random.permutation(len(items))
        scores = 1.0 + order * 2.0**-52
        rows += [(user, item, float(score)) for item, score in zip(items, scores, strict=True)]
        expected.append([int((scores > scores[50]).sum()) + 1])
    found = look(task, table_of(rows))
    assert isinstance(found.evidence, Hits)
    assert ranks_of(found.evidence) == expected


def test_constant_scores_are_ordered_by_md5_alone(tmp_path: Path) -> None:
    items = [f"item {n}" for n in range(300)]
    task = make_task(tmp_path / "t", test=[(f"u{n}", items[n]) for n in range(300)])
    rows = [(f"u{n}", item, 1.0) for n in range(300) for item in items]
    found = look(task, table_of(rows))
    assert isinstance(found.evidence, Hits)
    truth = {f"u{n}": {items[n]} for n in range(300)}
    expected = oracle(rows, truth, {})
    assert ranks_of(found.evidence) == [expected[user] for user in sorted(truth)]
    assert found.counts["tied_cuts"] == 300


def test_row_groups_of_any_size_give_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(5)
    rows = [(user, item, float(random.random())) for user in USERS for item in ITEMS]
    expected = None
    for block_rows in (1, 7, 1 << 20):
        monkeypatch.setattr("recdata.submission.parquet.ROWS", block_rows)
        for group in (1, 5, 100):
            file = tmp_path / "p.parquet"
            pq.write_table(table_of(rows), file, row_group_size=group)
            reader, findings = open_predictions(file, 20)
            assert reader is not None
            found = examine.examine(_task(folder), reader, findings)  # type: ignore[arg-type]
            assert isinstance(found.evidence, Hits)
            expected = expected or ranks_of(found.evidence)
            assert ranks_of(found.evidence) == expected


def test_blocks_can_be_read_again() -> None:
    reader, findings = open_predictions(table_of([("u0", "i0", 1.0)]), 20)
    assert reader is not None
    assert [len(part.value) for _ in range(2) for part in reader.blocks(findings)] == [1, 1]
    assert isinstance(next(iter(reader.blocks(findings))), block.Block)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 1, 1, 4])), min_size=1, max_size=30),
    st.lists(st.integers(0, 30), max_size=4),
)
def test_scattered_rows_keep_their_numbers(rows: list[tuple[int, int]], cuts: list[int]) -> None:
    """Rows that were refused leave gaps between those before and behind them."""
    users, gaps = np.array(rows, dtype=np.int64).T
    number = np.cumsum(gaps)
    whole = Coded(users.astype(np.int32), np.arange(len(rows), dtype=np.int32), number / 2, number)
    borders = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    blocks = [whole.part(first, last) for first, last in pairwise(borders)]
    slabs_found = list(slabs.scattered(blocks))
    found = {
        int(user): slab.row[slab.start[place] : slab.start[place + 1]].tolist()
        for slab in slabs_found
        for place, user in enumerate(slab.user)
    }
    assert found == {user: number[users == user].tolist() for user in set(users.tolist())}
    values = np.concatenate([slab.value for slab in slabs_found])
    assert values.tolist() == (np.concatenate([slab.row for slab in slabs_found]) / 2).tolist()


@given(st.sets(st.tuples(st.integers(0, 40), st.integers(0, 199)), min_size=1, max_size=80))
def test_ties_stand_by_group_then_by_md5(rows: set[tuple[int, int]]) -> None:
    names = [f"item {number:03}" for number in range(200)]
    group, item = np.array(list(rows), dtype=np.int64).T
    order = Ties(Ids(pa.array(names))).order(group, item.astype(np.int32), np.arange(len(rows)))
    expected = sorted(rows, key=lambda row: (row[0], hashlib.md5(names[row[1]].encode()).hexdigest()))
    assert [(int(group[at]), int(item[at])) for at in order] == expected


def test_seen_items_that_leave_the_lists_shorten_them(folder: Path) -> None:
    reader, findings = open_predictions(
        table_of([("u1", "i0", 3.0), ("u1", "i4", 2.0), ("u1", "i2", 1.0)]), 5
    )
    assert reader is not None
    found = examine.examine(_task(folder), reader, findings, asked=Asked(seen="remove")).evidence  # type: ignore[arg-type]
    assert isinstance(found, Hits)
    assert (found.listed.tolist(), ranks_of(found)) == ([0, 1, 0, 0], [[], [1], [], []])
