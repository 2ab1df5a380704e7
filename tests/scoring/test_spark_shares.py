"""What runs on Spark's partitions, tried without Spark: shares never tear a user, findings are put together in one order."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recdata.engines.spark_places import place_of
from recdata.metrics.exact import ExactSum
from recdata.scoring.spark.files import kind
from recdata.scoring.spark.noted import Noted, merged, user_mark
from recdata.scoring.spark.output import Output, What
from recdata.scoring.spark.share import KIND_BITS, Names, shares
from recdata.submission.finding import Findings


def batches(users: list[int], cuts: list[int]) -> list[pa.RecordBatch]:
    """Rows of users, numbered, in batches that are cut anywhere."""
    key = np.sort(np.array(users, dtype=np.int64)) << KIND_BITS
    place = np.arange(len(key))
    nothing = pa.nulls(len(key), pa.string())
    whole = pa.record_batch(
        {
            "key": key,
            "item": place.astype(np.int32),
            "value": place * 1.0,
            "row": place,
            "user_id": nothing,
            "item_id": nothing,
        }
    )
    borders = [0, *sorted(cut % (len(key) + 1) for cut in cuts), len(key)]
    return [whole.slice(first, last - first) for first, last in pairwise(borders)]


@given(
    st.lists(st.integers(0, 12), max_size=60), st.lists(st.integers(0, 60), max_size=8), st.integers(1, 20)
)
def test_shares_have_whole_users_and_all_rows(users: list[int], cuts: list[int], most: int) -> None:
    found = list(shares(batches(users, cuts), most))
    assert [row for rows in found for row in rows.row.tolist()] == list(range(len(users)))
    whose = [set((rows.key >> KIND_BITS).tolist()) for rows in found]
    assert all(not one & other for at, one in enumerate(whose) for other in whose[:at])
    longest = max((len(batch) for batch in batches(users, cuts)), default=0)
    for rows in found:
        largest = np.bincount(rows.key >> KIND_BITS).max()
        assert len(rows.key) - largest < most + longest


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["unknown-user", "seen-item"])), max_size=50),
    st.integers(1, 5),
)
def test_findings_are_the_first_whatever_the_partitions(found: list[tuple[int, str]], parts: int) -> None:
    noted = [Noted(4) for _ in range(parts)]
    for at, (row, code) in enumerate(found):
        noted[at % parts].add_rows(code, np.array([row]), "user_id", lambda _, row=row: user_mark(row))
    whole = merged(map(str, noted), 4)
    findings = Findings("file", "row", 8)
    names = {user: f"user {user}" for user in whole.users()}
    whole.into(findings, names, lambda row: (None, row))
    for code in {code for _, code in found}:
        rows = sorted(row for row, other in found if other == code)
        assert findings.counts[code] == len(rows)
        shown = [(each.row, each.value) for each in findings.shown() if each.code == code]
        assert shown == [(row, f"user {row}") for row in rows[:4]]


def test_findings_that_are_not_shown_are_counted() -> None:
    noted = Noted(0)
    noted.add_rows("duplicate-row", np.array([3, 1]), "item_id", lambda _: "a")
    noted.add("no-rows")
    findings = Findings("file", "row", 0)
    merged([str(noted)], 0).into(findings, {}, lambda row: (None, row))
    assert findings.counts == {"duplicate-row": 2, "no-rows": 1}


def test_unknown_ids_have_codes_after_the_known_ones() -> None:
    names = Names(2, lambda code: f"known {code}")
    assert names.learn(pa.array(["b", "a", "b"])).tolist() == [2, 3, 2]
    assert names.learn(pa.array(["a", "c"])).tolist() == [3, 4]
    assert [names.text(code) for code in range(5)] == ["known 0", "known 1", "b", "a", "c"]


def test_output_is_one_schema() -> None:
    output = Output(1)
    output.units(What.UNIT, 0, np.array([3, 5], np.int32), [pa.array([0.5, None]), None, None])
    output.sums(0, 0, "values", ExactSum.of(np.array([0.5])), 1)
    output.items(0, "shown 5", np.array([0, 2, 0, 1]))
    output.tally("{}")
    made = list(output.batches())
    assert len({batch.schema for batch in made}) == 1
    assert made[0].column("v0").to_pylist() == [0.5, None]
    assert made[2].select(["item", "number"]).to_pylist() == [
        {"item": 1, "number": 2},
        {"item": 3, "number": 1},
    ]
    assert list(output.batches()) == []


def test_names_of_files_and_uris() -> None:
    assert [kind(name) for name in ("a.snappy.parquet", "a.csv.gz", "a.JSON", "_SUCCESS", "a.txt")] == [
        "parquet",
        "csv",
        "jsonl",
        "",
        "",
    ]
    assert place_of("gs:/bucket/a") == place_of("gs://bucket/a") == "gs://bucket/a"
    assert place_of("file:/a") == Path("/a")
    assert place_of("relative/a") == Path.cwd() / "relative" / "a"
