"""The same predictions in every format, order and packing give the same bits of metrics and counts."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handmade import make_task

from recdata.errors import InputError
from recdata.protocol.task import Task
from recdata.scoring.result import Result
from recdata.scoring.score import score
from recdata.submission.limits import Limits
from recdata.submission.spool import spooled

USERS = [str(100 + n) for n in range(40)]
ITEMS = [str(n) for n in range(60)]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    drawn = random.Random(1)
    pairs = {user: drawn.sample(ITEMS, 12) for user in USERS}
    return make_task(
        tmp_path_factory.mktemp("task"),
        train=[(user, item) for user, items in pairs.items() for item in items[:6]],
        valid=[(user, items[6]) for user, items in pairs.items()],
        test=[(user, item) for user, items in pairs.items() for item in items[7:]],
        items=ITEMS,
    )


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Twenty items a user, in order of score, a third of the scores tied."""
    drawn = random.Random(2)
    lists = []
    for user in USERS:
        scores = sorted((round(drawn.gauss(0, 1), 1) / 3 for _ in range(20)), reverse=True)
        lists += [(user, item, value) for item, value in zip(drawn.sample(ITEMS, 20), scores, strict=True)]
    return pd.DataFrame(lists, columns=["user_id", "item_id", "score"])


@pytest.fixture(scope="module")
def expected(task: Task, rows: pd.DataFrame) -> Result:
    return score(task, rows)


def outcome(result: Result) -> Any:
    return result.document["metrics"], result.document["counts"]


def text(rows: pd.DataFrame, delimiter: str) -> bytes:
    lines = ["user_id,item_id,score", *(f"{u},{i},{s!r}" for u, i, s in rows.itertuples(index=False))]
    return "\n".join(lines).replace(",", delimiter).encode() + b"\n"


def jsonl(rows: pd.DataFrame, convert: Callable[[str], Any] = str) -> bytes:
    return b"".join(
        json.dumps({"user_id": convert(u), "item_id": convert(i), "score": s}).encode() + b"\n"
        for u, i, s in rows.itertuples(index=False)
    )


def trec(rows: pd.DataFrame) -> bytes:
    return b"".join(f"{u} Q0 {i} 0 {s!r} x\n".encode() for u, i, s in rows.itertuples(index=False))


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def zipped(data: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", data)
    return whole.getvalue()


def by_user(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        user: dict(zip(group.item_id, group.score, strict=True)) for user, group in rows.groupby("user_id")
    }


def json_lists(rows: pd.DataFrame, items: str = "items", scores: str = "scores") -> bytes:
    return b"".join(
        json.dumps({"user_id": user, items: list(mine), scores: list(mine.values())}).encode() + b"\n"
        for user, mine in by_user(rows).items()
    )


FILES: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "p.csv": lambda rows: text(rows, ","),
    "p.tsv": lambda rows: text(rows, "\t"),
    "quoted.csv": lambda rows: text(rows, ",").replace(b"\n1", b'\n"1').replace(b",", b'",', 1),
    "p.csv.gz": lambda rows: gzip.compress(text(rows, ",")),
    "members.csv.gz": lambda rows: b"".join(map(gzip.compress, text(rows, ",").splitlines(keepends=True))),
    "p.tsv.zst": lambda rows: zstd(text(rows, "\t")),
    "p.csv.bz2": lambda rows: bz2.compress(text(rows, ",")),
    "p.jsonl": jsonl,
    "integers.jsonl": lambda rows: jsonl(rows, int),
    "p.jsonl.gz": lambda rows: gzip.compress(jsonl(rows)),
    "p.csv.zip": lambda rows: zipped(text(rows, ",")),
    "p.jsonl.zip": lambda rows: zipped(jsonl(rows)),
    "lists.jsonl": lambda rows: json_lists(rows),
    "lists.jsonl.gz": lambda rows: gzip.compress(json_lists(rows, items="item_id", scores="score")),
    "recbole.tsv": lambda rows: (
        text(rows, "\t")
        .replace(b"user_id", b"user_id:token")
        .replace(b"item_id", b"item_id:token")
        .replace(b"score", b"score:float")
    ),
    "lenskit.csv": lambda rows: text(rows, ",").replace(b"user_id", b"user").replace(b"item_id", b"item"),
    "p.run": trec,
    "tabs.run": lambda rows: trec(rows).replace(b" ", b"\t"),
    "spaces.run": lambda rows: trec(rows).replace(b" ", b"   "),
    "p.run.zst": lambda rows: zstd(trec(rows)),
}


