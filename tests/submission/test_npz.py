"""npz: arrays are read side by side in parts, whatever their order and types; what they claim is checked first."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from handmade import make_task

from recdata.protocol.task import Task
from recdata.scoring.score import score
from recdata.submission import npz
from recdata.submission.examine import validate
from recdata.submission.limits import Limits

USERS = [f"u{n}" for n in range(7)]
ITEMS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    test = [(user, ITEMS[n % 3]) for n, user in enumerate(USERS)]
    return make_task(
        tmp_path_factory.mktemp("task"), test=test, items=ITEMS, cutoffs=[1, 3], primary="nDCG@1"
    )


ROWS: dict[str, Any] = {
    "user_id": np.repeat(USERS, 3),
    "item_id": np.array(ITEMS * 7),
    "score": np.tile([3.0, 1.0, 2.0], 7),
}
LISTS: dict[str, Any] = {
    "user_id": np.array(USERS),
    "items": np.array([ITEMS] * 7),
    "scores": np.array([[3.0, 1.0, 2.0]] * 7),
}


@pytest.mark.parametrize("step", [1, 100, 1 << 26])
@pytest.mark.parametrize("columns", [ROWS, LISTS], ids=["rows", "lists"])
def test_parts_of_any_size_say_the_same(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: dict[str, Any], step: int
) -> None:
    expected = score(task, {name: list(column) for name, column in ROWS.items()}).metrics
    monkeypatch.setattr(npz, "_BYTES", step)
    path = tmp_path / "p.npz"
    ways: list[dict[str, Any]] = [
        columns,
        {name: np.asfortranarray(column) for name, column in columns.items()},
        {
            name: column.astype("S") if column.dtype.kind == "U" else column
            for name, column in columns.items()
        },
        {name: column.astype(column.dtype.newbyteorder(">")) for name, column in columns.items()},
        {**columns, "more": np.zeros(3), "other": np.zeros((2, 2, 2))},
    ]
    for way in ways:
        for save in (np.savez, np.savez_compressed):
            save(path, **way)
            assert score(task, path).metrics == expected


def archive(path: Path, header: str, data: bytes = b"") -> Path:
    """Write an archive whose user_id has a head made by hand."""
    whole = io.BytesIO()
    np.savez(whole, item_id=np.array(["a"] * 4), score=np.ones(4))
    text = header.encode("latin-1") + b"\n"
    with zipfile.ZipFile(whole, "a") as file:
        file.writestr("user_id.npy", b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + data)
    path.write_bytes(whole.getvalue())
    return path


HEADERS = {
    "more rows than there are bytes": "{'descr': '<U2', 'fortran_order': False, 'shape': (4,)}",
    "Fortran's order and no bytes": "{'descr': '<U2', 'fortran_order': True, 'shape': (4, 1)}",
    "a shape of minus one": "{'descr': '<U2', 'fortran_order': False, 'shape': (-4,)}",
    "a type that is none": "{'descr': 'nothing', 'fortran_order': False, 'shape': (4,)}",
    "not a head": "__import__('os').abort()",
    "three dimensions": "{'descr': '<U2', 'fortran_order': False, 'shape': (4, 1, 1)}",
    "times": "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (4,)}",
    "records": "{'descr': [('a', '<i4'), ('b', '<i4')], 'fortran_order': False, 'shape': (4,)}",
    "nothing in a row": "{'descr': '<U0', 'fortran_order': False, 'shape': (4,)}",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_heads_that_lie(task: Task, tmp_path: Path, kind: str) -> None:
    findings = validate(task, archive(tmp_path / "p.npz", HEADERS[kind]))
    assert findings.total("error")
    assert set(findings.counts) & {"unreadable", "column-type", "null-id"}


def test_heads_that_promise_too_much(task: Task, tmp_path: Path) -> None:
    huge = "{'descr': '<U2', 'fortran_order': False, 'shape': (10000000000,)}"
    assert list(validate(task, archive(tmp_path / "p.npz", huge)).counts) == ["over-limit"]
    wide = "{'descr': '<U1000000', 'fortran_order': False, 'shape': (1000000,)}"
    assert list(validate(task, archive(tmp_path / "p.npz", wide)).counts) == ["over-limit"]
    np.savez(tmp_path / "p.npz", **ROWS)
    assert list(validate(task, tmp_path / "p.npz", limits=Limits(rows=5)).counts) == ["over-limit"]
