"""Tasks handed over: the same rows in every format, and read by the library itself with the words of the folder's README.

Libraries stand in folders that pip fills once (.venv-handover in the checkout), laid over this environment's packages.
LensKit and RecBole import PyTorch, which brings gigabytes of CUDA: where it is not installed, what reads data runs without
it (see without_torch.py), RecBole's up to ``create_dataset``; its loaders of tensors are tried where PyTorch is there.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from overlays import overlay

from recdata.errors import InputError
from recdata.hub.handover import FORMATS, hand_over
from recdata.hub.prepare import prepare
from recdata.protocol.task import Task

TESTS = Path(__file__).resolve().parents[1]
PYDANTIC = ["pydantic", "pydantic_core", "annotated-types", "typing-inspection"]
LIGHT = [
    *("cornac", "powerlaw", "mpmath"),
    *("scikit-surprise", "scikit-learn", "joblib", "threadpoolctl", "cloudpickle", "narwhals"),
    *("rectools", "pm-implicit", "typeguard", "attrs", *PYDANTIC),
    *("recbole==1.2.1", "colorlog==4.7.2", "colorama==0.4.4", "texttable"),
]
LENSKIT = [
    *("lenskit==2025.8.1", "structlog", "lazy-loader", "prettytable", "wcwidth", "more-itertools", "xopen"),
    *("backports.zstd", "py-cpuinfo", "pyzmq", "humanize", "deepmerge", "python-dotenv", "pydantic-settings"),
    *("rich", "markdown-it-py", "mdurl", "pygments", "threadpoolctl", *PYDANTIC),
]
"""What pip installs, without what these want: PyTorch, or another numpy and pandas than this environment's."""
PAIRS = {
    "csv": "zip(train['user'], train['item'])",
    "recbole": "zip(*(dataset.field2id_token[f][rows[f]].astype(int).tolist() for f in ('user_id', 'item_id')))",
    "rectools": "zip(train.user_id_map.convert_to_external(train.interactions.df['user_id']), "
    "train.item_id_map.convert_to_external(train.interactions.df['item_id']))",
    "lenskit": "train.interaction_table(format='pandas', original_ids=True)[['user_id', 'item_id']].itertuples(index=False)",
    "cornac": "((int(row[0]), int(row[1])) for row in train)",
    "surprise": "((int(train.to_raw_uid(u)), int(train.to_raw_iid(i))) for u, i, _ in train.all_ratings())",
    "libsvm": "((u, i - USERS) for u, i in X.indices.reshape(-1, 2).tolist())",
}
"""The pairs of the training part as each library holds them."""


@pytest.fixture(scope="session")
def task() -> Task:
    return prepare("synth-small/loo-last")[1][0]


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
def test_the_library_reads_it(task, tmp_path, library):
    if library == "elliot" and importlib.util.find_spec("elliot") is None:
        pytest.skip("Elliot is not in the package index; install it into this environment to run the test")
    folder = tmp_path / library
    hand_over(task, folder, library)
    own = task.rows("train")
    np.save(folder / "expected.npy", np.stack([own.user, own.item], axis=1))
    found = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert found
    code, before, after = found[1], "", ""
    if library in ("lenskit", "recbole"):
        before = "import warnings; warnings.simplefilter('ignore'); import without_torch"
    if library == "recbole":
        if importlib.util.find_spec("torch") is None:
            code = code.replace("train, valid, test = data_preparation(config, dataset)", "")
        after = (
            "rows = dataset.inter_feat[: dataset.file_size_list[0]]\n"
            f"assert dataset.file_size_list == {[entry['rows'] for entry in task.manifest['parts'].values()]}"
        )
    if library in PAIRS:
        after += f"""
import numpy
found = sorted((int(user), int(item)) for user, item in {PAIRS[library]})
assert found == sorted(map(tuple, numpy.load("expected.npy").tolist())), found[:5]
print(len(found))
"""
    program = "\n".join([f"USERS = {len(task.user_ids)}", before, code, after])
    folders = [TESTS]
    if library == "lenskit":
        folders.append(overlay(".venv-handover/lenskit", LENSKIT))
    elif library not in ("csv", "elliot"):
        folders.append(overlay(".venv-handover/light", LIGHT))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if library in PAIRS:
        assert int(done.stdout.splitlines()[-1]) == len(own.user)


def test_real_tasks_without_times_or_ratings(data, tmp_path):
    task = prepare("gowalla-ngcf/ngcf-official", from_path=data / "gowalla-ngcf")[1][0]
    for library in ("recbole", "rectools", "libsvm"):
        hand_over(task, tmp_path / library, library)
    header = (tmp_path / "recbole" / "gowalla-ngcf-ngcf-official").glob("*.train.inter")
    with next(header).open() as file:
        assert file.readline() == "user_id:token\titem_id:token\n"
    settings = (tmp_path / "recbole" / "recbole.yaml").read_text()
    assert "benchmark_filename: [train, train, test]" in settings
    assert "There is no validation part" in (tmp_path / "recbole" / "README.md").read_text()
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