@pytest.mark.parametrize("name", [name for name in FILES if name != "quoted.csv"])
def test_text_files(task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name](rows))
    result = score(task, tmp_path / name)
    assert outcome(result) == outcome(expected)
    assert not result.findings.counts.keys() - expected.findings.counts.keys()
    extensions = name.partition(".")[2].replace("run", "trec").replace(".", "+")
    assert result.document["predictions"]["format"] == extensions


def test_quoted_fields(task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path) -> None:
    lines = [f'"{u}",{i},"{s!r}"' for u, i, s in rows.itertuples(index=False)]
    (tmp_path / "p.csv").write_text("\n".join(['"user_id",item_id,"score"', *lines]))
    assert outcome(score(task, tmp_path / "p.csv")) == outcome(expected)


def typed(rows: pd.DataFrame, kind: str) -> pa.Table:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    ids: pa.DataType = {
        "string": pa.string(),
        "large_string": pa.large_string(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "uint64": pa.uint64(),
        "binary": pa.binary(),
        "dictionary": pa.dictionary(pa.int16(), pa.string()),
    }[kind]
    for place, name in enumerate(("user_id", "item_id")):
        text_column = table.column(name).cast(pa.string())
        column = text_column.dictionary_encode().cast(ids) if kind == "dictionary" else text_column.cast(ids)
        table = table.set_column(place, name, column)
    return table


@pytest.mark.parametrize(
    "kind", ["string", "large_string", "int32", "int64", "uint64", "binary", "dictionary"]
)
def test_parquet_and_tables_with_ids_of_every_type(
    task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path, kind: str
) -> None:
    table = typed(rows, kind)
    for options in (
        {},
        {"use_dictionary": False},
        {"row_group_size": 37},
        {"compression": "zstd", "version": "1.0"},
    ):
        pq.write_table(table, tmp_path / "p.parquet", **options)
        assert outcome(score(task, tmp_path / "p.parquet")) == outcome(expected)
    assert outcome(score(task, table)) == outcome(expected)
    assert outcome(
        score(task, pa.RecordBatchReader.from_batches(table.schema, table.to_batches(7)))
    ) == outcome(expected)


@pytest.mark.parametrize("order", ["shuffled", "by item", "reversed", "users shuffled", "lists reversed"])
def test_row_order(task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path, order: str) -> None:
    drawn = np.random.default_rng(4)
    if order == "shuffled":
        other = rows.sample(frac=1, random_state=3)
    elif order == "by item":
        other = rows.sort_values("item_id")
    elif order == "reversed":
        other = rows.iloc[::-1]
    else:
        users = drawn.permutation(USERS)
        step = 1 if order == "users shuffled" else -1
        other = pd.concat([rows[rows.user_id == user].iloc[::step] for user in users])
    pq.write_table(
        pa.Table.from_pandas(other, preserve_index=False), tmp_path / "p.parquet", row_group_size=130
    )
    assert outcome(score(task, tmp_path / "p.parquet")) == outcome(expected)
    assert outcome(score(task, other)) == outcome(expected)


def test_ranks_instead_of_scores(task: Task, rows: pd.DataFrame, tmp_path: Path) -> None:
    distinct = rows.assign(score=np.tile(np.arange(20.0, 0.0, -1), len(USERS)))
    ranked = rows.assign(rank=np.tile(np.arange(1, 21), len(USERS))).drop(columns="score")
    expected = score(task, distinct)
    for frame in (ranked, ranked.sample(frac=1, random_state=1), ranked.astype({"rank": "int8"})):
        result = score(task, frame)
        assert outcome(result) == outcome(expected)
        assert result.document["predictions"]["ordered_by"] == "rank"
    ranked.to_csv(tmp_path / "p.csv", index=False)
    assert outcome(score(task, tmp_path / "p.csv")) == outcome(expected)


def test_other_frames(task: Task, rows: pd.DataFrame, expected: Result) -> None:
    class Stream:
        """Anything that hands itself over as an Arrow stream, as polars does."""

        def __arrow_c_stream__(self, requested: object = None) -> object:
            return pa.Table.from_pandas(rows, preserve_index=False).__arrow_c_stream__(requested)

    for frame in (
        Stream(),
        rows.astype("category").astype({"score": float}),
        rows.astype({"user_id": int, "item_id": int}),
    ):
        assert outcome(score(task, frame)) == outcome(expected)
    first = rows.set_index(np.arange(len(rows))[::-1])  # an index means nothing
    assert score(task, first).document["predictions"] == expected.document["predictions"]


def test_digests_of_tables_follow_content_alone(task: Task, rows: pd.DataFrame, expected: Result) -> None:
    sha256 = expected.document["predictions"]["sha256"]
    for kind in ("string", "int64", "dictionary"):
        table = typed(rows, kind)
        chunked = pa.concat_tables([table.slice(0, 100), table.slice(100)])
        assert score(task, chunked).document["predictions"]["sha256"] == sha256
    shuffled = score(task, rows.sample(frac=1, random_state=3))
    assert shuffled.document["predictions"]["sha256"] != sha256
    other = rows.assign(score=rows.score + 1)
    assert score(task, other).document["predictions"]["sha256"] != sha256


def list_form(rows: pd.DataFrame) -> pa.Table:
    lists = by_user(rows)
    return pa.table(
        {
            "user_id": list(lists),
            "items": [list(mine) for mine in lists.values()],
            "scores": [list(mine.values()) for mine in lists.values()],
        }
    )


def lenskit_native(rows: pd.DataFrame) -> pa.Table:
    """A row a user with a list of structs, as LensKit's ItemListCollection.save_parquet writes it."""
    lists = [
        [{"item_id": int(item), "score": score, "rank": n} for n, (item, score) in enumerate(mine.items(), 1)]
        for mine in by_user(rows).values()
    ]
    return pa.table({"user_id": [int(user) for user in by_user(rows)], "items": lists})


@pytest.mark.parametrize("make", [list_form, lenskit_native])
def test_lists_in_parquet_and_in_memory(
    task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path, make: Callable[[pd.DataFrame], pa.Table]
) -> None:
    table = make(rows)
    assert outcome(score(task, table)) == outcome(expected)
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=7)
    assert outcome(score(task, tmp_path / "p.parquet")) == outcome(expected)


