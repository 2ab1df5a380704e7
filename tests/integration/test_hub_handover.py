"""Tasks handed over: the same rows in every format, and read by the library itself with the words of the folder's README.

Libraries stand in a folder that pip fills once (.venv-handover in the checkout), laid over this environment's packages.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recdata.errors import InputError
from recdata.hub.handover import FORMATS, hand_over
from recdata.hub.prepare import prepare
from recdata.protocol.task import Task

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ROOT / ".venv-handover"
LIGHT = [
    *("cornac", "powerlaw", "mpmath"),
    *("scikit-surprise", "scikit-learn", "joblib", "threadpoolctl", "cloudpickle", "narwhals"),
    *("rectools", "pm-implicit", "typeguard", "attrs", "pydantic", "pydantic_core", "annotated-types"),
    "typing-inspection",
]
HEAVY = {
    "recbole": "RecBole needs PyTorch, gigabytes of it",
    "lenskit": "LensKit needs PyTorch, gigabytes of it",
    "elliot": "Elliot is not in the package index",
}
PROOF = {
    "csv": "assert len(train) == TRAIN and list(train) == ['user', 'item', 'rating', 'timestamp']",
    "recbole": "assert len(train.dataset) == TRAIN and len(test.dataset) >= TEST",
    "rectools": "assert len(train.interactions.df) == TRAIN and train.user_id_map.size == USERS",
    "lenskit": "assert train.interaction_count == TRAIN",
    "elliot": "",
    "cornac": "assert len(train) == TRAIN and len(test) == TEST and method.train_set.num_ratings == TRAIN",
    "surprise": "assert train.n_ratings == TRAIN and len(test) == TEST and train.n_users == USERS",
    "libsvm": "assert X.shape[0] == TRAIN and X.nnz == 2 * TRAIN and (X.getnnz(axis=1) == 2).all() and 1 <= y.min()",
}


@pytest.fixture(scope="session")
def task() -> Task:
    return prepare("synth-small/loo-last")[1][0]


@pytest.fixture(scope="session")
def libraries() -> Path:
    """The folder with the libraries, made by pip where it is not there; skipped where pip cannot."""
    if not (LIBRARIES / "surprise").is_dir():
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(LIBRARIES),
            *LIGHT,
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(LIBRARIES, ignore_errors=True)
            pytest.skip(f"the libraries could not be installed beside this environment: {done.stderr[-300:]}")
    return LIBRARIES


def rows(folder: Path, library: str, part: str) -> list[tuple[int, int]]:
    """Read the codes of a part, by hand."""
    style = FORMATS[library]
    note = json.loads((folder / "handed-over.json").read_text())
    path = folder / note["parts"][part]["file"]
    if library == "libsvm":
        pairs = []
        for line in path.read_text().splitlines():
            _, user, item = line.split()
            pairs.append((int(user.split(":")[0]) - 1, int(item.split(":")[0]) - 1 - note["users"]))
        return pairs
    with path.open(newline="") as file:
        table = list(csv.reader(file, delimiter=style.delimiter))
    return [(int(row[0]), int(row[1])) for row in table[style.header :]]


@pytest.mark.parametrize("library", FORMATS)
def test_the_same_rows_and_the_map_kept(task, tmp_path, library):
    folder = tmp_path / library
    note = hand_over(task, folder, library)
    assert note["fingerprint"] == task.fingerprint
    maps = {}
    for entity, ids in (("user", task.user_ids), ("item", task.item_ids)):
        with (folder / f"{entity}s.csv").open(newline="") as file:
            maps[entity] = {int(row[entity]): row[f"{entity}_id"] for row in csv.DictReader(file)}
        assert list(maps[entity].values()) == ids.to_pylist()
    for part in task.manifest["parts"]:
        expected = task.to_arrow(part)
        codes = rows(folder, library, part)
        assert [maps["user"][user] for user, _ in codes] == expected.column("user_id").to_pylist()
        assert [maps["item"][item] for _, item in codes] == expected.column("item_id").to_pylist()


def test_ratings_and_times(task, tmp_path):
    hand_over(task, tmp_path / "csv", "csv")
    with (tmp_path / "csv" / "train.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    own = task.rows("train")
    assert [float(row["rating"]) for row in table] == own.rating.tolist()
    assert [int(row["timestamp"]) for row in table] == own.timestamp.astype("datetime64[s]").astype(
        np.int64
    ).tolist()


@pytest.mark.parametrize("library", FORMATS)
def test_the_library_reads_it(task, tmp_path, library, request):
    present = {"csv": "pandas", "libsvm": "sklearn"}.get(library, library)
    environment = dict(os.environ)
    if library in HEAVY:
        if importlib.util.find_spec(present) is None:
            pytest.skip(f"{HEAVY[library]}; install it into this environment to run the test")
    else:
        environment["PYTHONPATH"] = str(request.getfixturevalue("libraries"))
    folder = tmp_path / library
    hand_over(task, folder, library)
    code = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert code
    counts: dict[str, Any] = {"TRAIN": len(task.rows("train").user), "TEST": len(task.rows("test").user)}
    counts |= {"USERS": len(task.user_ids), "ITEMS": len(task.item_ids)}
    program = "\n".join([*(f"{name} = {value}" for name, value in counts.items()), code[1], PROOF[library]])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_real_tasks_without_times_or_ratings(data, tmp_path):
    task = prepare("gowalla-ngcf/ngcf-official", from_path=data / "gowalla-ngcf")[1][0]
    for library in ("recbole", "rectools", "libsvm"):
        hand_over(task, tmp_path / library, library)
    header = (tmp_path / "recbole" / "gowalla-ngcf-ngcf-official").glob("*.train.inter")
    with next(header).open() as file:
        assert file.readline() == "user_id:token\titem_id:token\n"
    with (tmp_path / "rectools" / "train.csv").open() as file:
        assert next(file).strip() == '"user_id","item_id","weight","datetime"'
        assert next(file).startswith("0,")
    assert "No times are known" in (tmp_path / "rectools" / "README.md").read_text()
    with (tmp_path / "libsvm" / "train.libsvm").open() as file:
        assert next(file).startswith("1 1:1 ")


def test_fixed_candidates_go_along(tmp_path):
    task = prepare("synth-small/loo-last-100u")[1][0]
    hand_over(task, tmp_path / "csv", "csv")
    with (tmp_path / "csv" / "candidates.csv").open(newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == len(task.candidates().user)


def test_what_is_refused(task, tmp_path):
    with pytest.raises(InputError, match="there are csv"):
        hand_over(task, tmp_path / "x", "excel")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="choose another"):
        hand_over(task, tmp_path, "csv")
    hand_over(task, tmp_path / "csv", "csv")
    hand_over(task, tmp_path / "csv", "recbole")
    assert not (tmp_path / "csv" / "train.csv").exists()
