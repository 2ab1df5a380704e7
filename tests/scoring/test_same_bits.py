"""One set of predictions in every format gives the same bits of result: means, errors, counts, values of each user."""

from __future__ import annotations

import bz2
import gzip
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handmade import make_task

from recdata.protocol.task import Task
from recdata.scoring.score import score

DRAWN = random.Random(3)
USERS = [f"u {n}" for n in range(30)]
ITEMS = [f"{n}" for n in range(60)]
LISTS = {user: DRAWN.sample(ITEMS, 12) for user in USERS}
SCORES = {user: sorted((DRAWN.random() for _ in range(12)), reverse=True) for user in USERS}
ROWS = [(user, item, value) for user in USERS for item, value in zip(LISTS[user], SCORES[user], strict=True)]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    test = [(user, item) for n, user in enumerate(USERS) for item in (LISTS[user][n % 12], ITEMS[n])]
    train = [(user, LISTS[user][(n + 5) % 12]) for n, user in enumerate(USERS)]
    folder = tmp_path_factory.mktemp("task")
    return make_task(folder, test=sorted(set(test)), train=train, items=ITEMS, cutoffs=[1, 5, 10])


def delimited(header: str, delimiter: str = ",") -> bytes:
    lines = [header, *(f"{user}{delimiter}{item}{delimiter}{value!r}" for user, item, value in ROWS)]
    return "\n".join([*lines, ""]).encode()


def json_lines(*, whole: bool) -> bytes:
    if whole:
        made: list[Any] = [{"user_id": u, "items": LISTS[u], "scores": SCORES[u]} for u in USERS]
    else:
        made = [{"user_id": user, "item_id": int(item), "score": value} for user, item, value in ROWS]
    return "".join(json.dumps(line) + "\n" for line in made).encode()


def trec() -> bytes:
    lines = [f"{user.replace(' ', '_')} Q0 {item} 0 {value!r} run" for user, item, value in ROWS]
    return "\n".join([*lines, ""]).encode()


def table(lists: bool = False) -> pa.Table:
    if lists:
        return pa.table({"user_id": USERS, "items": list(LISTS.values()), "scores": list(SCORES.values())})
    user, item, value = zip(*ROWS, strict=True)
    return pa.table({"user_id": user, "item_id": item, "score": value})


def lenskit() -> pa.Table:
    kind = pa.list_(pa.struct([("item_id", pa.string()), ("score", pa.float64()), ("rank", pa.int32())]))
    made = [
        [
            {"item_id": item, "score": value, "rank": n + 1}
            for n, (item, value) in enumerate(zip(LISTS[u], SCORES[u], strict=True))
        ]
        for u in USERS
    ]
    return pa.table({"user_id": USERS, "items": pa.array(made, kind)})


def parquet(made: pa.Table, **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        pq.write_table(made, folder / "p.parquet", **options)
        return folder / "p.parquet"

    return write


def file(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return write


def zipped(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "p.csv.zip", "w") as archive:
        archive.writestr("p.csv", delimited("user_id,item_id,score"))
    return folder / "p.csv.zip"


def parts(folder: Path) -> Path:
    for number in range(3):
        pq.write_table(table().slice(number * 120, 120), folder / f"part-{number}.parquet")
    return folder


def npz(folder: Path) -> Path:
    user, item, value = zip(*ROWS, strict=True)
    np.savez(
        folder / "p.npz", user_id=np.array(user), item_id=np.array(item, np.int64), score=np.array(value)
    )
    return folder / "p.npz"


def npz_lists(folder: Path) -> Path:
    lists, scores = np.array(list(LISTS.values())), np.array(list(SCORES.values()))
    np.savez_compressed(folder / "p.npz", user_id=np.array(USERS), items=lists, scores=scores)
    return folder / "p.npz"


CSV = delimited("user_id,item_id,score")
FORMATS: dict[str, Callable[[Path], Any]] = {
    "csv": file("p.csv", lambda: CSV),
    "csv with a mark and CRLF": file("p.csv", lambda: b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n")),
    "tsv": file("p.tsv", lambda: delimited("user_id\titem_id\tscore", "\t")),
    "gz": file("p.csv.gz", lambda: gzip.compress(CSV)),
    "bz2": file("p.csv.bz2", lambda: bz2.compress(CSV)),
    "zst": file("p.csv.zst", lambda: pa.compress(CSV, codec="zstd", asbytes=True)),
    "zip": zipped,
    "jsonl": file("p.jsonl", lambda: json_lines(whole=False)),
    "jsonl lists": file("p.jsonl", lambda: json_lines(whole=True)),
    "parquet": parquet(table()),
    "parquet, plain, small groups": parquet(table(), use_dictionary=False, row_group_size=7),
    "parquet lists": parquet(table(lists=True)),
    "a folder of parts": parts,
    "npz": npz,
    "npz lists": npz_lists,
    "RecBole's atomic file": file(
        "p.inter", lambda: delimited("user_id:token\titem_id:token\tscore:float", "\t")
    ),
    "LensKit's frame": file("p.csv", lambda: delimited("user,item,score")),
    "LensKit's lists": parquet(lenskit()),
    "pyarrow": lambda _: table(),
    "pandas": lambda _: table().to_pandas(),
    "a dict of columns": lambda _: table().to_pydict(),
    "a dict of lists with scores": lambda _: {u: dict(zip(LISTS[u], SCORES[u], strict=True)) for u in USERS},
    "shuffled": lambda _: table().take(pa.array(random.Random(1).sample(range(360), 360))),
}


@pytest.fixture(scope="module")
def usual(task: Task) -> tuple[str, pa.Table]:
    return bits(task, table())


def bits(task: Task, predictions: Any) -> tuple[str, pa.Table]:
    result = score(task, predictions)
    kept = {key: result.document[key] for key in ("metrics", "counts", "choices")}
    return json.dumps(kept, sort_keys=True), result.per_user()


@pytest.mark.parametrize("format", FORMATS)
def test_every_format(task: Task, usual: tuple[str, pa.Table], tmp_path: Path, format: str) -> None:
    said, values = bits(task, FORMATS[format](tmp_path))
    assert said == usual[0]
    assert values.equals(usual[1])


def test_a_trec_run_and_datasets(tmp_path: Path) -> None:
    # Fields of a run stand between spaces, so that its users have none in their names.
    named = {user: user.replace(" ", "_") for user in USERS}
    test = [(named[user], LISTS[user][n % 12]) for n, user in enumerate(USERS)]
    task = make_task(tmp_path / "task", test=test, items=ITEMS, cutoffs=[1, 5, 10])
    columns = table().to_pydict()
    columns["user_id"] = [named[user] for user in columns["user_id"]]
    expected = bits(task, columns)
    (tmp_path / "p.run").write_bytes(trec())
    ranx = pytest.importorskip("ranx")
    datasets = pytest.importorskip("datasets")
    run = {named[u]: dict(zip(LISTS[u], SCORES[u], strict=True)) for u in USERS}
    for given in (tmp_path / "p.run", datasets.Dataset.from_dict(columns), ranx.Run(run)):
        said, values = bits(task, given)
        assert said == expected[0]
        assert values.equals(expected[1])