def test_lists_without_scores(task: Task, rows: pd.DataFrame, tmp_path: Path) -> None:
    distinct = rows.assign(score=np.tile(np.arange(20.0, 0.0, -1), len(USERS)))
    expected = outcome(score(task, distinct))
    items = {user: list(mine) for user, mine in by_user(distinct).items()}
    assert outcome(score(task, items)) == expected
    lines = [json.dumps({"user_id": user, "items": mine}) for user, mine in items.items()]
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    assert outcome(score(task, tmp_path / "p.jsonl")) == expected


def test_numpy_archives(task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "rows.npz",
        user_id=rows.user_id.to_numpy(str),
        item_id=rows.item_id.to_numpy("S"),
        score=rows.score,
    )
    shape = (len(USERS), 20)
    np.savez_compressed(
        tmp_path / "lists.npz",
        user_id=np.array(USERS, int),
        items=rows.item_id.to_numpy(int).reshape(shape),
        scores=rows.score.to_numpy().reshape(shape),
        embedding=np.zeros((3, 3, 3)),
    )
    for name in ("rows.npz", "lists.npz"):
        result = score(task, tmp_path / name)
        assert outcome(result) == outcome(expected)
        assert result.document["predictions"]["format"] == "npz"


def test_folders_of_parts(task: Task, rows: pd.DataFrame, expected: Result, tmp_path: Path) -> None:
    for part, first in enumerate(range(0, len(rows), 130)):
        table = pa.Table.from_pandas(rows.iloc[first : first + 130], preserve_index=False)
        pq.write_table(table, tmp_path / f"part-{part:05}.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "_extra.parquet").write_bytes(b"no")
    result = score(task, tmp_path)
    assert outcome(result) == outcome(expected)
    assert result.document["predictions"]["format"] == "parquet-folder"
    assert score(task, tmp_path).document["predictions"] == result.document["predictions"]


def test_standard_input(task: Task, rows: pd.DataFrame, expected: Result) -> None:
    for data in (text(rows, ","), gzip.compress(text(rows, "\t")), jsonl(rows)):
        with spooled(io.BytesIO(data), Limits()) as predictions:
            assert outcome(score(task, predictions)) == outcome(expected)
        assert not predictions.path.exists()
    with (
        pytest.raises(InputError, match="over the limit of 10 bytes"),
        spooled(io.BytesIO(b"x" * 11), Limits(bytes=10)),
    ):
        pass


def test_what_programs_hold(task: Task, rows: pd.DataFrame, expected: Result) -> None:
    import datasets
    import ranx

    dataset = datasets.Dataset.from_pandas(rows, preserve_index=False)
    for held in (
        by_user(rows),
        rows.to_dict("list"),
        dataset,
        dataset.shuffle(seed=1),
        ranx.Run(by_user(rows)),
    ):
        assert outcome(score(task, held)) == outcome(expected)


def test_polars(task: Task, rows: pd.DataFrame, expected: Result) -> None:
    polars = pytest.importorskip("polars")
    assert outcome(score(task, polars.DataFrame(rows.to_dict("list")))) == outcome(expected)
